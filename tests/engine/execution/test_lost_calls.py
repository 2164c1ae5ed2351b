"""What is told of a call whose process ended, or could not begin it."""

from typing import Any

from engine.execution.call import Failure
from engine.execution.nodes.lost_calls import report_of_lost_call
from engine.execution.nodes.placing import Asked, Nodes
from engine.execution.nodes.submitted import Submitted
from tests.engine.execution.test_placing import node


class RayTaskError(Exception):
    """As Ray tells of what was raised in a process: its text begins with the process and the address of its node."""

    cause = RuntimeError("The function failed to import on the worker.\n\nTraceback:\nModuleNotFoundError: No 'jobs'\n")

    def __str__(self) -> str:
        return f"\x1b[36mray::fit#host:7-0()\x1b[39m (pid=9, ip=address-b)\nRuntimeError: {self.cause}"


def failure_of(error: Exception, *nodes: dict[str, Any], begun_on: str | None = None) -> tuple[Failure, str | None]:
    """The failure of a call that has begun on that node or on none, and the node that is known afterwards."""
    call: Any = None
    submitted = Submitted(1, "fit#host:7-0", call, Asked(1, 0), begun_on)
    known = Nodes(lambda: nodes)
    assert known.capacity() == len(nodes)
    failure = report_of_lost_call(error, submitted, known).failure
    assert failure is not None
    return failure, submitted.node


def test_a_process_that_can_not_import_the_product_has_other_code_and_its_node_is_known() -> None:
    failure, where = failure_of(RayTaskError(), node("a", 1, 1), node("b", 1, 1))
    assert where == "b"
    assert (failure.type, failure.exit_code, failure.retryable) == ("OtherCode", 5, True)
    assert failure.message == (
        "A Ray process on host host-b can't load the product (ModuleNotFoundError: No 'jobs'); give every machine the "
        "same image."
    )


def test_of_several_nodes_with_one_address_the_node_is_not_known() -> None:
    failure, where = failure_of(RayTaskError(), node("b", 1, 1), node("b", 1, 1))
    assert where is None
    assert failure.message.startswith("A Ray process can't load the product (")


def test_what_was_raised_after_the_call_began_is_told_by_its_last_line() -> None:
    failure, _ = failure_of(RayTaskError(), node("a", 1, 1), begun_on="a")
    assert (failure.type, failure.retryable) == ("RayTaskError", True)
    assert failure.message == "The Ray process of the task ended (ModuleNotFoundError: No 'jobs')."


def test_an_error_of_rays_own_is_told_by_its_first_line() -> None:
    own = OSError("gone (pid=9, ip=address-b)\nmore")
    for error, told in ((own, "gone (pid=9, ip=address-b)"), (OSError(), "no reason given")):
        failure, where = failure_of(error, node("b", 1, 1))
        assert where is None
        assert failure.message == f"The Ray process of the task ended ({told})."


class NodeDiedError(Exception):
    """As Ray names the end of a node."""


def test_a_lost_node_is_told_without_rays_own_words() -> None:
    error = NodeDiedError("Task failed because the node it was running on is dead. Node IP: 1.2.3.4, node ID: 0abc.")
    failure, _ = failure_of(error, node("a", 1, 1), node("b", 1, 1), begun_on="b")
    assert (failure.message, failure.retryable) == ("The Ray node of the task on host host-b was lost.", True)
