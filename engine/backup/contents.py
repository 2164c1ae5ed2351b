"""The files of a deployment that its ledger records, as a backup names them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, MetaData, Table, func, inspect, or_, select

from storage.files.folder import FileFacts

KEPT = ("succeeded", "skipped")  # states of tasks whose results a later run uses again
MADE = ("artifacts", "model.files", "reports")  # of a task's result: its files in the model store and the reports


@dataclass(frozen=True)
class Recorded:
    """A file of the store `store`, with what the ledger says of it.

    Without an optional file a task runs again, nothing else.
    """

    store: str
    facts: FileFacts
    optional: bool = False

    @property
    def name(self) -> str:
        return f"{self.store}/{self.facts.name}"

    def is_copied_by(self, copied: FileFacts) -> bool:
        """Whether a copy has the recorded bytes. A report of an earlier release could be replaced under its name."""
        if self.store == "reports" and "/" not in self.facts.name:
            return True
        return (copied.bytes, copied.sha256) == (self.facts.bytes, self.facts.sha256)


def recorded_files(connection: Connection) -> list[Recorded]:
    """The files that a ledger of any schema version records, each once, in the order of their names.

    These are all table versions that have files, published or not, the files of all registered models, the dashboards,
    and what tasks made that a resumed or later run uses again. `connection` reads a copy, which is a SQLite file.
    """
    found: dict[str, Recorded] = {}
    for each in (*_tables(connection), *_models(connection), *_reports(connection), *_results(connection)):
        known = found.get(each.name)
        if known is None or (known.optional and not each.optional):
            found[each.name] = each
    return [found[name] for name in sorted(found)]


def active_runs(connection: Connection) -> list[str]:
    """Ids of the queued and running runs."""
    runs = _table(connection, "runs")
    return sorted(connection.execute(select(runs.c.run_id).where(runs.c.state.in_(("queued", "running")))).scalars())


def _tables(connection: Connection) -> Iterator[Recorded]:
    versions = _table(connection, "table_versions")
    query = select(versions.c.content).where(versions.c.removed_at.is_(None))
    for content in connection.execute(query).scalars():
        for part in content["parts"]:
            yield Recorded("datamart", FileFacts(part["name"], part["bytes"], part["sha256"]))


def _models(connection: Connection) -> Iterator[Recorded]:
    models = _table(connection, "models")
    for files in connection.execute(select(models.c.files)).scalars():
        for facts in files.values():
            yield Recorded("models", FileFacts(**facts))


def _reports(connection: Connection) -> Iterator[Recorded]:
    """The report of each name that people read; earlier schema versions have none of them."""
    if inspect(connection).has_table("reports"):
        reports = _table(connection, "reports")
        newest = select(func.max(reports.c.publication_id)).group_by(reports.c.name)
        query = select(reports.c.file, reports.c.bytes, reports.c.sha256).where(reports.c.publication_id.in_(newest))
        for row in connection.execute(query):
            yield Recorded("reports", FileFacts(*row))


def _results(connection: Connection) -> Iterator[Recorded]:
    tasks = _table(connection, "tasks")
    made = [func.coalesce(func.json_extract(tasks.c.outcome, f"$.outcome.{name}"), "[]") for name in MADE]
    query = select(*made).where(tasks.c.state.in_(KEPT), or_(*(each.not_in(("[]", "{}")) for each in made)))
    for row in connection.execute(query):
        artifacts, files, reports = (json.loads(each) for each in row)
        for facts in (*artifacts, *dict(files).values()):
            yield Recorded("models", FileFacts(**facts), optional=True)
        for facts in reports:
            yield Recorded("reports", FileFacts(**facts), optional=True)


def _table(connection: Connection, name: str) -> Table:
    """A table as the ledger has it: an older schema has fewer columns."""
    return Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
