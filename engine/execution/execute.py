"""Executes a queued run in this process: claims it, records its snapshot, runs its tasks."""

from collections.abc import Mapping

from engine.control.extract_folder import folder_for
from engine.control.parameters import check_promotion_test
from engine.control.runs import pipeline_named
from engine.control.trials import is_trial, other_thresholds
from engine.definitions.task import Pipeline
from engine.deployment import Deployment
from engine.errors import Refused
from engine.execution.call import CodeChanged, Failure
from engine.execution.executors import Executor
from engine.execution.heartbeat import Heartbeat
from engine.execution.inputs import snapshot_of
from engine.execution.preparing import Inputs
from engine.execution.recorder import RunRecorder
from engine.execution.runner import Runner
from engine.execution.vacuum import vacuum
from engine.process.background import in_thread
from engine.process.identity import this_process
from engine.stores.ownership import check_stores
from storage.db.ledger import LedgerUnavailable
from storage.errors import LeaseLost, LoanwatchError
from storage.ledger.leases import Lease, claim, end_early, record_snapshot
from storage.ledger.runs import forced_line, is_first, mark_run, replay_mark, run_row


def execute_run(
    deployment: Deployment, run_id: str, executor: Executor, pipelines: Mapping[str, Pipeline] | None = None
) -> str:
    """Executes a queued run and returns its final state.

    Raises Refused when the run is not queued, and LeaseLost when it was marked as crashed in the meantime.
    """
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, this_process(), deployment.ledger.now(connection))
    if lease is None:
        raise Refused(f"Run {run_id} is no longer queued; see `python -m engine show {run_id}`.")
    try:
        return execute_claimed_run(deployment, lease, executor, pipelines)
    except CodeChanged as error:  # another process can resume the run; this one can't hand it to a worker
        with deployment.ledger.writing() as connection:
            failure = Failure(type(error).__name__, str(error), error.exit_code, retryable=False)
            end_early(connection, lease, "failed", failure.as_json(), deployment.ledger.now(connection))
        return "failed"


def execute_claimed_run(
    deployment: Deployment, lease: Lease, executor: Executor, pipelines: Mapping[str, Pipeline] | None = None
) -> str:
    """Executes a claimed run and returns its final state. Raises LeaseLost when it was marked as crashed.

    It beats from the start, because the stores that it looks at first may be away for a while.
    """
    recorder = RunRecorder(deployment.ledger, lease)
    with Heartbeat(deployment, lease) as heartbeat:
        try:
            inputs = heartbeat.result_unless_cancelled(lambda: _inputs(deployment, lease, pipelines))
        except (LeaseLost, LedgerUnavailable):
            raise
        except LoanwatchError as error:
            failure = Failure(type(error).__name__, str(error), error.exit_code, retryable=False)
            recorder.run_failed(failure.as_json())
            return "failed"
        except (KeyboardInterrupt, SystemExit):
            inputs = None
        if inputs is None:
            recorder.cancelled([])
            return "cancelled"
        _open_early(deployment, lease, executor)
        try:
            return Runner(inputs, executor, heartbeat).execute()
        finally:
            heartbeat.end()
            vacuum(inputs.deployment, ended=lease.run_id)


def _open_early(deployment: Deployment, lease: Lease, executor: Executor) -> None:
    """Lets the executor start while the first run of a pipeline prepares its tasks: there is nothing to reuse."""
    with deployment.ledger.reading() as connection:
        first = is_first(connection, run_row(connection, lease.run_id))
    if first:
        in_thread(executor.open, "opening")


def _inputs(deployment: Deployment, lease: Lease, pipelines: Mapping[str, Pipeline] | None) -> Inputs:
    """What the run prepares its tasks from; its snapshot is recorded.

    A run is a what-if by the settings of this process too, whatever the settings of the person were who requested it.
    """
    with deployment.ledger.reading() as connection:
        run = run_row(connection, lease.run_id)
    chosen = {**run.params, "promote": False} if is_trial(run) else run.params
    ours, deployment = deployment.settings, deployment.with_settings(deployment.settings.changed(**chosen))
    pipeline = pipeline_named(run.pipeline, deployment.pipelines if pipelines is None else pipelines)
    check_promotion_test(ours, deployment.settings, pipeline)
    other = {} if replay_mark(run) else other_thresholds(ours, pipeline, run.params)
    check_stores(deployment)
    data = folder_for(deployment, run.pipeline)
    with deployment.ledger.writing() as connection:
        if other and not is_trial(run):
            mark_run(connection, run.run_id, {**run.cause_detail, "trial": {"thresholds": other}})
        snapshot = snapshot_of(connection, deployment, run, data)
        reuse_of = forced_line(connection, run) if run.force else None
        record_snapshot(connection, lease, snapshot.as_json())
    return Inputs(deployment, pipeline, snapshot, reuse_of)
