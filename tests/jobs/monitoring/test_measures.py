"""What monitoring measures besides AUC and drift: KS, Gini, the estimate, maturity, and the earlier forecast."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from jobs.governance.gate import model_governance_gate
from jobs.job import Job
from jobs.monitoring.measures import (
    ESTIMATE,
    auc_facts,
    by_cohort,
    discrimination,
    drifts,
    estimated_auc_of_waiting,
    gate_window,
)
from jobs.monitoring.metrics import (
    calculate_monitoring_metrics,
    store_monitoring_results_gold,
    with_forecasts,
)
from jobs.monitoring.schemas import COHORT_SCHEMA
from jobs.statistics.estimate import estimate_with_interval
from jobs.statistics.reference import numeric_reference
from jobs.statistics.risk_curves import LogisticCurve, logistic_curve
from jobs.statistics.vintage import vintage_curves
from storage.lake.names import INFERENCE_FEATURES, MONITORING, MONITORING_COHORTS, OUTCOMES
from storage.ledger.models import ModelVersion
from tests.job_factory import JobFactory
from tests.sandbox import AS_OF, Sandbox

GATE = {
    "auc_threshold": 0.7, "psi_threshold": 0.2, "drift_rows": 150, "auc_defaults": 100, "auc_least_defaults": 50,
    "lgd": 0.45,
}  # fmt: skip
GENERATOR = np.random.default_rng(1)
SCORES = GENERATOR.random(600)
LABELS = (GENERATOR.random(600) < SCORES).astype(int)


def outcomes(labels: Sequence[int | None], scores: Sequence[float], cohort: str = "2024-01") -> pa.Table:
    """Scored loans that nothing was fitted on; a loan without a label has not been observed yet."""
    count = len(labels)
    return pa.table(
        {
            "loan_id": pa.array([f"{cohort}-{number}" for number in range(count)], pa.string()),
            "predicted_label": pa.array([int(score > 0.5) for score in scores], pa.int8()),
            "predicted_proba": pa.array(scores, pa.float64()),
            "cohort": pa.array([cohort] * count, pa.string()),
            "label": pa.array(labels, pa.int8()),
            "fitted": pa.array([False] * count, pa.bool_()),
            "observed": pa.array([label is not None for label in labels], pa.bool_()),
        }
    )


def job_on(job_factory: JobFactory, table: pa.Table, metadata: dict[str, Any], **fields: Any) -> Job:
    """A job that measures these outcomes of a champion with these metadata."""
    facts = job_factory.job().models.folder.write("metadata.json", json.dumps(metadata).encode())
    return job_factory.job(
        {OUTCOMES: table},
        settings=GATE,
        values={"fetch_predictions_and_actuals": {"version": "v1", "fitted": 0}},
        champions=(ModelVersion("v1", "x", {"metadata": facts}, {}, {}),),
        **fields,
    )


def metadata(curve: LogisticCurve | dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"reference": {"score": numeric_reference(SCORES).as_json(), "features": {}}}
    document = curve.as_json() if isinstance(curve, LogisticCurve) else curve
    return made if document is None else made | {"risk_curve": document}


def test_ks_and_gini_are_of_bad_against_good() -> None:
    measured, _ = discrimination(outcomes(LABELS.tolist(), SCORES.tolist()))
    theirs = stats.ks_2samp(SCORES[LABELS == 1], SCORES[LABELS == 0]).statistic
    assert measured["ks"] == pytest.approx(theirs)
    assert measured["gini"] == pytest.approx(2 * measured["auc"] - 1)


def test_the_estimate_is_of_loans_whose_outcome_is_not_known_and_needs_enough_of_them() -> None:
    curve = logistic_curve(LABELS, SCORES)
    waiting = outcomes([None] * 200, SCORES[:200].tolist())
    table = pa.concat_tables([outcomes(LABELS.tolist(), SCORES.tolist()), waiting])
    found = estimated_auc_of_waiting(table, curve, 150)
    expected = estimate_with_interval(SCORES[:200], curve)
    assert found == dict(zip(ESTIMATE, (expected.value, expected.low, expected.high), strict=True)) | {
        "estimate_rows": 200
    }
    for other, rows in ((curve, 201), (None, 1)):
        assert estimated_auc_of_waiting(table, other, rows) == dict.fromkeys(ESTIMATE) | {"estimate_rows": 200}
    assert estimated_auc_of_waiting(outcomes([1, 0], [0.9, 0.1]), curve)["auc_estimate"] is None


def test_a_cohort_is_mature_once_all_of_it_was_observed() -> None:
    whole = outcomes([0, 1], [0.1, 0.9], "2024-01")
    part = outcomes([0, None], [0.1, 0.9], "2024-02")
    young = outcomes([None] * 3, [0.1, 0.5, 0.9], "2024-03")
    found = by_cohort(pa.concat_tables([young, part, whole]), logistic_curve(LABELS, SCORES))
    assert [row["mature"] for row in found] == [True, False, False]
    assert [row["estimate_rows"] for row in found] == [0, 1, 3]
    assert [row["auc_estimate"] is None for row in found] == [True, True, False]


def test_the_gate_judges_the_newest_mature_months_with_enough_defaults() -> None:
    months = {
        "2024-01": [1] * 9,
        "2024-02": [1, 1, 1, 0, 0, 0],
        "2024-03": [1, 1, 0],
        "2024-04": [1, 1, 1, 1, 0, None],  # not mature: an outcome is not due yet
        "2024-05": [None, None],
    }
    tables = {month: outcomes(labels, [0.5] * len(labels), month) for month, labels in months.items()}
    # An outcome that is due and can't be told leaves its month mature, and its loan out.
    gap = outcomes([None], [0.5], "2024-03").set_column(6, "observed", pa.array([True]))
    table = pa.concat_tables([*tables.values(), gap])
    found = {least: gate_window(table, least) for least in (1, 2, 3, 5, 6, 14, 15)}
    assert {least: sorted(set(rows["cohort"].to_pylist())) for least, rows in found.items()} == {
        1: ["2024-03"], 2: ["2024-03"], 3: ["2024-02", "2024-03"], 5: ["2024-02", "2024-03"],
        6: ["2024-01", "2024-02", "2024-03"], 14: ["2024-01", "2024-02", "2024-03"],
        15: ["2024-01", "2024-02", "2024-03"],
    }  # fmt: skip
    assert found[1]["label"].to_pylist() == [1, 1, 0]
    assert gate_window(tables["2024-05"], 1).num_rows == 0


def test_the_auc_of_the_gate_stands_beside_the_auc_of_all_outcomes() -> None:
    old = outcomes(LABELS.tolist(), SCORES.tolist(), "2024-01")
    new = outcomes((1 - LABELS).tolist(), SCORES.tolist(), "2024-02")
    young = outcomes([*LABELS[:300].tolist(), None], [*SCORES[:300].tolist(), 0.5], "2024-03")
    facts, confusion = auc_facts(pa.concat_tables([old, new, young]), 100, 50)
    judged, all_of_them = discrimination(new), discrimination(pa.concat_tables([old, new, young]))
    assert (facts["auc_from"], facts["auc_to"], facts["auc_status"]) == ("2024-02", "2024-02", "measured")
    assert {name: facts[name] for name in judged[0]} == judged[0]
    assert confusion == judged[1]
    assert (facts["auc_pooled"], facts["labelled_pooled"]) == (all_of_them[0]["auc"], 1500)
    assert facts["auc_pooled_low"] < facts["auc_pooled"] < facts["auc_pooled_high"]
    assert facts["auc"] < 0.5 < facts["auc_pooled"]
    assert auc_facts(new, 1000, facts["defaults"] + 1)[0]["auc_status"] == "insufficient"


def test_a_feature_of_one_value_in_the_baseline_and_in_the_window_has_no_csi() -> None:
    frozen = {name: numeric_reference([5.0] * 200).as_json() for name in ("flat", "broken")}
    reference = {"score": numeric_reference(SCORES).as_json(), "features": frozen}
    window = pa.table({"predicted_proba": SCORES, "flat": [5.0] * 600, "broken": [5.0] * 300 + [6.0] * 300})
    score, (first, second) = drifts(window, reference, 150)
    assert score.value is not None
    assert (first["feature"], first["band"]) == ("broken", "significant")
    flat = {"feature": "flat", "csi": None, "chance_level": None, "window_rows": 600, "band": None}
    assert second == flat


def test_a_flat_risk_curve_makes_a_watch_and_never_hides_a_breach(job_factory: JobFactory) -> None:
    blind = {"scores": [0.0, 1.0], "risks": [0.3, 0.3], "rows": 600}  # isotonic, as in models of earlier releases
    waiting = outcomes([None] * 600, SCORES.tolist(), "2024-03")
    healthy = pa.concat_tables([outcomes(LABELS.tolist(), SCORES.tolist()), waiting])
    breached = pa.concat_tables([outcomes((1 - LABELS).tolist(), SCORES.tolist()), waiting])
    found = {}
    for name, table in (("healthy", healthy), ("breached", breached)):
        for kind, curve in (("none", None), ("blind", blind), ("sharp", logistic_curve(LABELS, SCORES))):
            shop = JobFactory(job_factory.folder / name / kind)
            values = calculate_monitoring_metrics(job_on(shop, table, metadata(curve))).values
            gate = model_governance_gate(shop.job(settings=GATE, values={"calculate_monitoring_metrics": values}))
            assert gate.values["status"] == values["row"]["status"]
            found[name, kind] = gate.values["status"]
    assert {kind: found["healthy", kind] for kind in ("none", "blind", "sharp")} == {
        "none": "healthy", "blind": "watch", "sharp": "healthy",
    }  # fmt: skip
    assert {found["breached", kind] for kind in ("none", "blind", "sharp")} == {"breach"}


def test_confirmed_flags_say_whether_a_breach_is_beyond_noise(job_factory: JobFactory) -> None:
    made = metadata()
    fine, turned, shifted = LABELS.tolist(), (1 - LABELS).tolist(), (0.9 + SCORES / 10).tolist()
    scores_now = SCORES.tolist()
    cases = [(fine, scores_now, (None, None)), (turned, scores_now, (True, None)), (fine, shifted, (None, True))]
    for number, (labels, scores, expected) in enumerate(cases):
        shop = JobFactory(job_factory.folder / str(number))
        row = calculate_monitoring_metrics(job_on(shop, outcomes(labels, scores), made)).values["row"]
        assert (row["auc_confirmed"], row["psi_confirmed"]) == expected
    noise = JobFactory(job_factory.folder / "noise")
    # The bad loans score a little higher: an AUC near 0.65, with an upper bound above the threshold.
    few = outcomes([1] * 60 + [0] * 60, [score / 80 for score in (*range(10, 70), *range(1, 61))])
    row = calculate_monitoring_metrics(job_on(noise, few, made)).values["row"]
    assert (row["status"], row["auc_confirmed"]) == ("breach", False)


def test_what_was_forecast_stands_beside_what_came_true(job_factory: JobFactory) -> None:
    curve = logistic_curve(LABELS, SCORES)
    tables: dict[str, pa.Table] = {}
    stages = [[None] * 600, [None] * 300 + LABELS[300:].tolist(), LABELS.tolist()]
    found = []
    for number, labels in enumerate(stages):
        shop = JobFactory(job_factory.folder / str(number))
        job = job_on(shop, outcomes(labels, SCORES.tolist()), metadata(curve))
        values = {"calculate_monitoring_metrics": calculate_monitoring_metrics(job).values}
        later = JobFactory(job_factory.folder / f"store{number}").job(
            tables, as_of=AS_OF + timedelta(days=30 * number), values=values
        )
        outcome = store_monitoring_results_gold(later)
        tables = {table.table: later.datamart.read(table) for table in outcome.tables}
        found.append(outcome.values["cohorts"][0])
    first = found[0]["auc_estimate"]
    assert first == estimate_with_interval(SCORES, curve).value
    assert [row["auc_forecast"] for row in found] == [None, first, first]
    assert [row["mature"] for row in found] == [False, False, True]
    assert found[2]["auc_estimate"] is None
    assert found[2]["auc_low"] < found[2]["auc_forecast"] < found[2]["auc_high"]
    assert tables[MONITORING_COHORTS]["auc_forecast"].to_pylist() == [None, first, first]
    assert tables[MONITORING]["auc_estimate"].to_pylist()[0] == first


def test_a_date_that_is_monitored_again_knows_nothing_of_its_own_or_later_dates(job_factory: JobFactory) -> None:
    schema = pa.schema([("monitoring_date", pa.date32()), *COHORT_SCHEMA.remove(0)])
    kept = [{"monitoring_date": AS_OF, "cohort": "2024-01", "labelled": 0, "auc_estimate": 0.7}]
    job = job_factory.job({MONITORING_COHORTS: pa.Table.from_pylist(kept, schema)})
    cohorts = by_cohort(outcomes([0, 1], [0.1, 0.9]))
    for days, forecast in ((-1, None), (0, None), (1, 0.7)):
        (found,) = with_forecasts(replace(job, as_of=AS_OF + timedelta(days=days)), cohorts)
        assert found["auc_forecast"] == forecast


def test_the_vintage_at_six_months_is_the_bad_rate_of_the_labels(monitored_sandbox: Sandbox) -> None:
    rows = monitored_sandbox.table(OUTCOMES)
    bad = rows["bad_month"].to_numpy()
    points = vintage_curves(rows["cohort"].to_pylist(), bad, rows["months_on_book"].to_numpy())
    assert {point.cohort for point in points} == set(rows["cohort"].to_pylist())
    six = [point for point in points if point.months_on_book == 6]
    labels = dict.fromkeys((point.cohort for point in six), 0.0)
    for cohort in labels:
        own = [row["label"] for row in rows.to_pylist() if row["cohort"] == cohort]
        labels[cohort] = sum(own) / len(own)
    assert {point.cohort: point.bad_rate for point in six} == pytest.approx(labels)
    assert all(point.mature for point in six)
    assert all(point.bad_rate == 0 for point in points if point.months_on_book < 3)


@pytest.mark.thorough
def test_months_on_book_are_those_known_at_as_of(sandbox: Sandbox) -> None:
    day = date(2024, 9, 1)
    sandbox.succeed("inference", day, force=True)
    sandbox.succeed("monitoring", day)
    rows = sandbox.table(OUTCOMES)
    starts = {row["loan_id"]: row["loan_start_date"] for row in sandbox.table(INFERENCE_FEATURES).to_pylist()}
    for row in rows.to_pylist():
        start = starts[row["loan_id"]]
        assert row["months_on_book"] <= (day.year - start.year) * 12 + day.month - start.month
        assert row["observed"] or row["label"] is None
    newest = [row for row in rows.to_pylist() if row["cohort"] == "2024-09"]
    assert {row["bad_month"] for row in newest if row["bad_month"]} <= {3}
    assert not any(row["observed"] for row in newest)
