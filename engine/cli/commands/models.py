"""Commands about models: `models`, `promote`, `rollback`, `approve`, `reject`."""

from typing import Annotated

import typer
from rich.text import Text

from engine.cli.render import listing, models_view
from engine.cli.terminal import Home, Json, console_for, deployment_at, print_json
from engine.control import approval, promotion
from engine.documents.models import champion_history, model_document, models_document
from jobs.modelling.scorecard.scale import scale_in_words

app = typer.Typer()

Reason = Annotated[str, typer.Option("--reason", help="The reason, which is recorded in the audit log.")]


@app.command()
def models(
    version: Annotated[str, typer.Argument(metavar="[VERSION]", help="One version, with its points tables.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List registered models with their candidates, and the history of champions; or show one version."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        one = model_document(connection, deployment.models, version) if version else None
        documents = [one] if one else models_document(connection)
        history = champion_history(connection)
    if as_json:
        print_json(documents)
        return
    console = console_for()
    if not documents:
        console.print("No models yet. Run `python -m engine run training`.")
        return
    console.print(models_view(documents))
    console.print()
    if one is None:
        console.print(listing(history, ("at", "version", "who", "why")))
        return
    for name, scorecard in one["scorecards"].items():
        console.print(Text(f"Points of {name}. {scale_in_words(scorecard)}"))
        console.print(listing(scorecard["rows"], ("feature", "bin", "loans", "defaults", "weight", "points")))


@app.command()
def promote(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version from the list of `models`.")],
    reason: Reason,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a registered version champion, after a check of its files; with require_approval, request the approval."""
    _print(promotion.promote(deployment_at(home), version, reason), as_json=as_json)


@app.command()
def rollback(reason: Reason, home: Home = None, as_json: Json = False) -> None:
    """Make the previous champion champion again."""
    _print(promotion.rollback(deployment_at(home), reason), as_json=as_json)


@app.command()
def approve(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version that waits for approval.")],
    reason: Reason,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a version champion whose approval another person or a run requested."""
    _print(approval.approve(deployment_at(home), version, reason), as_json=as_json)


@app.command()
def reject(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version that waits for approval.")],
    reason: Reason,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """End the request for the approval of a version; the champion stays."""
    rejected = approval.reject(deployment_at(home), version, reason)
    if as_json:
        print_json({"version": rejected, "rejected": True})
        return
    console_for().print(f"Model {rejected} was rejected. The champion stays.", highlight=False, soft_wrap=True)


def _print(promoted: promotion.Promotion, *, as_json: bool) -> None:
    if as_json:
        print_json(promoted.as_json())
        return
    if promoted.waiting:
        command = f"python -m engine approve {promoted.version} --reason WHY"
        message = f"Model {promoted.version} waits for the approval of another person: `{command}`."
        console_for().print(message, highlight=False, soft_wrap=True)
        return
    before = f" in place of {promoted.before}" if promoted.before else ""
    message = f"Model {promoted.version} is champion{before}. The next inference run uses it."
    console_for().print(message, highlight=False, soft_wrap=True)
