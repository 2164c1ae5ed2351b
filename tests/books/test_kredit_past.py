"""The second lender on past dates: what is known then, retrainings, and records that hold personal data."""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from storage.ledger.catalog import current_versions
from storage.ledger.models import registered_models
from storage.ledger.runs import recent_runs
from tests.books.homes import KREDIT, MATURED
from tests.books.kredit_pandas import assert_same, feature_table, personal_values
from tests.books.values import unmarked
from tests.engine.backfill.past import Past
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough

DATES = (date(2025, 2, 10), date(2025, 5, 10), date(2025, 8, 10))
BROKEN = (
    "00099999;Zacharias Zenker;zenker@example.de;77/777/77777;44;Beamte;ledig;0;41.234,50;88,10;1980-05-17;2024-01-01",
    '00099998;"Zenker; Zacharias";zenker@example.de;77/777/77777;44',
    "00099997;Zacharias Zenker;77/777/77777",
)


def test_a_replay_has_what_pandas_makes_of_what_was_known_then(kredit_data: Path, tmp_path: Path) -> None:
    past = Past(tmp_path / "home", kredit_data, book=KREDIT)
    rows = past.replay(DATES)
    assert [row["date"] for row in rows] == [day.isoformat() for day in DATES]
    with past.deployment.ledger.reading() as connection:
        current, models = current_versions(connection), registered_models(connection)
    tables = {name: past.deployment.datamart.read(version) for name, version in current.items()}
    past.deployment.ledger.close()

    expected = feature_table(kredit_data, DATES[-1])
    scored = expected[expected["prediction_date"] <= DATES[-1]]
    assert_same(unmarked(tables["staged.inference_features"]), scored)
    trained = max(date.fromisoformat(model.summary["as_of"]) for model in models)
    assert trained in DATES
    known_then = feature_table(kredit_data, trained)
    matured = known_then[(known_then["observation_date"] <= trained) & known_then["label"].notna()]
    assert_same(tables["gold.model_training_data"], matured)

    outcomes = tables["staged.outcomes"].to_pandas()
    known = outcomes[~outcomes["fitted"] & outcomes["label"].notna()]
    by_loan = scored.set_index("Kontonummer")
    assert (by_loan.loc[known["loan_id"], "observation_date"] <= DATES[-1]).all()
    newest = tables["gold.model_monitoring"].to_pandas().set_index("monitoring_date").loc[DATES[-1]]
    labels = by_loan["label"][known["loan_id"]]
    assert newest["labelled_pooled"] == len(labels)
    assert newest["auc_pooled"] == pytest.approx(roc_auc_score(labels, known["predicted_proba"]), abs=1e-12)


def test_a_model_below_the_threshold_is_trained_again(kredit_sandbox: Sandbox, tmp_path: Path) -> None:
    limits = {"auc_threshold": 0.99, "auc_least_defaults": 20}
    sandbox = Sandbox.copied(kredit_sandbox.home, tmp_path / "home", book=KREDIT, **limits)
    sandbox.succeed("monitoring", MATURED)
    assert [decision.status for decision in sandbox.decisions()][-1] == "breach"
    assert len(sandbox.governance_requests()) == 1
    sandbox.close()


def test_personal_values_are_in_no_quarantine_log_or_outcome(kredit_data: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(kredit_data, tmp_path / "data"))
    with (data / "kunden.csv").open("a", encoding="latin-1", newline="") as file:
        file.writelines(f"{line}\r\n" for line in BROKEN)
    with (data / "zahlungen.csv").open("a", encoding="latin-1", newline="") as file:
        file.write('1;00099999;2024-01-01;1.234,50;-1,00;0;Lastschrift;"Miete; Zacharias Zenker";zu;viel\r\n')
    sandbox = Sandbox.at(tmp_path / "home", book=KREDIT)
    run = sandbox.succeed("training", MATURED, data=str(data))
    records = [*sandbox.table("quarantine.kunden").to_pylist(), *sandbox.table("quarantine.zahlungen").to_pylist()]
    assert len(records) > len(BROKEN)
    with sandbox.deployment.ledger.reading() as connection:
        told = [str(record["text"]) for record in records] + [str(recent_runs(connection, 1)[0])]
    told += [sandbox.log(run), *(str(sandbox.values(run, task)) for task in sandbox.states(run))]
    said = "\n".join(told)
    sandbox.close()
    values = [*personal_values(kredit_data), "Zenker", "Zacharias", "zenker@example.de", "77/777", "777/77777"]
    assert [value for value in values if value in said] == []
    assert not any("77777" in record["text"] for record in records)
    assert "<text>" in said


def test_gold_holds_no_personal_value(kredit_sandbox: Sandbox, kredit_data: Path) -> None:
    personal = set(personal_values(kredit_data))
    for name in kredit_sandbox.versions():
        if name.startswith("gold."):
            frame = kredit_sandbox.table(name).to_pandas()
            texts = pd.unique(frame.select_dtypes(["object", "string"]).astype(str).to_numpy().ravel())
            assert not personal & set(texts)
