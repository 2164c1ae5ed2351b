"""The history of a loan's scores, from the versions of the predictions that are kept."""

from sqlalchemy import Connection

from engine.documents.values import Document, moment
from jobs.job import Job
from storage.lake.names import PREDICTIONS
from storage.lake.texts import equal_to
from storage.ledger.catalog import publication_rows, published_versions

MOST_VERSIONS = 60  # of the predictions, the newest
COLUMNS = ("loan_id", "prediction_date", "predicted_proba", "predicted_label", "model_version")


def scores_document(connection: Connection, job: Job, loan: str) -> Document:
    """`scores`: the loan's predictions by as-of date, newest first; of a date the one that was published last.

    `removed` is the number of dates' publications of which the files are not kept any more.
    """
    published = publication_rows(connection, PREDICTIONS, MOST_VERSIONS)
    kept = {version.version: version for version in published_versions(connection, PREDICTIONS)}
    found: dict[str, Document] = {}
    for row in published:
        if row.version not in kept or row.removed_at is not None:
            continue
        table = job.datamart.read(kept[row.version], list(COLUMNS))
        for one in table.filter(equal_to(table["loan_id"], loan)).to_pylist():
            score = {name: one[name] for name in COLUMNS[2:]}
            as_of = one["prediction_date"].isoformat()
            found.setdefault(as_of, {"as_of": as_of, **score, "run_id": row.run_id, "at": moment(row.published_at)})
    removed = sum(row.removed_at is not None for row in published)
    return {"scores": [found[as_of] for as_of in sorted(found, reverse=True)], "removed": removed}
