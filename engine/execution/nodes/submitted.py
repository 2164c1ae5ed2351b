"""Calls that Ray has."""

from dataclasses import dataclass

from engine.execution.call import Call
from engine.execution.nodes.placing import Asked


@dataclass(frozen=True)
class Begun:
    """The first item of a call: it has begun, on the node with that id."""

    node: str


@dataclass
class Submitted:
    """A call that Ray has: its title, what it asks for, and the node on which it has begun; None while it waits."""

    ticket: int
    title: str
    call: Call
    asked: Asked
    node: str | None = None
