"""A feed that broke in the newest month is a data fault before that month is most of the window."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.monitoring.actuals import after_imputation
from jobs.monitoring.metrics import faults_of
from jobs.statistics.faults import LEAST_NEWEST, OF_NEWEST, feature_fault
from jobs.statistics.reference import category_reference, numeric_reference
from storage.lake.names import INFERENCE_IMPUTED
from storage.ledger.models import ModelVersion
from tests.job_factory import JobFactory

ROWS = 180
GENERATOR = np.random.default_rng(3)
REFERENCE = {
    "features": {
        "rate": numeric_reference(GENERATOR.normal(15, 4, 600)).as_json(),
        "work": category_reference(["a", "b", "c"] * 200).as_json(),
    }
}


def found(job_factory: JobFactory, rates: np.ndarray, work: list[str], broken: int) -> list[tuple[str, str]]:
    """(kind, sentence) of the faults where the last loans are of the newest month."""
    months = ["2025-06"] * (ROWS - broken) + ["2025-07"] * broken
    table = pa.table({"cohort": months, "rate": pa.array(rates, from_pandas=True), "work": work})
    job = job_factory.job(settings={"drift_rows": 150}, declaration="")
    return [(fault.kind, fault.sentence) for fault in faults_of(job, table, REFERENCE)]


@pytest.mark.parametrize("broken", [30, 36, 72, 108])
@pytest.mark.parametrize(
    ("factor", "kinds", "told"),
    [
        (100, {"unit"}, "rate is about 100 times what it was, in all {} loans of 2025-07; "),
        (np.nan, {"empty", "missing"}, "rate "),
    ],
)
def test_a_feed_that_broke_in_the_newest_month_alone_is_a_fault(
    job_factory: JobFactory, broken: int, factor: float, kinds: set[str], told: str
) -> None:
    rates, work = GENERATOR.normal(15, 4, ROWS), ["a", "b", "c"] * (ROWS // 3)
    assert found(job_factory, rates, work, broken) == []
    rates[-broken:] *= factor
    ((kind, sentence),) = found(job_factory, rates, work, broken)
    assert kind in kinds
    assert sentence.startswith(told.format(broken))


def test_a_level_or_a_value_of_the_newest_month_alone_is_drift(job_factory: JobFactory) -> None:
    rates, work = GENERATOR.normal(15, 4, ROWS), ["a", "b", "c"] * 40 + ["new"] * 60
    rates[-60:] = 15.0
    assert found(job_factory, rates, work, 60) == []


@pytest.mark.thorough
@pytest.mark.parametrize("rows", [LEAST_NEWEST, 2 * LEAST_NEWEST])
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.3, 0.5, 0.9])
def test_fewer_than_one_healthy_sample_in_a_thousand_is_a_fault(rows: int, missing: float) -> None:
    def drawn(size: int) -> np.ndarray:
        values = np.exp(GENERATOR.normal(8, 1, size))
        return np.where(GENERATOR.random(size) < missing, np.nan, values)

    faults = 0
    for _ in range(40):
        reference = numeric_reference(drawn(600))
        faults += sum(feature_fault(reference, drawn(rows), rows, OF_NEWEST) is not None for _ in range(50))
    assert faults <= 2  # of 2,000


def test_why_drift_is_measured_after_imputation(job_factory: JobFactory) -> None:
    model = ModelVersion("v1", "x", {}, {}, {})
    cells = {INFERENCE_IMPUTED: pa.table({"loan_id": ["a"]})}
    assert "model v1 was trained by an earlier release" in after_imputation(job_factory.job(cells), model, {})
    told = after_imputation(job_factory.job(), model, {"before_imputation": True})
    assert "the loans were scored by an earlier release; run inference, then monitoring," in told
    assert after_imputation(job_factory.job(cells), model, {"before_imputation": True}) == ""
