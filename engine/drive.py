"""A queued run, carried out in this process: claimed, pinned, run to its end."""

from collections.abc import Mapping

from engine.call import Failure
from engine.deployment import Deployment
from engine.errors import Refused
from engine.executor import Executor
from engine.housekeeping import tidy
from engine.inputs import pins_of
from engine.launch import pipeline_named, this_process
from engine.pipelines import PIPELINES
from engine.record import Record
from engine.runner import Runner
from engine.task import Pipeline
from storage.errors import LoanwatchError
from storage.runs import claim, pin, run_row


def carry_out(
    deployment: Deployment, run_id: str, executor: Executor, pipelines: Mapping[str, Pipeline] = PIPELINES
) -> str:
    """The state in which the run ended. Refused when somebody else has it; LeaseLost when it was declared dead."""
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, this_process(), deployment.ledger.clock())
        if lease is None:
            raise Refused(f"Run {run_id} is not waiting any more; `python -m engine show {run_id}` tells its end.")
        run = run_row(connection, run_id)
    try:
        deployment = deployment.with_settings(deployment.settings.changed(**run.params))
        with deployment.ledger.writing() as connection:
            pins = pins_of(connection, deployment, run)
            pin(connection, lease, pins.as_json())
    except LoanwatchError as error:
        failure = Failure(type(error).__name__, str(error), error.exit_code, retryable=False)
        Record(deployment.ledger, lease).run_failed(failure.as_json())
        return "failed"
    try:
        return Runner(deployment, pipeline_named(run.pipeline, pipelines), executor, lease).execute(
            pins, force=run.force
        )
    finally:
        tidy(deployment)
