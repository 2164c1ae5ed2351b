"""The command `units`: files with which service managers keep a deployment running."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.cli.output import print_json
from engine.cli.terminal import Home, Json
from engine.errors import Refused, UnusableRequest
from engine.units.compose import compose_file
from engine.units.systemd import BACKUPS, installation, systemd_units
from storage.settings import load_settings

app = typer.Typer()


@app.command()
def units(
    kind: Annotated[Literal["systemd", "compose"], typer.Argument(metavar="systemd|compose", help="What to print.")],
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FOLDER", help="Write the files there instead; none is replaced.")
    ] = None,
    user: Annotated[str, typer.Option("--user", help="The account of the processes, for systemd.")] = "loanwatch",
    backups: Annotated[
        Path, typer.Option("--backups", metavar="DIR", help="The folder of the nightly backups, for systemd.")
    ] = BACKUPS,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Print systemd units, or a compose.yaml, for worker, scheduler and console of this deployment.

    The units also make a backup every night, and never remove one.

    The units take settings and secrets from /etc/loanwatch.env (mode 0600, one setting a line), restart what ends, may
    write in the home alone, and give a stopping worker the time that it needs. The Compose file adds PostgreSQL, whose
    password it takes from the environment. Nothing is installed or started.
    """
    settings = load_settings(home=home)
    files = systemd_units(settings, user, backups) if kind == "systemd" else {"compose.yaml": compose_file(settings)}
    steps = installation(settings, user, backups, output) if kind == "systemd" else ["docker compose up --detach"]
    if output is not None:
        _write(output, files)
    if as_json:
        print_json({"files": files, "written_to": None if output is None else str(output), "steps": steps})
    elif output is None:
        heads = {name: f"# /etc/systemd/system/{name}\n" if kind == "systemd" else "" for name in files}
        typer.echo("\n".join(heads[name] + text for name, text in files.items()), nl=False)
    if not as_json:
        told = f"{', '.join(files)} written to {output}." if output else "To use this, enter:"
        typer.echo("\n  ".join([told, *steps]), err=True)  # standard output is the files


def _write(folder: Path, files: dict[str, str]) -> None:
    if there := [name for name in files if (folder / name).exists()]:
        raise Refused(f"{folder / there[0]} exists already; remove it, or choose another --output.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnusableRequest(f"{folder} can't be written ({error.strerror}); choose another --output.") from error
