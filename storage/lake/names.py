"""The tables of the datamart by name (`layer.table`), and which of them people see."""

from storage.errors import StorageError

BRONZE = ("bronze.feature_clickstream", "bronze.features_attributes", "bronze.features_financials", "bronze.LMS_loans")
STAGED = ("staged.clickstream", "staged.attributes", "staged.financials", "staged.loan_daily")
SILVER = ("silver.clickstream", "silver.attributes", "silver.financials", "silver.loan_daily")
QUARANTINE = (
    "quarantine.feature_clickstream",
    "quarantine.features_attributes",
    "quarantine.features_financials",
    "quarantine.lms_loan_daily",
)

TRAINING_DATA = "gold.model_training_data"
PREDICTIONS = "gold.model_predictions"
MONITORING = "gold.model_monitoring"
MONITORING_COHORTS = "gold.model_monitoring_cohorts"
MONITORING_FEATURES = "gold.model_monitoring_features"
INFERENCE_FEATURES = "staged.inference_features"
SCORED = "staged.scored"
OUTCOMES = "staged.outcomes"

# `staged` holds what one task hands to the next: cleaned rows before quality control, features, raw scores. It is
# versioned like the rest, but has no link, so that nobody takes an unfiltered table for a governed one.
LINKED_LAYERS = ("bronze", "silver", "gold", "quarantine")

GOLD = (TRAINING_DATA, PREDICTIONS, MONITORING, MONITORING_COHORTS, MONITORING_FEATURES)
NAMES = frozenset((*BRONZE, *STAGED, *SILVER, *QUARANTINE, *GOLD, INFERENCE_FEATURES, SCORED, OUTCOMES))


def split_name(name: str) -> tuple[str, str]:
    """(layer, table) of a table's name; StorageError when there is no such table."""
    if name not in NAMES:
        raise StorageError(f"There is no table {name!r}; `python -m engine tables` lists them.")
    layer, _, table = name.partition(".")
    return layer, table
