"""What a command prints: a JSON document, or an error, which is one sentence and has an exit code."""

import json
import logging
import os
import traceback
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from engine.process.log_form import logs_json
from storage.errors import LoanwatchError

log = logging.getLogger("loanwatch.engine")


def print_json(document: Any) -> None:
    """Prints one JSON document to standard output."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=str))


def print_error(console: Console, message: str) -> None:
    """Prints an error, without markup."""
    console.print(Text.assemble(("error:", "bold red"), " ", message), highlight=False, soft_wrap=True)


def fail(error: BaseException, *, as_json: bool = False) -> int:
    """Prints an error to standard error, and as a document with `--json`. Returns its exit code."""
    if isinstance(error, LoanwatchError):
        message, code = str(error), error.exit_code
    else:
        if os.environ.get("LOANWATCH_DEBUG"):
            traceback.print_exception(error)
        text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        message, code = f"The command failed ({text}); set LOANWATCH_DEBUG=1 to see the traceback.", 1
    if as_json:
        print_json({"error": message, "exit_code": code})
    if logs_json():
        log.error("%s", message, exc_info=None if isinstance(error, LoanwatchError) else error)
    else:
        print_error(Console(stderr=True, markup=False), message)
    return code
