"""Every candidate's probabilities are those of default: the calibration error on loans that no fit saw.

At n loans a perfectly calibrated model shows an expected calibration error of about sqrt(2 v 10 / (pi n)) with ten bins
and v = p (1 - p): 0.031 at the 1,069 test loans of the real extracts, 0.020 at the 2,500 of a sample. A bad rate of the
test loans that differs by chance from that of the train loans adds to it: 0.034 in one of the samples, of which no
curve can know. So the limit holds for `calibration_error`, the root mean square without noise, and says that the error
is not above 0.03 beyond doubt: on the test loans, and, four times as many, on all out-of-fold train loans, each
calibrated without its own fold.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from jobs.modelling.candidates import FOLDS
from jobs.sample.write import SampleSpec, write_sample
from jobs.statistics.calibration import calibration_error
from jobs.statistics.logistic import calibrated, platt_curve, tempered_logits
from storage.lake.names import OUT_OF_FOLD_SCORES, TRAINING_DATA
from tests.paths import LOANS
from tests.retail import CLASSIFIERS
from tests.sandbox import Sandbox

MOST = 0.03


def numbers_of(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = sandbox.champions()[0].summary["candidates"]
    return found


def doubt(n: int, bad_rate: float) -> float:
    """The error that a model with a true error of `MOST` stays below 99% of the time at n loans.

    The square of the distance of each of ten bins, less its noise w, has the variance 2 w^2 + 4 w MOST^2, with
    w = 10 rate (1 - rate) / n at most.
    """
    w = 10 * bad_rate * (1 - bad_rate) / n
    return float((MOST**2 + 2.33 * ((2 * w**2 + 4 * w * MOST**2) / 10) ** 0.5) ** 0.5)


def cross_calibrated(sandbox: Sandbox, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(labels, scores) of all train loans of a candidate, each scored and calibrated without the loans of its fold."""
    train = sandbox.table(TRAINING_DATA).to_pandas().set_index("loan_id")
    rows = sandbox.table(OUT_OF_FOLD_SCORES).to_pandas()
    rows = rows[rows["candidate"] == name].set_index("loan_id")
    labels, raw = train.loc[rows.index, "label"].to_numpy(), rows["raw_score"].to_numpy()
    scores = np.empty(len(rows))
    for fold in range(1, FOLDS + 1):
        own = (rows["fold"] == fold).to_numpy()
        curve = platt_curve(labels[~own], tempered_logits(raw[~own]))
        scores[own] = calibrated(raw[own], *curve)
    return labels.astype(np.int64), scores


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    sandbox = Sandbox.at(tmp_path_factory.mktemp("real") / "home")
    sandbox.succeed("training", data=str(LOANS))
    return sandbox


@pytest.mark.reference
@pytest.mark.thorough
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_candidate_is_calibrated_on_the_real_extracts(real: Sandbox, name: str) -> None:
    assert_calibrated(real, name)


def assert_calibrated(sandbox: Sandbox, name: str) -> None:
    labels, scores = cross_calibrated(sandbox, name)
    assert (calibration_error(labels, scores) or 0.0) <= doubt(len(labels), float(labels.mean()))
    found, rows = numbers_of(sandbox)[name], sandbox.champions()[0].summary["rows"]["test"]
    assert found["calibration_error"] <= doubt(rows["loans"], found["bad_rate"])


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(1, 6))
def test_every_candidate_is_calibrated_on_samples(seed: int, tmp_path: Path) -> None:
    write_sample(tmp_path / "data", SampleSpec(customers=15_000, seed=seed))
    sandbox = Sandbox.at(tmp_path / "home")
    sandbox.succeed("training", data=str(tmp_path / "data"))
    assert set(numbers_of(sandbox)) == set(CLASSIFIERS)
    for name in CLASSIFIERS:
        assert_calibrated(sandbox, name)
