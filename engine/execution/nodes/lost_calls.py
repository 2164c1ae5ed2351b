"""The report of a call whose process ended without one."""

from engine.execution.call import Failure, Report


def report_of_lost_call(error: Exception, where: str) -> Report:
    """The report by what Ray says of the process: an error of Ray's, or StopIteration when it ended by itself.

    `where` is ` on host NAME`, or '' on the only node.
    """
    kind, message = type(error).__name__, str(error).strip()
    if isinstance(error, StopIteration):
        return Report(failure=Failure("WorkerEnded", f"The Ray worker of the task{where} ended without a report."))
    if kind == "OutOfMemoryError":
        told = f"Ray ended the task{where} because memory was full; free some memory and resume the run."
        return Report(failure=Failure("OutOfMemory", told))
    reason = message.splitlines()[0][:200] if message else "no reason given"
    return Report(failure=Failure(kind, f"The Ray worker of the task{where} ended ({reason})."))
