"""What a call asks Ray for: what its task declares, cut to one node that is there, never the sum of all."""

from typing import Any

import pytest

from engine.execution.call import Failure, Report
from engine.execution.nodes.placing import Asked, Nodes
from tests.engine.runner import task

GIB = 1024**3
REFUSAL = Report(failure=Failure("OtherCode", "The process has other code."))


def node(name: str, cpus: int, memory: int, *, alive: bool = True) -> dict[str, Any]:
    return {
        "NodeID": name,
        "NodeManagerHostname": f"host-{name}",
        "NodeManagerAddress": f"address-{name}",
        "Alive": alive,
        "Resources": {"CPU": float(cpus), "memory": float(memory * GIB)},
    }


@pytest.mark.parametrize(
    ("nodes", "asked"),
    [
        ([node("a", 4, 8), node("b", 4, 8)], Asked(2, 3 * GIB)),
        ([node("a", 1, 8), node("b", 1, 8)], Asked(1, 3 * GIB)),
        ([node("a", 4, 2)], Asked(2, 2 * GIB)),
        ([node("a", 8, 1), node("b", 1, 16)], Asked(1, 3 * GIB)),  # no node has both, and memory goes first
        ([node("a", 1, 1), node("gone", 8, 16, alive=False)], Asked(1, GIB)),
        ([node("head", 0, 16), node("a", 1, 1)], Asked(1, GIB)),
        ([], Asked(2, 3 * GIB)),
    ],
)
def test_a_call_asks_for_what_one_node_has(nodes: list[dict[str, Any]], asked: Asked) -> None:
    found = Nodes(lambda: nodes)
    assert found.asked_for(task("wide", cpus=2, memory=3 * GIB)) == asked
    assert not found.lack(asked)


def test_a_task_without_memory_asks_for_none() -> None:
    asked = Nodes(lambda: [node("a", 4, 8)]).asked_for(task("one"))
    assert asked.as_options() == {"num_cpus": 1}


def test_a_call_keeps_away_from_nodes_that_refused_one_until_all_have() -> None:
    nodes = Nodes(lambda: [node("a", 2, 8), node("b", 4, 16)])
    assert not nodes.refused("a", "wide", Report(failure=Failure("JobError", "This is no refusal.")))
    assert nodes.refused("b", "wide", REFUSAL)
    asked = nodes.asked_for(task("wide", cpus=4, memory=9 * GIB))
    assert asked == Asked(2, 8 * GIB, frozenset("b"))
    assert asked.as_options() == {"num_cpus": 2, "memory": 8 * GIB, "label_selector": {"ray.io/node-id": "!in(b)"}}
    assert not nodes.refused("a", "wide", REFUSAL)
    assert nodes.willing() == []
    assert nodes.asked_for(task("one")) == Asked(1, 0)


def test_a_call_that_waits_for_what_no_node_has_any_more_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.execution.nodes.placing.LIST_AGE", -1.0)
    listed = [node("a", 1, 2), node("b", 8, 16)]
    nodes = Nodes(lambda: listed)
    asked = nodes.asked_for(task("wide", cpus=4))
    assert not nodes.lack(asked)
    listed.pop()
    assert nodes.lack(asked)
    assert not nodes.lack(nodes.asked_for(task("wide", cpus=4)))
    listed.clear()
    assert not nodes.lack(asked)  # a node may come


def test_the_host_of_a_node_is_named_where_there_are_several() -> None:
    listed = [node("a", 1, 2), node("b", 8, 16)]
    several = Nodes(lambda: listed)
    assert len(several.all()) == 2
    assert (several.where("b"), several.where("c"), several.where(None)) == (" on host host-b", "", "")
    one = Nodes(lambda: listed[:1])
    assert len(one.all()) == 1
    assert one.where("a") == ""


def test_a_node_that_is_gone_is_named_whether_or_not_it_was_listed_while_it_lived() -> None:
    listed = [node("a", 1, 1), node("b", 1, 1)]
    nodes = Nodes(lambda: listed)
    assert nodes.capacity() == 2
    listed[1:] = [node("c", 0, 0, alive=False)]  # it came and went within the age of a list
    assert nodes.where("c") == " on host host-c"
    assert nodes.capacity() == 1
    assert nodes.where("b") == " on host host-b"  # no list has it any more


def test_a_node_that_came_after_the_list_was_made_is_found_by_its_address() -> None:
    listed = [node("a", 1, 1)]
    nodes = Nodes(lambda: listed)
    assert nodes.capacity() == 1
    listed.append(node("b", 1, 1))
    assert nodes.at("address-b") == "b"
    assert nodes.at("address-of-none") is None
