"""What a document about customers and loans is read with."""

from datetime import date

from sqlalchemy import Connection

from engine.deployment import Deployment
from jobs.book.digest import digest
from jobs.job import Job
from storage.ledger.catalog import current_versions
from storage.ledger.models import champions


def reading_job(connection: Connection, deployment: Deployment, task: str, as_of: date | None = None) -> Job:
    """A job that reads the published tables and the champions, at as-of or today. It writes nothing."""
    return Job(
        task=task,
        run_id=task.replace(" ", "-"),
        as_of=as_of or deployment.today(),
        stamp="",
        roots=deployment.roots,
        tables=current_versions(connection),
        champions=tuple(champions(connection)),
        declaration=deployment.settings.book,
        book_digest=digest(deployment.book),
    )
