"""The command `migrate`."""

import typer

from engine.cli.terminal import Home, Json, console_for, print_outcome
from storage.db.ledger import Ledger
from storage.db.migrations.version import NEWEST, version_before
from storage.settings import load_settings

app = typer.Typer()


@app.command()
def migrate(home: Home = None, as_json: Json = False) -> None:
    """Make the ledger, or migrate that of an earlier release to the schema of this one.

    `worker`, `scheduler`, `up`, `demo`, `run` and `replay` do the same when they start; no other command does. It is
    one transaction: a migration that fails changes nothing. Earlier releases refuse the ledger afterwards, so end
    their processes and back it up first.
    """
    ledger = Ledger(load_settings(home=home).ledger_url)
    try:
        with console_for(as_json=as_json).status("Migrating the ledger"):
            applied = ledger.prepare()
    finally:
        ledger.close()
    before = version_before(applied[0]) if applied else NEWEST
    document = {"ledger": ledger.address, "from": before, "to": NEWEST, "applied": applied}
    if not applied:
        told = f"has schema version {NEWEST} already"
    elif before is None:
        told = f"was made with schema version {NEWEST}"
    else:
        told = f"was migrated from schema version {before} to {NEWEST} (applied: {', '.join(applied)})"
    print_outcome(f"The ledger {ledger.address} {told}.", document, as_json=as_json)
