"""The default book in the parts that tests name: its sources, tables, pipelines and feature sets."""

from engine.definitions.pipelines import pipelines_of
from jobs.book.retail import BOOK, FULL, SAFE15

SOURCES = BOOK.by_dataset
TABLES = BOOK.by_table
BRONZE_CLICKSTREAM, BRONZE_LOANS = TABLES["clickstream"].bronze_table, TABLES["loan_daily"].bronze_table
STAGED_LOANS = TABLES["loan_daily"].staged_table
KEYS = {name: source.key for name, source in TABLES.items()}
NEEDED = {name: list(BOOK.columns_read(source)) for name, source in TABLES.items()}
FEATURE_SETS = BOOK.feature_sets
CATEGORICAL = BOOK.categories()
CLASSIFIERS = {candidate.label: candidate for candidate in BOOK.candidates if not candidate.optional}
(SCORECARD,) = (candidate for candidate in BOOK.candidates if candidate.optional)
BRONZE, QUARANTINE, STAGED, SILVER = (
    tuple(getattr(source, layer) for source in BOOK.sources)
    for layer in ("bronze_table", "quarantine_table", "staged_table", "silver_table")
)
PIPELINES = pipelines_of(BOOK)
TRAINING, INFERENCE, MONITORING = (PIPELINES[name] for name in ("training", "inference", "monitoring"))

__all__ = [
    "BOOK", "BRONZE", "BRONZE_CLICKSTREAM", "BRONZE_LOANS", "CATEGORICAL", "CLASSIFIERS", "FEATURE_SETS", "FULL",
    "INFERENCE", "KEYS", "MONITORING", "NEEDED", "PIPELINES", "QUARANTINE", "SAFE15", "SCORECARD", "SILVER", "SOURCES",
    "STAGED", "STAGED_LOANS", "TABLES", "TRAINING",
]  # fmt: skip
