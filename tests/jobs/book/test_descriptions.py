"""Every column of every table that is published has a plain description, those of another lender's book too."""

from dataclasses import replace

from jobs.book.descriptions import column_description, feature_description
from jobs.book.features import Window
from tests.retail import BOOK
from tests.sandbox import Sandbox


def test_every_column_of_every_published_table_is_described(monitored_sandbox: Sandbox) -> None:
    datamart = monitored_sandbox.deployment.datamart
    columns = {
        (table, name)
        for table, version in monitored_sandbox.versions().items()
        for name in datamart.head(version, 0).schema.names
    }
    assert {table.partition(".")[0] for table, _ in columns} == {"bronze", "staged", "silver", "gold", "quarantine"}
    assert [each for each in sorted(columns) if not column_description(BOOK, each[1], each[0])] == []


def test_a_column_means_what_its_table_says() -> None:
    assert column_description(BOOK, "SSN", "silver.attributes") == "Social security number"
    assert column_description(BOOK, "Age", "features_attributes") == "Age in years"
    assert column_description(BOOK, "auc_pooled_low", "gold.model_monitoring").endswith(
        "of all known outcomes, lower end of its 95% interval"
    )
    assert column_description(BOOK, "nobody_knows") == ""


def test_a_feature_says_what_it_is_made_of() -> None:
    assert feature_description(BOOK, "DTI") == (
        "Debt-to-income ratio: made of Instalments of all loans in a month and Monthly take-home salary"
    )
    assert feature_description(BOOK, "hist_total_paid") == (
        "Early payments, total: sum of paid_amt (Amount paid with this instalment) before the prediction date"
    )
    short = replace(BOOK, features=(Window("w", "loan_daily", "paid_amt", "mean", months=2),))
    assert feature_description(short, "w").endswith("in the 2 months before the prediction date")
    assert feature_description(BOOK, "nobody_knows") == ""
