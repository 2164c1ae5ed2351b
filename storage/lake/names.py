"""The names of the datamart's tables (`layer.table`), and the layers that have links for users."""

from storage.errors import StorageError

BRONZE_CLICKSTREAM = "bronze.feature_clickstream"
BRONZE_ATTRIBUTES = "bronze.features_attributes"
BRONZE_FINANCIALS = "bronze.features_financials"
BRONZE_LOANS = "bronze.LMS_loans"
BRONZE = (BRONZE_CLICKSTREAM, BRONZE_ATTRIBUTES, BRONZE_FINANCIALS, BRONZE_LOANS)

STAGED_CLICKSTREAM = "staged.clickstream"
STAGED_ATTRIBUTES = "staged.attributes"
STAGED_FINANCIALS = "staged.financials"
STAGED_LOANS = "staged.loan_daily"
STAGED = (STAGED_CLICKSTREAM, STAGED_ATTRIBUTES, STAGED_FINANCIALS, STAGED_LOANS)

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

# `staged` has the tables between two tasks: cleaned rows before quality control, features, raw scores. They are
# versioned like the others but have no link, so that an unfiltered table is not mistaken for a silver one.
LINKED_LAYERS = ("bronze", "silver", "gold", "quarantine")

GOLD = (TRAINING_DATA, PREDICTIONS, MONITORING, MONITORING_COHORTS, MONITORING_FEATURES)
NAMES = frozenset((*BRONZE, *STAGED, *SILVER, *QUARANTINE, *GOLD, INFERENCE_FEATURES, SCORED, OUTCOMES))


def split_name(name: str) -> tuple[str, str]:
    """(layer, table) of a table's name. Raises StorageError when there is no such table."""
    if name not in NAMES:
        raise StorageError(f"There is no table {name!r}; `python -m engine tables` lists them.")
    layer, _, table = name.partition(".")
    return layer, table
