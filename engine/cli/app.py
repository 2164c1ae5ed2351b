"""The command line: `python -m engine COMMAND`.

Only the module of the given command is imported, by its name: the imports of others are slow and not needed.
"""

import gc
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from engine.cli.catalogue import COMMANDS
from engine.cli.output import fail

HELP = "Loanwatch trains, runs and monitors a loan-default model on CSV extracts."


class Commands(TyperGroup):
    """The commands of the catalogue. One is imported when it is the one to run."""

    def __init__(self, **attributes: Any) -> None:
        listed = {name: TyperCommand(name, help=each.help) for name, each in COMMANDS.items()}
        super().__init__(**{**attributes, "commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that `args` name, imported, and the arguments behind its name."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, command_named(name) if name else listed, rest


def command_named(name: str) -> Any:
    """A command, imported. A collector that waited for that looks from then on at what the command makes."""
    module = import_module(f"engine.cli.commands.{COMMANDS[name].module}")
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
    return get_group(module.app).commands[name]


app = typer.Typer(cls=Commands, add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback(help=HELP)
def commands() -> None:
    """Has no options of its own."""


def main() -> None:
    """Runs the command line. Every error is printed as one sentence and has an exit code."""
    as_json = "--json" in sys.argv
    try:
        app()
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - every error is printed as a sentence
        sys.exit(fail(error, as_json=as_json))
