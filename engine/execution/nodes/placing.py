"""What a call asks Ray for: CPUs and memory of one node. Ray never starts a call that asks for more than a node has."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from engine.definitions.task import Task
from engine.execution.call import OtherCode, Report

NODE_ID = "ray.io/node-id"  # the label that Ray gives each node
LIST_AGE = 2.0  # seconds for which a list of Ray's nodes is used; each takes a call to Ray's head

log = logging.getLogger("loanwatch.engine")


@dataclass(frozen=True)
class Node:
    """A node of Ray that is alive and has CPUs, with its IP address and what it has in all (memory in bytes)."""

    node_id: str
    host: str
    address: str
    cpus: int
    memory: int


@dataclass(frozen=True)
class Asked:
    """The CPUs and bytes of memory that a call asks for, and the ids of the nodes that it keeps away from."""

    cpus: int
    memory: int
    avoided: frozenset[str] = frozenset()

    def as_options(self) -> dict[str, Any]:
        """The options of a Ray task."""
        options: dict[str, Any] = {"num_cpus": self.cpus}
        if self.memory:
            options["memory"] = self.memory
        if self.avoided:
            options["label_selector"] = {NODE_ID: f"!in({','.join(sorted(self.avoided))})"}
        return options

    def fits(self, node: Node) -> bool:
        """Whether the call may run on the node when nothing else runs there."""
        return node.node_id not in self.avoided and self.cpus <= node.cpus and self.memory <= node.memory


def nodes_of(listed: Iterable[Mapping[str, Any]]) -> list[Node]:
    """The nodes that can run a call, of those that Ray lists."""
    return [
        Node(
            node["NodeID"],
            node["NodeManagerHostname"],
            node["NodeManagerAddress"],
            cpus,
            int(node["Resources"].get("memory", 0)),
        )
        for node in listed
        if node["Alive"] and (cpus := int(node["Resources"].get("CPU", 0)))
    ]


def asked_for(task: Task, nodes: Sequence[Node]) -> Asked:
    """What a call of the task asks for: what the task declares, or as much of it as the node that has most of it.

    Where there is no node yet it is what the task declares; it is asked for anew when the nodes that come have less.
    """
    shares = [Asked(min(task.cpus, node.cpus), min(task.memory, node.memory)) for node in nodes]
    return max(shares, key=lambda share: (share.memory, share.cpus), default=Asked(task.cpus, task.memory))


class Nodes:
    """Ray's nodes that can run a call, and which of them refused one because they have other code.

    `listed` gives Ray's list of its nodes. `refusing` are the ids of those that are known to refuse calls.
    """

    def __init__(self, listed: Callable[[], Iterable[Mapping[str, Any]]], refusing: Iterable[str] = ()) -> None:
        self._listed = listed
        self._listed_at = -math.inf
        self._nodes: list[Node] = []
        self._hosts: dict[str, str] = {}  # by the id of each node that was ever listed, also of those that are gone
        self._refusing = set(refusing)

    def all(self) -> list[Node]:
        """All of them, also those that refused a call."""
        if monotonic() - self._listed_at > LIST_AGE:
            self._list()
        return self._nodes

    def capacity(self) -> int:
        """How many calls of one CPU they run at once."""
        return sum(node.cpus for node in self.all())

    def willing(self) -> list[Node]:
        """Those that have not refused a call."""
        return [node for node in self.all() if node.node_id not in self._refusing]

    def refused(self, node_id: str, task: str, report: Report) -> bool:
        """Whether a node refused the call of a task, which is noted, and another is left that has not refused any."""
        if report.failure is None or report.failure.type != OtherCode.__name__:
            return False
        self._refusing.add(node_id)
        if not self.willing():
            return False
        log.warning("%s The call of %s goes to another node.", report.failure.message, task)
        return True

    def asked_for(self, task: Task) -> Asked:
        """What a call of the task asks for. It keeps away from nodes that refused one.

        When all nodes refuse, it may go to any: one of them says so.
        """
        willing = self.willing()
        if not willing:
            return asked_for(task, self.all())
        refusing = frozenset(node.node_id for node in self.all()) & self._refusing
        return replace(asked_for(task, willing), avoided=refusing)

    def lack(self, asked: Asked) -> bool:
        """Whether there are nodes, but none for which a call that asks for that can wait."""
        return bool(self.all()) and not any(asked.fits(node) for node in self.all())

    def at(self, address: str | None) -> str | None:
        """The id of the node with that IP address; None where there is none, or several."""
        if address and all(node.address != address for node in self.all()):
            self._list()  # it came after the last one was made
        found = [node.node_id for node in self.all() if node.address == address]
        return found[0] if len(found) == 1 else None

    def where(self, node_id: str | None) -> str:
        """` on host NAME` for a node of several, also for one that is gone; '' for the only one and an unknown one."""
        if node_id is not None and node_id not in self._hosts:
            self._list()  # it came after the last one was made, and may be gone by now
        return f" on host {self._hosts[node_id]}" if node_id in self._hosts and len(self._hosts) > 1 else ""

    def _list(self) -> None:
        listed = list(self._listed())
        self._hosts |= {node["NodeID"]: node["NodeManagerHostname"] for node in listed}
        self._nodes, self._listed_at = nodes_of(listed), monotonic()
