"""The command line: `python -m engine COMMAND`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.commands.access import app as access_commands
from engine.cli.commands.backfill import app as replay_commands
from engine.cli.commands.book import app as book_commands
from engine.cli.commands.data import app as data_commands
from engine.cli.commands.drift import app as drift_commands
from engine.cli.commands.explain import app as explain_commands
from engine.cli.commands.models import app as model_commands
from engine.cli.commands.operation.alerts import app as alert_commands
from engine.cli.commands.operation.audit import app as audit_commands
from engine.cli.commands.operation.backup import app as backup_commands
from engine.cli.commands.operation.migrate import app as migration_commands
from engine.cli.commands.operation.notes import app as note_commands
from engine.cli.commands.operation.status import app as status_commands
from engine.cli.commands.operation.stores import app as store_commands
from engine.cli.commands.operation.units import app as unit_commands
from engine.cli.commands.processes import app as process_commands
from engine.cli.commands.profile import app as profile_commands
from engine.cli.commands.report import app as model_report_commands
from engine.cli.commands.run_reports import app as report_commands
from engine.cli.commands.runs import app as run_commands
from engine.cli.commands.validation import app as validation_commands
from engine.cli.render import state_text
from engine.cli.terminal import Home, Json, console_for, deployment_at, fail, print_json
from engine.deployment import Deployment
from engine.doctor.checks import findings, missing
from engine.doctor.finding import Finding
from engine.doctor.fixes import fix
from storage.errors import StorageError
from storage.settings import Settings, load_settings

app = typer.Typer(
    help="Loanwatch trains, runs and monitors a loan-default model on CSV extracts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for commands in (
    run_commands,
    report_commands,
    replay_commands,
    model_commands,
    explain_commands,
    data_commands,
    drift_commands,
    validation_commands,
    note_commands,
    model_report_commands,
    profile_commands,
    book_commands,
    process_commands,
    status_commands,
    alert_commands,
    migration_commands,
    access_commands,
    audit_commands,
    store_commands,
    unit_commands,
    backup_commands,
):
    app.add_typer(commands)


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


def main() -> None:
    """Runs the command line. Every error is printed as one sentence and has an exit code."""
    as_json = "--json" in sys.argv
    try:
        app()
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - every error is printed as a sentence
        sys.exit(fail(error, as_json=as_json))
