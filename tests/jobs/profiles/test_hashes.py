"""Hashes: equal for equal values, spread evenly, and without pandas."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from jobs.profiles.hashes import distinct, hashes_of_numbers, hashes_of_texts
from tests.paths import ROOT

TEXTS = ["a", "ab", "ba", "Zoë", "b" * 300, *(f"CUS_0x{number:x}" for number in range(20_000))]


def test_equal_texts_have_equal_hashes_wherever_they_stand() -> None:
    whole = hashes_of_texts(pa.chunked_array([TEXTS]))
    parts = hashes_of_texts(pa.chunked_array([pa.array(["x", *TEXTS]).slice(1, 7), TEXTS[7:]]))
    assert (whole == parts).all()
    assert len(np.unique(whole)) == len(TEXTS)
    assert len(hashes_of_texts(pa.chunked_array([], pa.string()))) == 0


def test_distinct_hashes_are_sorted() -> None:
    assert distinct(np.array([7, 2**63, 7, 0, 2**63], np.uint64)).tolist() == [0, 7, 2**63]
    assert distinct(np.array([], np.uint64)).tolist() == []


@pytest.mark.parametrize(
    "hashes",
    [
        hashes_of_texts(pa.chunked_array([TEXTS])),
        hashes_of_numbers(np.arange(20_000)),
        hashes_of_numbers(np.arange(20_000, dtype=np.int32)),
        hashes_of_numbers(np.arange(20_000) / 100),
    ],
)
def test_hashes_are_spread_evenly(hashes: "np.ndarray[tuple[int], np.dtype[np.uint64]]") -> None:
    assert len(np.unique(hashes)) == len(hashes)
    counts = np.bincount((hashes >> np.uint64(60)).astype(int), minlength=16)
    assert counts.min() > 0.9 * len(hashes) / 16


def test_zero_has_one_hash() -> None:
    assert len(set(hashes_of_numbers(np.array([0.0, -0.0])).tolist())) == 1


def test_cleaning_does_not_pay_for_pandas() -> None:
    program = "import sys, jobs.silver.clean, engine.execution.publish\nsys.exit('pandas' in sys.modules)\n"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
