"""The commands `backup` and `restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from engine.backup import backup as making
from engine.backup import restore as restoring
from engine.backup.manifest import PASSWORDS, STORES, Manifest
from engine.cli.output import print_json
from engine.cli.terminal import Home, Json, console_for
from engine.documents.values import Document
from engine.errors import UnusableRequest
from engine.process.signals import interrupt_on_sigterm
from storage.settings import is_remote, load_settings

app = typer.Typer()

Folder = Annotated[str, typer.Argument(metavar="DIR", help="The folder of the backup.")]
COLUMNS = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())


@app.command()
def backup(
    folder: Folder,
    home: Home = None,
    as_json: Json = False,
    without_damaged: Annotated[
        bool, typer.Option("--without-damaged", help="Leave out recorded files that are missing or damaged.")
    ] = False,
) -> None:
    """Copy a deployment to a new folder while it works, also in the middle of a run.

    The folder gets a snapshot of the ledger (of SQLite or PostgreSQL), all table versions, models, dashboards and
    quarantined rows that it records, the console's password file, and a manifest with the SHA-256 of each. It appears
    when it is complete. Extracts and settings are not part of it. It has what the extracts have of persons: keep it as
    safe as them. `restore` makes a deployment of it.
    """
    path = _path(folder)
    settings = load_settings(home=home)
    with _shown(console_for(as_json=as_json)) as progress:
        made = making.back_up(making.deployment_at(settings), path, progress, without_damaged=without_damaged)
    document = {"folder": str(path.absolute()), **_document(made.manifest), "active_runs": made.active}
    if as_json:
        print_json(document)
        return
    _tell(f"{document['folder']} has {_counts(document)}.")
    if made.active:
        _tell(f"Active when the ledger was copied, and to be resumed after a restore: {', '.join(made.active)}.")
    for name in made.manifest.left_out:
        _tell(f"Left out, because it is missing or damaged: {name}.")


@app.command()
def restore(
    folder: Folder,
    home: Home = None,
    as_json: Json = False,
    check: Annotated[bool, typer.Option("--check", help="Only check that the backup is complete and intact.")] = False,
) -> None:
    """Make a new deployment from a backup: the home of --home, and the stores and the ledger of the settings.

    They must be new or empty, because nothing is overwritten. Every file is checked first, and nothing is left of a
    restore that fails. A backup of either database can be restored to either. Runs that were active can be resumed.
    Before that, start no process of the deployment that was backed up: two of them would write to the same stores.
    """
    path = _path(folder)
    console = console_for(as_json=as_json)
    if check:
        with _shown(console) as progress:
            document = {"folder": str(path.absolute()), **_document(restoring.checked(path, progress))}
        told = [f"{document['folder']} is complete and intact: {_counts(document)}."]
    else:
        settings = load_settings(home=home)
        with _shown(console) as progress:
            restored = restoring.restore(path, settings, progress)
        place = str(settings.home.absolute())
        document = {"home": place, **_document(restored.manifest), "crashed_runs": restored.crashed}
        told = [f"{place} is restored: {_counts(document)}.", "Check it with `python -m engine doctor`."]
        told += [f"Run {run_id} was active; resume it with `resume {run_id}`." for run_id in restored.crashed]
    if as_json:
        print_json(document)
        return
    for line in told:
        _tell(line)


def _path(folder: str) -> Path:
    if is_remote(folder) or not folder.strip():
        raise UnusableRequest(f"{folder!r} is no folder of this machine; name one, and copy it elsewhere afterwards.")
    return Path(folder).expanduser()


def _document(manifest: Manifest) -> Document:
    names = [each.name for each in manifest.files]
    counts = {store: sum(name.startswith(f"{store}/") for name in names) for store in STORES}
    return {
        "created_at": manifest.created_at,
        "files": len(names),
        "bytes": manifest.bytes,
        **counts,
        "passwords": PASSWORDS in names,
        "left_out": list(manifest.left_out),
    }


def _counts(document: Document) -> str:
    users = "with the password file" if document["passwords"] else "no password file"
    return (
        f"the ledger of {document['created_at']}, {document['datamart']} files of tables, "
        f"{document['models']} of models, {document['reports']} of reports, {users}; "
        f"{document['bytes'] / 1024**2:,.1f} MiB"
    )


def _tell(line: str) -> None:
    console_for().print(line, highlight=False, soft_wrap=True)


@contextmanager
def _shown(console: Console) -> Iterator[making.Progress]:
    """Shows a progress bar during the block, which Ctrl-C and SIGTERM end in an orderly way."""
    with interrupt_on_sigterm(), Progress(*COLUMNS, console=console, transient=True) as shown:
        bar = shown.add_task("", total=None)
        yield lambda what, done, total: shown.update(bar, description=what, completed=done, total=total)
