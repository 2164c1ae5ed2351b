"""The command `doctor`: what is wrong with a deployment, and what to do about it."""

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.output import print_json
from engine.cli.render import state_text
from engine.cli.terminal import Home, Json, console_for, deployment_at
from engine.deployment import Deployment
from engine.doctor.checks import findings, missing
from engine.doctor.finding import Finding
from engine.doctor.fixes import fix
from storage.errors import StorageError
from storage.settings import Settings, load_settings

app = typer.Typer()


@app.command()
def doctor(
    home: Home = None,
    as_json: Json = False,
    repair: Annotated[bool, typer.Option("--fix", help="Repair runs, links and leftovers, then check.")] = False,
) -> None:
    """Check home, ledger, processes, tables, models, disk, clock and Ray. Every problem is shown with its solution.

    Without --fix nothing is changed.
    """
    try:
        results = _fixed(home) if repair else _checked(load_settings(home=home))
    except StorageError as error:
        results = [Finding("ledger", "problem", str(error))]
    if as_json:
        print_json([vars(finding) for finding in results])
    else:
        states = {"ok": "succeeded", "warning": "retrying", "problem": "failed"}
        for finding in results:
            sign = state_text(states[finding.level])
            sign.plain = f"{sign.plain[0]} {finding.level}"
            console_for().print(sign, f"{finding.check}: {finding.message}", highlight=False, soft_wrap=True)
    if any(finding.level == "problem" for finding in results):
        raise typer.Exit(1)


def _fixed(home: Path | None) -> list[Finding]:
    deployment = deployment_at(home)
    return [*fix(deployment), *findings(deployment)]


def _checked(settings: Settings) -> list[Finding]:
    return missing(settings) or findings(Deployment.as_it_is(settings))
