"""A process that has other code than the process of the run carries out no call of it."""

from dataclasses import replace

from engine.definitions.sources import AT_START, code_digest, content_of, is_outdated
from engine.deployment import Deployment
from engine.execution.call import Call, OtherCode, run_call
from jobs.job import Job
from tests.engine.runner import task
from tests.sandbox import AS_OF


def test_a_call_of_other_code_is_refused_before_its_function_runs(deployment: Deployment) -> None:
    job = Job("one", "run", AS_OF, "stamp", deployment.roots)
    call = Call(task("one"), job, deployment.settings.ledger_url)
    assert call.code == code_digest()
    failure = run_call(replace(call, code="0" * 64)).failure
    assert failure is not None
    assert (failure.type, failure.exit_code, failure.retryable) == (OtherCode.__name__, 5, False)
    assert "restart the worker" in failure.message
    assert run_call(call).result is not None


def test_the_code_is_that_of_the_start_of_the_process() -> None:
    assert content_of("jobs.job") == AT_START["jobs.job"].content
    assert content_of("jobs.no_such_module") is None
    assert not is_outdated()
