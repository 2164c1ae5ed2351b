"""Which scores are in use: the model that made them, when, and up to which loan."""

from datetime import date
from functools import lru_cache

from engine.deployment import Deployment
from engine.documents.values import Document, moment
from storage.lake.datamart import Datamart
from storage.lake.names import PREDICTIONS
from storage.ledger.published.at_a_glance import Publication
from storage.on_use import parquet

NAMES = ("model_version", "cohort", "prediction_date")


def scores_document(deployment: Deployment, published: Publication | None) -> Document | None:
    """The published scores: model, as-of date, time, run, number, and the month in which the newest loan began.

    None before the first inference, and for `published` of another table.
    """
    if published is None or published.version.table != PREDICTIONS:
        return None
    parts = tuple(part.name for part in published.version.parts if part.rows)
    newest = _newest(deployment.settings.datamart_root, parts)
    cohort = newest.get("cohort")
    return {
        "model": newest.get("model_version"),
        "as_of": newest.get("prediction_date"),
        "scored_at": moment(published.published_at),
        "run_id": published.run_id,
        "loans": published.version.rows,
        "newest_loan": None if cohort is None else _months_before(cohort, deployment.book.prediction),
    }


@lru_cache(maxsize=8)
def _newest(root: str, parts: tuple[str, ...]) -> dict[str, str]:
    """The largest value of each of `NAMES`, from the statistics in the files' footers. Files never change."""
    folder, found = Datamart(root).folder, dict[str, str]()
    for part in parts:
        with folder.open(part) as source:
            footer = parquet.ParquetFile(source).metadata
        groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
        for column in (group.column(at) for group in groups for at in range(group.num_columns)):
            name, known = column.path_in_schema, column.statistics
            if name in NAMES and known is not None and known.has_min_max:
                found[name] = max(found.get(name, ""), str(known.max))
    return found


def _months_before(month: str, count: int) -> str:
    """The month (`YYYY-MM`) that is so many months earlier."""
    year, number = (int(part) for part in month.split("-"))
    total = 12 * year + number - 1 - count
    return f"{date(total // 12, total % 12 + 1, 1):%Y-%m}"
