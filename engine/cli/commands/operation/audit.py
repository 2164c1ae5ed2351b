"""The command `audit`: who did what, when and why, and what changed."""

from typing import Annotated

import typer

from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at
from engine.documents.log.audit import audit_document, changes_text, times_of
from storage.ledger.audit import ActionFilter

app = typer.Typer()

COLUMNS = ("at", "who", "action", "subject", "changes", "reason")


@app.command()
def audit(
    who: Annotated[str | None, typer.Option("--who", help="Only what this user did.")] = None,
    action: Annotated[str | None, typer.Option("--action", help="Only actions of this kind, such as promote.")] = None,
    about: Annotated[
        str | None, typer.Option("--about", help="Only actions on objects (runs, models, pipelines) with this part.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="YYYY-MM-DD", help="From this day on.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="YYYY-MM-DD", help="Up to this day.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many actions, the newest first.")] = 100,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List who did what, when and why, and what changed: users, the retraining rule and the promotion test.

    Days are those of the deployment's time zone.
    """
    deployment = deployment_at(home)
    ends = times_of(day_of(since, "--since"), day_of(until, "--until"), deployment.settings.zone)
    where = ActionFilter(who, action, None, about, *ends)
    with deployment.ledger.reading() as connection:
        document = audit_document(connection, where, limit)
    if as_json:
        print_json(document)
        return
    rows = [{**row, "changes": changes_text(row["changes"])} for row in document]
    console_for().print(listing(rows, COLUMNS) if rows else "No actions match.")
