"""The report of a call whose process ended without one, or could not begin the call."""

import re

from engine.execution.call import Failure, OtherCode, Report
from engine.execution.nodes.placing import Nodes
from engine.execution.nodes.submitted import Submitted

RAISED = "RayTaskError"  # how Ray names what was raised in a process, with the name of the error
ADDRESS = re.compile(r"\(pid=\d+, ip=([^),]+)")  # in Ray's text of such an error


def report_of_lost_call(error: Exception, submitted: Submitted, nodes: Nodes) -> Report:
    """The report by what Ray says of the process: an error of Ray's, or StopIteration when it ended by itself.

    What was raised before a call began, its process raised when it imported the modules that every call needs: that
    counts as other code. Notes the node of such a process in `submitted`.
    """
    has_begun = submitted.node is not None
    if not has_begun:
        submitted.node = nodes.at(_address_in(error))
    where = nodes.where(submitted.node)
    kind = type(error).__name__
    if isinstance(error, StopIteration):
        return Report(failure=Failure("WorkerEnded", f"The Ray process of the task{where} ended without a report."))
    if kind == "OutOfMemoryError":
        told = f"Ray ended the task{where} because memory was full; free some memory and resume the run."
        return Report(failure=Failure("OutOfMemory", told))
    if kind == "NodeDiedError":
        return Report(failure=Failure(kind, f"The Ray node of the task{where} was lost."))
    reason = _reason(error)
    if kind.startswith(RAISED) and not has_begun:
        told = f"A Ray process{where} can't load the product ({reason}); give every machine the same image."
        return Report(failure=Failure(OtherCode.__name__, told, OtherCode.exit_code, retryable=True))
    return Report(failure=Failure(kind, f"The Ray process of the task{where} ended ({reason})."))


def _address_in(error: Exception) -> str | None:
    """The IP address of the node whose process raised the error; None for an error of Ray's own."""
    found = ADDRESS.search(str(error)) if type(error).__name__.startswith(RAISED) else None
    return found[1] if found else None


def _reason(error: Exception) -> str:
    """The last line of what was raised in the process; the first line of an error of Ray's own."""
    raised = str(getattr(error, "cause", None) or "").strip()
    lines = raised.splitlines()[::-1] or str(error).strip().splitlines() or ["no reason given"]
    return lines[0][:200]
