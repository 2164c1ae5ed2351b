"""What a run that did not succeed left as it was: the published tables, the champion and the scores in use."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo

from sqlalchemy import Connection

from engine.documents.values import Document, moment
from jobs.loan_calendar import day
from storage.db.ledger import LedgerRow
from storage.lake.names import PREDICTIONS
from storage.ledger.catalog import published_rows
from storage.ledger.models import model_by_alias
from storage.ledger.run_search import last_success
from storage.ledger.runs import run_row

UNSUCCESSFUL = ("failed", "crashed", "cancelled")


def impact_document(connection: Connection, run: LedgerRow, zone: tzinfo = UTC) -> Document | None:
    """What the end of a run means for what is in use, as facts and as sentences; None unless it ended in vain.

    A run publishes everything in the transaction in which it succeeds. So `published` is empty, unless a run that
    resumed this one published tables of it.
    """
    if run.state not in UNSUCCESSFUL:
        return None
    current = published_rows(connection)
    champion = model_by_alias(connection)
    document: Document = {
        "published": [row.table_name for row in current if row.version == run.run_id],
        "champion": champion.version if champion else None,
        "scores": _scores(connection, current),
        **_success(connection, run),
    }
    return {**document, "sentences": _sentences(run.pipeline, document, zone)}


def _scores(connection: Connection, current: Sequence[LedgerRow]) -> Document | None:
    """The published scores: the run and model that made them, when, and for which date and how many loans."""
    published = next((row for row in current if row.table_name == PREDICTIONS), None)
    if published is None:
        return None
    made_by = run_row(connection, published.version)
    return {
        "run_id": made_by.run_id,
        "as_of": made_by.as_of.isoformat(),
        "model": made_by.snapshot.get("champion"),
        "scored_at": moment(published.published_at),
        "loans": published.rows,
    }


def _success(connection: Connection, run: LedgerRow) -> Document:
    """The newest success of the run's pipeline, and whether it was requested after this run."""
    newest = last_success(connection, run.pipeline)
    if newest is None:
        return {"last_success": None, "succeeded_since": False}
    last = {"run_id": newest.run_id, "as_of": newest.as_of.isoformat()}
    return {"last_success": last, "succeeded_since": newest.requested_at > run.requested_at}


def _sentences(pipeline: str, document: Document, zone: tzinfo) -> list[str]:
    return [_unchanged(document), _scores_in_words(document["scores"], zone), _success_in_words(pipeline, document)]


def _unchanged(document: Document) -> str:
    champion = document["champion"]
    if document["published"]:
        return f"A resumed run published {len(document['published'])} of its tables."
    if champion is None:
        return "Published tables are unchanged; there is no champion yet."
    return f"Published tables and champion {champion} are unchanged."


def _scores_in_words(scores: Document | None, zone: tzinfo) -> str:
    if scores is None:
        return "No loan has been scored yet."
    by = f", by model {scores['model']}" if scores["model"] else ""
    at = datetime.fromisoformat(scores["scored_at"]).astimezone(zone)
    as_of = day(date.fromisoformat(scores["as_of"]))
    return f"Scores in use are of {as_of}: {scores['loans']:,} loans{by}, scored on {at:%Y-%m-%d at %H:%M %Z}."


def _success_in_words(pipeline: str, document: Document) -> str:
    last = document["last_success"]
    if last is None:
        return f"{pipeline.capitalize()} has not succeeded yet."
    when = f"as of {day(date.fromisoformat(last['as_of']))}"
    if document["succeeded_since"]:
        return f"{pipeline.capitalize()} has succeeded since then, {when}."
    return f"The last success of {pipeline} was {when}."
