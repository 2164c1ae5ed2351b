"""The command `password`."""

import sys
from typing import Annotated

import typer

from engine.cli.output import print_json
from engine.cli.terminal import Home, Json, console_for, new_deployment_at
from engine.control.runs import who
from engine.passwords import LONGEST, Entry, new_entry, write_entry
from storage.ledger.audit import Action, record_action

app = typer.Typer()

Role = Annotated[
    str, typer.Option("--role", metavar="viewer|operator", help="Operators may act, viewers may only read.")
]


@app.command()
def password(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user name for the console.")],
    role: Role,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Add a console user, or change a user's role or password, which ends the user's sessions.

    It asks for the password twice and does not show it. Without a terminal it reads one line of standard input.
    """
    deployment = new_deployment_at(home)
    new_entry(name, role, "-" * LONGEST)  # reports an invalid name or role before it asks for the password
    entry: Entry = new_entry(name, role, _prompted(name))
    path = deployment.settings.passwords_file
    changed = write_entry(path, entry)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        record_action(connection, Action(who(), "password", name, f"as {role}"), now)
    if as_json:
        print_json({"name": name, "role": role, "file": str(path), "changed": changed})
        return
    console = console_for()
    message = "has a new password" if changed else "can sign in"
    console.print(f"{name} {message} as {role}. The password file is {path}.", highlight=False, soft_wrap=True)
    if not deployment.settings.passwords:
        console.print(f"Set LOANWATCH_PASSWORDS={path}, so that the console uses it.", highlight=False, soft_wrap=True)


def _prompted(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    text: str = typer.prompt(
        f"Password of {name}", hide_input=True, confirmation_prompt="Repeat the password", err=True
    )
    return text
