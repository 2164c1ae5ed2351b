"""The sections: their figures are those that the ledger and the model's metadata hold."""

import json
from typing import Any

import pytest

from engine.documents.profiles import deliveries_document
from engine.documents.runs import run_details
from engine.documents.validation import NOT_IN_ARREARS, losses_in_words, validation_document
from jobs.book.summary import label_in_words
from jobs.statistics.cut_off import cut_off_words
from storage.ledger.decisions import decision_for
from storage.ledger.models import model_row
from tests.engine.report.reading import Reading
from tests.sandbox import AS_OF, Sandbox


@pytest.fixture(scope="module")
def metadata(monitored_sandbox: Sandbox) -> dict[str, Any]:
    """The metadata of the champion."""
    (model,) = monitored_sandbox.champions()
    found: dict[str, Any] = json.loads(monitored_sandbox.deployment.models.read(model.files["metadata"]))
    return found


@pytest.fixture(scope="module")
def row(monitored_sandbox: Sandbox) -> dict[str, Any]:
    """The numbers of the monitoring date."""
    (found,) = monitored_sandbox.table("gold.model_monitoring").to_pylist()
    return dict(found)


@pytest.fixture(scope="module")
def validation(monitored_sandbox: Sandbox) -> dict[str, Any]:
    with monitored_sandbox.deployment.ledger.reading() as connection:
        found = validation_document(connection)
    assert found is not None
    return found


def test_purpose_names_the_model_and_its_newest_monitoring(
    page: Reading, metadata: dict[str, Any], row: dict[str, Any], monitored_sandbox: Sandbox
) -> None:
    told = page.sections["purpose"].words
    best = metadata["candidates"][metadata["model_name"]]
    assert f"Model {metadata['version']}, {metadata['model_name']}" in told
    assert f"champion since {AS_OF}" in told
    assert f"{best['test_auc']:.3f}, 95% interval {best['auc_low']:.3f} to {best['auc_high']:.3f}" in told
    assert cut_off_words(metadata["cut_off"]) in told
    assert f"{metadata['book']['name']}, SHA-256 {metadata['book']['digest']}" in told
    assert f"Monitored on {AS_OF}" in told
    assert f"AUC {row['auc']:.3f} (95% interval {row['auc_low']:.3f} to {row['auc_high']:.3f}" in told
    with monitored_sandbox.deployment.ledger.reading() as connection:
        decision = decision_for(connection, AS_OF)
    assert decision is not None
    assert decision.reason in told


def test_data_has_the_deliveries_the_accounts_and_the_columns(
    page: Reading, metadata: dict[str, Any], monitored_sandbox: Sandbox
) -> None:
    section = page.sections["data"]
    deployment = monitored_sandbox.deployment
    files = dict(section.tables["Extracts, each with the SHA-256 of its bytes"][1:])
    assert files == {path.rpartition("/")[2]: sha256 for path, sha256 in metadata["extracts"].items()}
    with deployment.ledger.reading() as connection:
        accounts = run_details(connection, metadata["run_id"])["accounts"]
        deliveries = {
            name: deliveries_document(connection, deployment.book, name)[-1] for name in deployment.book.by_dataset
        }
    shown = section.tables["Records, rows, customers and loans of the training"][1:]
    assert len(shown) == sum(one["kind"] != "columns" for one in accounts)
    quarantined = [one for one in accounts if one["kind"] == "files" and one["unit"] == "records read"]
    for one in quarantined:
        assert [one["subject"], f"{one['total']:,} records read"] in [cells[:2] for cells in shown]
    assert f"All {len(accounts)} accounts balance" in section.words
    assert "This report shows no value of Name and SSN." in section.words
    assert [cells[:3] for cells in section.tables["Deliveries"][1:]] == [
        [name, ", ".join(one["files"]), f"{one['rows']:,}"] for name, one in deliveries.items()
    ]
    for name, one in deliveries.items():
        columns = section.tables[f"{name}, {one['rows']:,} rows"][1:]
        assert [cells[0] for cells in columns] == [column["name"] for column in one["columns"]]
        assert [cells[2] for cells in columns] == [f"{column['missing_share']:.1%}" for column in one["columns"]]


def test_label_has_the_definition_and_the_loans_that_wait(
    page: Reading, metadata: dict[str, Any], validation: dict[str, Any], monitored_sandbox: Sandbox
) -> None:
    told = page.sections["label"].words
    book = monitored_sandbox.deployment.book
    assert book.bad_loan.description in told
    assert label_in_words(book) in told
    assert "The model was trained with this definition." in told
    for side in ("train", "test"):
        counts = metadata["rows"][side]
        assert f"{side.capitalize()}: {counts['loans']:,} loans" in told
        assert f"{counts['defaults']:,} bad." in told
    waiting = validation["losses"]["waiting"]
    assert f"{waiting['loans'] + waiting['without_exposure']:,} wait for their outcome" in told
    assert "All loans of one customer are on one side." in told


def test_limits_tell_flagged_customers_arrears_and_loans_without_a_score(
    page: Reading, metadata: dict[str, Any], row: dict[str, Any], validation: dict[str, Any]
) -> None:
    told = page.sections["limits"].words
    late = metadata["candidates"][metadata["model_name"]]["in_arrears"]
    assert f"{row['flagged_loans']:,} loans of flagged customers" in told
    assert f"{late['loans']:,} test loans were in arrears at scoring" in told
    assert f"{row['labelled_not_in_arrears']:,} loans not in arrears at scoring" in told
    assert "scored of flagged customers" in told
    assert "An AUC is judged from 50 defaults on." in told
    least = min(validation["backtest"][1:], key=lambda one: one["n"])
    assert f"The smallest cohort of the backtest, {least['cohort']}, has {least['n']:,} known outcomes." in told
    assert "Known faults" in told


def test_candidates_have_their_numbers_the_chosen_one_and_the_test(
    page: Reading, metadata: dict[str, Any], monitored_sandbox: Sandbox
) -> None:
    section = page.sections["candidates"]
    head, *rows = section.tables["The candidates of the training, the best one first"]
    ranked = sorted(metadata["candidates"].items(), key=lambda one: -one[1]["out_of_fold_auc"])
    assert [cells[0].partition(",")[0] for cells in rows] == [name for name, _ in ranked]
    assert rows[0][0] == f"{metadata['model_name']}, selected"
    for cells, (_, numbers) in zip(rows, ranked, strict=True):
        named = dict(zip(head, cells, strict=True))
        assert named["Test AUC"] == f"{numbers['test_auc']:.3f}"
        assert named["95% interval"] == f"{numbers['auc_low']:.3f} to {numbers['auc_high']:.3f}"
        assert named["Out-of-fold AUC"] == f"{numbers['out_of_fold_auc']:.3f}"
        error = f"{numbers['expected_calibration_error']:.3f} (noise {numbers['calibration_noise']:.3f})"
        assert named["Calibration error"] == error
        assert named["Cut-off"] == f"{numbers['cut_off']:.3f}"
        assert f"{numbers['not_in_arrears']['test_auc']:.3f}" in named["Test AUC, not in arrears"]
    told = section.words
    assert f"{metadata['model_name']} has the highest out-of-fold AUC of {len(ranked)} candidates." in told
    with monitored_sandbox.deployment.ledger.reading() as connection:
        kept = model_row(connection, metadata["version"])
    assert kept is not None
    assert kept.summary["promotion"]["reason"].partition(": ")[2] in told
    assert "This model is the anchor" in told


def test_calibration_has_the_bins_and_the_light_of_each_cohort(
    page: Reading, metadata: dict[str, Any], validation: dict[str, Any]
) -> None:
    section = page.sections["calibration"]
    assert f"slope {metadata['calibration']['slope']:.3f}" in section.words
    (bins,) = (rows for name, rows in section.tables.items() if name == "Bad rate by decile of the score")
    # The bins of the test loans and those of the known outcomes stand under the same heading.
    counted = [int(cells[1].replace(",", "")) for cells in bins if cells[0] != "Scores"]
    assert sum(counted) == metadata["rows"]["test"]["loans"] + validation["backtest"][0]["n"]
    every = section.tables["Backtest"][1:]
    rows = [cells for cells in every if cells[0] != NOT_IN_ARREARS]
    whole = validation["backtest"][0]["not_in_arrears"]
    assert every[1][:3] == [NOT_IN_ARREARS, f"{whole['n']:,}", f"{whole['defaults']:,}"]
    assert [cells[0] for cells in rows] == [one["cohort"] or "all" for one in validation["backtest"]]
    for cells, one in zip(rows, validation["backtest"], strict=True):
        assert cells[1:5] == [
            f"{one['n']:,}",
            f"{one['defaults']:,}",
            f"{one['mean_pd']:.1%}",
            f"{one['bad_rate']:.1%}",
        ]
        assert one["light"] in cells[6]
        assert one["direction"] in cells[6]


def test_stability_has_history_drift_importance_and_reasons(
    page: Reading, metadata: dict[str, Any], row: dict[str, Any], monitored_sandbox: Sandbox
) -> None:
    section = page.sections["stability"]
    (history,) = section.tables["Monitoring dates of all champions"][1:]
    assert history[:2] == [str(AS_OF), metadata["version"]]
    assert history[4] == f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"
    assert history[7:] == [f"{row['psi']:.3f}", f"{row['psi_chance_level']:.3f}", f"{row['window_rows']:,}"]
    (drift,) = (rows[1:] for name, rows in section.tables.items() if name.startswith("Features on"))
    measured = [one for one in monitored_sandbox.table("gold.model_monitoring_features").to_pylist() if one["csi"]]
    shown = {cells[0].split()[-1]: cells for cells in drift}
    assert {name: cells[1] for name, cells in shown.items()} == {
        one["feature"]: f"{one['csi']:.3f}" for one in measured
    }
    bands = {one["feature"]: one["band"] if one["csi"] > one["chance_level"] else "within noise" for one in measured}
    assert {name: cells[3] for name, cells in shown.items()} == bands
    assert "within noise" in bands.values()
    importance = section.tables["The features by their importance"][1:]
    assert [cells[1] for cells in importance] == [f"{one['importance']:.4f}" for one in metadata["importance"]]
    assert f"{metadata['reason_stability']['first_reason']:.0%} of" in section.words


def test_segments_have_the_ratio_of_approvals_and_the_losses(page: Reading, validation: dict[str, Any]) -> None:
    section = page.sections["segments"]
    (rows,) = (rows[1:] for name, rows in section.tables.items() if name.startswith("Groups on"))
    apart = [cells for cells in rows if cells[0] == NOT_IN_ARREARS]
    groups = [cells for cells in rows if len(cells) > 1 and cells not in apart]
    assert [cells[0] for cells in groups] == [one["band"] for one in validation["segments"]]
    assert len(rows) - len(groups) - len(apart) == len({one["segment"] for one in validation["segments"]})
    for cells, one in zip(groups, validation["segments"], strict=True):
        assert cells[1] == f"{one['loans']:,}"
        assert cells[7] == f"{one['approval']:.1%}"
        assert ("below 4/5" in cells[8]) == one["below_four_fifths"]
    for sentence in losses_in_words(validation["losses"], validation["flagged"]):
        assert sentence in section.words


def test_champions_have_the_promotion_by_its_run(page: Reading, metadata: dict[str, Any]) -> None:
    ((version, since, until, who, why, _),) = page.sections["champions"].tables["Champions, newest first"][1:]
    assert (version, since, until) == (metadata["version"], str(AS_OF), "champion")
    assert metadata["run_id"] in who
    assert why
    tests = page.sections["decisions"].tables["Promotions and requests of runs, oldest first"][1:]
    assert [cells[3:5] for cells in tests] == [["promotion", metadata["version"]]]
