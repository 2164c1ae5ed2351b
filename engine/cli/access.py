"""The command about people: `password`."""

import sys
from typing import Annotated

import typer

from engine.cli.terminal import Home, Json, console_for, deployment_at, print_json
from engine.control.runs import who
from engine.passwords import LONGEST, Entry, keep_entry, new_entry
from storage.ledger.audit import Action, note

app = typer.Typer()

Role = Annotated[str, typer.Option("--role", metavar="viewer|operator", help="Operators may act, viewers only look.")]


@app.command()
def password(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who signs in to the console.")],
    role: Role,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let somebody sign in to the console, or change their role or password, which ends their sessions.

    Asks for the password twice, unseen; takes it from standard input when that is not a terminal.
    """
    deployment = deployment_at(home)
    new_entry(name, role, "-" * LONGEST)  # so that a wrong name or role is told before anything is asked
    entry: Entry = new_entry(name, role, _asked(name))
    path = deployment.settings.passwords_file
    changed = keep_entry(path, entry)
    with deployment.ledger.writing() as connection:
        note(connection, Action(who(), "password", name, f"as {role}"), deployment.ledger.clock())
    if as_json:
        print_json({"name": name, "role": role, "file": str(path), "changed": changed})
        return
    console = console_for()
    told = "has a new password" if changed else "can sign in"
    console.print(f"{name} {told} as {role}; the file is {path}.", highlight=False, soft_wrap=True)
    if not deployment.settings.passwords:
        console.print(f"The console uses it with LOANWATCH_PASSWORDS={path}", highlight=False, soft_wrap=True)


def _asked(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    found: str = typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt="The same again", err=True)
    return found
