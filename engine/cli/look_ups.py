"""Look-ups by a command: recorded in the audit log, then read, with a sign of life at a terminal."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from sqlalchemy import Connection

from engine.cli.terminal import console_for, deployment_at
from engine.control.lookups import checked_id, record_lookup
from engine.deployment import Deployment
from engine.documents.values import Document

Load = Callable[[Connection, Deployment, str], Document]


def looked_up(home: Path | None, wanted: str, command: str, load: Load, *, as_json: bool) -> Document:
    """What `load` makes of the id of a customer or a loan. Raises UnusableRequest for what can't be an id."""
    deployment, wanted = deployment_at(home), checked_id(wanted)
    record_lookup(deployment, wanted, f"{command} on the command line")
    console = console_for(as_json=as_json)
    with (
        console.status("Reading the tables") if console.is_terminal else nullcontext(),
        deployment.ledger.reading() as connection,
    ):
        return load(connection, deployment, wanted)
