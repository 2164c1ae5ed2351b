"""The second lender from extracts to the gate, compared with its feature table in plain pandas."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pytest
from sklearn.metrics import roc_auc_score

from jobs.silver.values import MARKED
from storage.ledger.runs import recent_runs
from tests.books.homes import MATURED
from tests.books.kredit_pandas import assert_same, checked, cleaned, months_on_book, records
from tests.books.values import unmarked
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough

RECEIVED = {
    "Bonitaet": "Bonität",
    "E_Mail": "E-Mail",
    "Anzahl_Ruecklastschriften": "Anzahl_Rücklastschriften",
}  # columns with another name in the files


def run_of(sandbox: Sandbox, pipeline: str) -> str:
    with sandbox.deployment.ledger.reading() as connection:
        return str(recent_runs(connection, 1, pipeline, "succeeded")[0].run_id)


def test_the_training_data_are_what_plain_pandas_makes_of_the_extracts(
    kredit_sandbox: Sandbox, kredit_features: pd.DataFrame
) -> None:
    table = kredit_sandbox.table("gold.model_training_data")
    matured = kredit_features[(kredit_features["observation_date"] <= MATURED) & kredit_features["label"].notna()]
    assert_same(table, matured)
    assert table["label"].to_pylist().count(1) > 60
    assert table.num_rows - pc.count_distinct(table["Kundennummer"]).as_py() > 80  # some have two loans


def test_the_loans_that_are_scored_have_the_same_features(
    kredit_sandbox: Sandbox, kredit_features: pd.DataFrame
) -> None:
    assert_same(unmarked(kredit_sandbox.table("staged.inference_features")), kredit_features)


def test_values_are_read_as_the_lender_writes_them(kredit_sandbox: Sandbox, kredit_data: Path) -> None:
    customers = kredit_sandbox.table("staged.customers").to_pandas()
    texts = records(kredit_data, "kunden").rows
    income = texts["Jahreseinkommen"]
    place = int(income[income.str.match(r"\d{2}\.\d{3},\d{2}$")].index[0])
    thousands, rest = income[place].split(".")
    assert customers["Jahreseinkommen"][place] == int(thousands) * 1000 + int(rest[:3]) + int(rest[4:]) / 100
    assert customers["Name"].tolist() == texts["Name"].tolist()
    assert customers["Name"].str.contains("[äöüß]").any()
    assert customers["Stichtag"].astype(str).tolist() == texts["Stichtag"].tolist()
    payments = kredit_sandbox.table("staged.payments").to_pandas()
    purposes = payments["Verwendungszweck"]
    assert purposes.str.startswith("Miete; Nebenkosten").any()
    assert purposes.str.startswith('Verein "Alte Mühle"').any()
    assert payments["Ausgang"].max() < 0


@pytest.mark.parametrize(
    ("dataset", "table"), [("kunden", "customers"), ("konten", "accounts"), ("zahlungen", "payments")]
)
def test_values_that_are_not_known_are_null_and_counted(
    kredit_sandbox: Sandbox, kredit_data: Path, dataset: str, table: str
) -> None:
    frame = cleaned(kredit_data, dataset)
    frame = frame.mask(frame == "")
    found = kredit_sandbox.table(f"staged.{table}").to_pandas()
    assert len(found) == len(frame)
    empty = {name: int(found[name].isna().sum()) for name in found.columns if name not in ("Steuernummer", MARKED)}
    assert empty == {name: int(frame[RECEIVED.get(name, name)].isna().sum()) for name in empty}
    counted = kredit_sandbox.values(run_of(kredit_sandbox, "training"), f"clean_{table}")["became_null"]
    assert {name: sum(reasons.values()) for name, reasons in counted.items()} == {
        name: count for name, count in empty.items() if count
    }


def test_every_record_is_accounted_for(kredit_sandbox: Sandbox, kredit_data: Path) -> None:
    run = run_of(kredit_sandbox, "training")
    kept, flagged = checked(kredit_data, MATURED)
    quality = kredit_sandbox.values(run, "remove_flagged_customers")
    assert quality["flagged"] == len(flagged) > 5
    assert set(quality["reasons"]) == {"Alter under 18", "Alter over 100", "Steuernummer invalid"}
    for dataset, table in (("kunden", "customers"), ("konten", "accounts"), ("zahlungen", "payments")):
        found, read = records(kredit_data, dataset), kredit_sandbox.values(run, f"ingest_{dataset}")
        assert (read["stored"], read["quarantined"]) == (len(found.rows), len(found.malformed))
        assert quality["rows"][table]["kept"] == len(kept[dataset])
        assert sorted(kredit_sandbox.table(f"quarantine.{dataset}")["line"].to_pylist()) == found.malformed
    assert records(kredit_data, "zahlungen").malformed
    assert quality["rows"]["payments"]["superseded"] > 0
    assert not flagged & set(kredit_sandbox.table("silver.accounts")["Kundennummer"].to_pylist())


def test_months_on_book_are_counted_from_the_loans_start(kredit_sandbox: Sandbox, kredit_data: Path) -> None:
    accounts = checked(kredit_data, MATURED)[0]["konten"]
    of_loans = [
        loan.assign(month=months_on_book(loan["Vertragsbeginn"].iloc[0], loan["Stichtag"]))
        for _, loan in accounts.groupby("Kontonummer")
    ]
    accounts = pd.concat(of_loans)
    bad = accounts[(accounts["month"] >= 2) & (accounts["tage_verzug"] >= 90)]
    newest, first = accounts.groupby("Kontonummer")["month"].max(), bad.groupby("Kontonummer")["month"].min()
    outcomes = kredit_sandbox.table("staged.outcomes").to_pandas().set_index("loan_id")
    assert outcomes["months_on_book"].to_dict() == newest.loc[outcomes.index].to_dict()
    assert outcomes["bad_month"].dropna().to_dict() == first.to_dict()
    assert set(first) == set(range(4, 13))


def test_the_model_ranks_the_loans_and_the_gate_keeps_it(
    kredit_sandbox: Sandbox, kredit_features: pd.DataFrame
) -> None:
    (row,) = kredit_sandbox.table("gold.model_monitoring").to_pylist()
    assert row["monitoring_date"] == MATURED
    assert 0.7 < row["auc"] < 0.95
    assert row["auc_low"] < row["auc"] < row["auc_high"]
    outcomes = kredit_sandbox.table("staged.outcomes").to_pandas()
    known = outcomes[~outcomes["fitted"] & outcomes["label"].notna()]
    assert row["labelled_pooled"] == len(known)
    labels = kredit_features.set_index("Kontonummer")["label"][known["loan_id"]]
    assert row["auc_pooled"] == pytest.approx(roc_auc_score(labels, known["predicted_proba"]), abs=1e-12)
    (model,) = kredit_sandbox.champions()
    assert model.summary["label_definition"]["bad_loan"]["column"] == "tage_verzug"
    run = run_of(kredit_sandbox, "monitoring")
    assert kredit_sandbox.states(run)["trigger_retraining_dag"] == "skipped"
    assert kredit_sandbox.governance_requests() == []
    predicted = kredit_sandbox.table("gold.model_predictions").to_pandas()
    assert predicted["prediction_date"].unique().tolist() == [date(2025, 10, 1)]
    scored = kredit_sandbox.table("staged.inference_features")
    assert set(predicted["loan_id"]) == set(scored["Kontonummer"].to_pylist())
