"""Commands about models: `models`, `promote`, `rollback`, `approve`, `reject`."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from engine.cli.output import print_json
from engine.cli.render import interval, listing, models_view
from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at
from engine.control import approval, promotion
from engine.deployment import Deployment
from engine.documents.champions.changes import champion_change_on, champion_changes, reason_in_short, steps
from engine.documents.champions.pair import ROUNDING, pair_document, pair_rows, pair_sentences
from engine.documents.models import model_document, models_document
from jobs.modelling.explanation.words import importance_in_words, stability_in_words
from jobs.modelling.scorecard.scale import scale_in_words

app = typer.Typer()

IMPORTANCE = ("feature", "loss_of_AUC", "95%_interval", "not_in_arrears", "its_95%_interval")

Reason = Annotated[str, typer.Option("--reason", help="The reason, which is recorded in the audit log.")]


@app.command()
def models(
    version: Annotated[str, typer.Argument(metavar="[VERSION]", help="One version, with importance and points.")] = "",
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="The champion of a date, and why.")] = None,
    against: Annotated[
        str, typer.Option("--against", metavar="OTHER", help="VERSION and OTHER on the same loans.")
    ] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List registered models with their candidates, and the history of champions; or show one version.

    A version has its promotion test, the importance of its features, the stability of reasons and points tables. With
    --on, show the champion of a logical date and what made it champion: breach, training, test, promotion. With
    --against, compare a version with another one on loans that neither learned from.
    """
    deployment = deployment_at(home)
    if day := day_of(on, "--on"):
        _print_champion(deployment, day, as_json=as_json)
        return
    if against:
        _print_pair(deployment, version, against, as_json=as_json)
        return
    with deployment.ledger.reading() as connection:
        one = model_document(connection, deployment.models, version) if version else None
        documents = [one] if one else models_document(connection)
        history = champion_changes(connection, deployment.settings.zone)
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
        console.print(listing(map(_changed, history), ("from", "to", "version", "who", "why")))
    else:
        _print_version(console, one)
        _print_points(console, one)


def _print_points(console: Console, one: Mapping[str, Any]) -> None:
    """Prints the points table of each scorecard of a version."""
    for name, scorecard in one["scorecards"].items():
        console.print(Text(f"Points of {name}. {scale_in_words(scorecard)}"))
        console.print(listing(scorecard["rows"], ("feature", "bin", "loans", "defaults", "weight", "points")))


def _print_champion(deployment: Deployment, day: date, *, as_json: bool) -> None:
    """Prints the champion of a logical date, and the steps that made it champion."""
    with deployment.ledger.reading() as connection:
        found = champion_change_on(champion_changes(connection, deployment.settings.zone), day)
    if as_json:
        print_json([found] if found else [])
        return
    console = console_for()
    if found is None:
        console.print(f"There was no champion on {day}.", highlight=False)
        return
    until = f"to {found['until']}" if found["until"] else "on"
    console.print(f"{found['version']} was champion on {day}: from {found['day']} {until}.", highlight=False)
    for number, step in enumerate(steps(found), 1):
        run = f" ({step.run_id})" if step.run_id else ""
        console.print(Text(f"{number}. {step.name}: {step.words}{run}"), soft_wrap=True)


def _print_pair(deployment: Deployment, version: str, other: str, *, as_json: bool) -> None:
    """Prints how two versions judge the same loans."""
    with deployment.ledger.reading() as connection:
        found = pair_document(connection, deployment, version, other)
    if as_json:
        print_json(found)
        return
    console = console_for()
    for sentence in pair_sentences(found):
        console.print(sentence, highlight=False, soft_wrap=True)
    console.print(f"a is {version}, b is {other}:", highlight=False, soft_wrap=True)
    console.print(listing(pair_rows(found), ("AUC", "a", "b", "a_minus_b")))
    console.print(ROUNDING)


def _changed(change: Mapping[str, Any]) -> dict[str, str]:
    """A change of the champion for the list of all."""
    because = {"from": change["day"], "to": change["until"] or "", "why": reason_in_short(change)}
    return {**because, "version": change["version"], "who": change["who"]}


def _print_version(console: Console, model: Mapping[str, Any]) -> None:
    """Prints the promotion test, the importance of the features and the stability of reasons of one version."""
    if model["promotion"] and model["promotion"]["promote"]:
        console.print(model["promotion"]["reason"], highlight=False, soft_wrap=True)
    if not model["importance"]:
        console.print("No importance is known: an earlier release trained this version.")
        return
    console.print(listing(map(_importance, model["importance"]), IMPORTANCE))
    for told in filter(None, (importance_in_words(model), stability_in_words(model["reason_stability"]))):
        console.print(told, highlight=False, soft_wrap=True)


def _importance(one: Mapping[str, Any]) -> dict[str, str]:
    """The loss of AUC of a feature with its interval; beside it those of the loans not in arrears at scoring."""
    apart = one.get("not_in_arrears")
    losses, intervals = zip(*(_loss(found) for found in (one, apart)), strict=True)
    return dict(zip(IMPORTANCE, (one["feature"], losses[0], intervals[0], losses[1], intervals[1]), strict=True))


def _loss(found: Mapping[str, Any] | None) -> tuple[str, str]:
    if found is None:
        return "-", "-"
    return f"{found['importance']:.4f}", interval(found["low"], found["high"], ".4f")


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
    """End the request for the approval of a version, which stays registered."""
    request = approval.reject(deployment_at(home), version, reason)
    if as_json:
        print_json({"version": request.version, "rejected": True})
        return
    console_for().print(approval.rejected_in_words(request), highlight=False, soft_wrap=True)


def _print(promoted: promotion.Promotion, *, as_json: bool) -> None:
    if as_json:
        print_json(promoted.as_json())
        return
    if promoted.waiting:
        command = approval.approve_command(promoted.version)
        message = f"Model {promoted.version} waits for the approval of another person: `{command}`."
        console_for().print(message, highlight=False, soft_wrap=True)
        return
    before = f" in place of {promoted.before}" if promoted.before else ""
    message = f"Model {promoted.version} is champion{before}. The next inference run uses it."
    console_for().print(message, highlight=False, soft_wrap=True)
