"""Who looks at this console, and what they may do."""

from dataclasses import dataclass
from typing import Literal

from engine.errors import Refused
from engine.launch import who

Role = Literal["viewer", "operator"]


@dataclass(frozen=True)
class Person:
    """Somebody at the console."""

    name: str
    role: Role

    @property
    def operates(self) -> bool:
        return self.role == "operator"


def person() -> Person:
    """Who sits at this session: without a login, which only loopback allows, the user of this machine."""
    return Person(who(), "operator")


def operator() -> Person:
    """The person of this session; Refused when they may only look."""
    found = person()
    if not found.operates:
        raise Refused(f"{found.name} may look but not act; ask an operator of this deployment.")
    return found
