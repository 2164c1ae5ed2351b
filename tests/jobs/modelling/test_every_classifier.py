"""Every classifier of scikit-learn can be a candidate: it is stored and loaded, and its bytes are the same again."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.utils import all_estimators

from tests.jobs.modelling.every_classifier import EXCEPTIONS
from tests.paths import ROOT


def fitted(store: Path, other: Path, seed: str) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.modelling.every_classifier", str(store), str(other)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.thorough
def test_every_classifier_has_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    first = fitted(tmp_path / "first", tmp_path / "nothing", "1")
    second = fitted(tmp_path / "second", tmp_path / "first", "2")
    able = {name for name, kind in all_estimators(type_filter="classifier") if hasattr(kind, "predict_proba")}
    assert first.keys() == able - EXCEPTIONS.keys()
    assert len(first) > 30
    assert [name for name, one in first.items() if not one["same"]] == []
    assert [name for name, one in first.items() if one != second[name]] == []
