"""Commands about the stores: `prune`, `adopt`."""

from typing import Annotated, Any

import typer
from rich.console import Console

from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, deployment_at, print_outcome
from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import Refused
from engine.stores.cleaning import clean, is_busy
from engine.stores.leftovers import Leftover, Plan
from engine.stores.ownership import OURS, adopt_roots, check_stores, roots_of
from engine.stores.plan import plan_of
from storage.ledger.audit import Action, record_action

app = typer.Typer()

Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this, only show it.")]
COLUMNS = ("kind", "store", "name", "bytes", "why")


@app.command()
def prune(home: Home = None, as_json: Json = False, yes: Yes = False) -> None:
    """Show what is no longer needed in the stores; delete it with --yes.

    These are table versions beyond LOANWATCH_KEEP_VERSIONS and older than LOANWATCH_RETENTION_DAYS; the artifacts of a
    training, its losing candidates' too, that no run has used for LOANWATCH_ARTIFACT_DAYS; copies of dashboards that
    others replaced; and what was left unfinished: parts, drafts, uploads to S3. What is published, what registered
    models were trained on and their files stay. So does what a run of another ledger wrote: it is listed as unknown.
    Every run does the same when it ends, apart from the artifacts of earlier releases.
    """
    deployment, console = deployment_at(home), console_for(as_json=as_json)
    with console.status("Listing the stores ..."):
        check_stores(deployment)
        plan = _deleted(deployment) if yes else plan_of(deployment, thorough=True)
    if as_json:
        print_json({"deleted": yes, "bytes": plan.bytes, "items": _rows(plan.items), "unknown": _rows(plan.unknown)})
        return
    _show(console, "Deleted" if yes else "No longer needed", plan.items)
    _show(console, "Unknown to this ledger, and left alone", plan.unknown)
    if not plan.items:
        console.print("There is nothing to delete.")
    elif not yes:
        console.print("Nothing was deleted. `python -m engine prune --yes` deletes what is no longer needed.")


def _deleted(deployment: Deployment) -> Plan:
    with deployment.ledger.reading() as connection:
        busy = is_busy(deployment, connection)
    plan = None if busy else clean(deployment, thorough=True)
    if plan is None:
        raise Refused(f"Nothing was deleted: {busy or 'a run started meanwhile'}; try again when it has ended.")
    with deployment.ledger.writing() as connection:
        told = f"{len(plan.items)} items, {plan.bytes:,} bytes"
        record_action(connection, Action(who(), "prune", "stores", told), deployment.ledger.now(connection))
    return plan


def _show(console: Console, title: str, items: tuple[Leftover, ...]) -> None:
    if items:
        total = sum(item.bytes for item in items)
        console.print(f"{title}: {len(items)}, {total:,} bytes", highlight=False)
        console.print(listing(_rows(items), COLUMNS))


def _rows(items: tuple[Leftover, ...]) -> list[dict[str, Any]]:
    return [{name: getattr(item, name) for name in COLUMNS} for item in items]


@app.command()
def adopt(home: Home = None, as_json: Json = False, yes: Yes = False) -> None:
    """Show whose the stores are; with --yes, state that all three belong to this ledger.

    Each root has a small file with the id of its deployment. Without it, or with another id, nothing is written there
    and nothing is removed. Do this only when you know that no other ledger uses these roots: its deployment is refused
    from then on. What this ledger does not record stays, also after that.
    """
    deployment = deployment_at(home)
    roots = roots_of(deployment)
    rows = [{"store": root.store, "root": root.address, "whose": root.state, "marked": root.marked} for root in roots]
    if yes:
        taken = adopt_roots(deployment)
        with deployment.ledger.writing() as connection:
            for root in taken:
                told = f"{root.address} was {root.state}" + (f", of deployment {root.marked}" if root.marked else "")
                record_action(connection, Action(who(), "adopt", root.store, told), deployment.ledger.now(connection))
    document = {"deployment": roots[0].ours, "adopted": yes, "roots": rows}
    if not as_json:
        console_for().print(listing(rows, ("store", "root", "whose", "marked")))
    others = [root.store for root in roots if root.state != OURS]
    told = f"{', '.join(others)} belong to deployment {roots[0].ours} now."
    told = told if yes else "`python -m engine adopt --yes` takes those that are not ours."
    print_outcome(told if others else "All belong to this ledger already.", document, as_json=as_json)
