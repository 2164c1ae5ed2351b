"""Every page of the console with the book of the second lender: its names, its numbers, and nobody's data."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from jobs.monitoring.curves import CURVE_COLUMNS, VINTAGE_COLUMNS, curves_from
from storage.ledger.runs import recent_runs
from tests.books.homes import KREDIT, MATURED
from tests.books.kredit_pandas import checked, personal_values
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough

RETAIL = re.compile(
    r"Customer_ID|loan_start_date|snapshot_date|clickstream|attributes|financials|loan_daily|LMS|installment|fe_\d|SSN"
)
PAGES = {
    "overview": ["LogisticRegression", "AUC, threshold 0.70"],
    "runs": ["training", "inference", "monitoring"],
    "drift": ["Vintage curves", "ROC curve", "Feature drift"],
    "models": ["champion", "standard, 10 features"],
    "data": [],
    "schedule": ["training"],
    "audit": ["training"],
}
Said = Callable[..., str]


@pytest.fixture
def said(opened: Opened, kredit_sandbox: Sandbox, kredit_data: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """What a page of the second lender's console says; it has to be free of retail names and of personal values."""
    monkeypatch.setenv("LOANWATCH_BOOK", KREDIT)
    personal = sorted(personal_values(kredit_data))

    def of_page(page: str, /, **query: str) -> str:
        text = words(opened(kredit_sandbox.home, page, **query))
        assert not RETAIL.findall(text)
        assert [value for value in personal if value in text] == []
        return text

    return of_page


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_the_second_lender(said: Said, page: str) -> None:
    text = said(page)
    for name in PAGES[page]:
        assert name in text


def test_the_drift_of_a_feature_has_its_plain_name(said: Said) -> None:
    text = said("drift", feature="Ruecklastschriften_6M")
    assert "Returned direct debits of 6 months: drift over time" in text
    assert "Ruecklastschriften_6M; dotted" in text


def test_a_page_of_each_run_names_its_tasks_and_counts(said: Said, kredit_sandbox: Sandbox) -> None:
    with kredit_sandbox.deployment.ledger.reading() as connection:
        runs = {row.pipeline: row.run_id for row in recent_runs(connection, 3)}
    training = said("run", run_id=runs["training"])
    for name in ("ingest_zahlungen", "clean_customers", "6 fields, expected 8", "Steuernummer invalid", "Bonitaet"):
        assert name in training
    assert "1 without customers" in training
    assert "1 customers without loan." in training
    assert "staged.accounts" in said("run", run_id=runs["inference"])
    assert "gold.model_monitoring" in said("run", run_id=runs["monitoring"])


def test_every_table_has_a_preview(said: Said, kredit_sandbox: Sandbox) -> None:
    for table, version in kredit_sandbox.versions().items():
        text = said("data", table=table)
        assert f"{version.rows:,}" in text
        if table.endswith(("kunden", "customers")) and version.rows:
            assert "Masked, as personal: Name, E_Mail, Steuernummer." in text
        if table.endswith((".zahlungen", ".payments")) and not table.startswith("quarantine"):
            assert "Masked, as personal: Verwendungszweck." in text


def test_row_accounting_and_quarantine_have_the_counts_of_the_extracts(
    said: Said, kredit_sandbox: Sandbox, kredit_data: Path
) -> None:
    kept, flagged = checked(kredit_data, MATURED)
    text = said("data", view="Row accounting")
    assert re.search(r"All \d+ accounts balance", text)
    assert f"{len(flagged)} customers flagged" in text
    for dataset, rows in kept.items():
        assert dataset in text
        assert f"{len(rows):,}" in text
    quarantine = said("data", view="Quarantine")
    records = kredit_sandbox.table("quarantine.zahlungen").to_pylist()
    assert f"Records: {len(records)}." in quarantine
    for record in records:
        assert f"{record['line']:,}" in quarantine


def test_vintage_curves_end_at_the_bad_rate_of_plain_pandas(
    kredit_sandbox: Sandbox, kredit_features: pd.DataFrame
) -> None:
    table = kredit_sandbox.table("staged.outcomes").select([*CURVE_COLUMNS, *VINTAGE_COLUMNS])
    points = curves_from(table).vintage
    cohorts = pd.to_datetime(kredit_features["prediction_date"]).dt.strftime("%Y-%m")
    rates = kredit_features.groupby(cohorts)["label"].mean()
    at_end = points[(points["months_on_book"] == 12) & points["mature"]].set_index("cohort")["bad_rate"]
    assert len(at_end) > 20
    pd.testing.assert_series_equal(at_end, rates[at_end.index], check_names=False, rtol=1e-12)
    assert points["months_on_book"].max() == 14
