"""The names of the datamart's tables (`layer.table`): those of every book, and the layers that users see.

The book names the tables of bronze, quarantine, staged and silver.
"""

import re

from storage.errors import StorageError

LAYERS = ("bronze", "staged", "silver", "gold", "quarantine")
TABLE_NAME = re.compile(rf"(?:{'|'.join(LAYERS)})\.[A-Za-z][A-Za-z0-9_]*")

TRAINING_DATA = "gold.model_training_data"
PREDICTIONS = "gold.model_predictions"
MONITORING = "gold.model_monitoring"
MONITORING_COHORTS = "gold.model_monitoring_cohorts"
MONITORING_FEATURES = "gold.model_monitoring_features"
INFERENCE_FEATURES = "staged.inference_features"
TRAINING_IMPUTED = "staged.training_imputed"
OUT_OF_FOLD_SCORES = "staged.out_of_fold_scores"
INFERENCE_IMPUTED = "staged.inference_imputed"
SCORED = "staged.scored"
OUTCOMES = "staged.outcomes"

# `staged` has the tables between two tasks or their parts: cleaned rows before quality control, features, which of
# their values were imputed, scores. They are versioned like the others but have no link, so that an unfiltered table is
# not mistaken for a silver one.
LINKED_LAYERS = ("bronze", "silver", "gold", "quarantine")


def is_table_name(name: str) -> bool:
    """Whether `name` can be the name of a table; an extract's path can't."""
    return TABLE_NAME.fullmatch(name) is not None


def layer_of(name: str) -> str:
    """The layer of a table: the part of its name before the point."""
    return name.partition(".")[0]


def split_name(name: str) -> tuple[str, str]:
    """(layer, table) of a table's name. Raises StorageError when no table can have that name."""
    if not is_table_name(name):
        raise StorageError(f"There is no table {name!r}; `python -m engine tables` lists them.")
    layer, _, table = name.partition(".")
    return layer, table
