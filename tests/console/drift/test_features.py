"""The ranking of the features: which of them are broken, and why, is in its numbers."""

from types import SimpleNamespace
from typing import Any

from console.drift.features import ranking_panel
from tests.console.drift.test_movement import FEATURES, MOVED


def numbers(values: dict[str, Any]) -> Any:
    view: Any = SimpleNamespace(features=FEATURES, identity=("a",), monitoring_run=SimpleNamespace(values=values))
    return ranking_panel(view, {}, None, MOVED).numbers


def test_a_broken_feature_has_its_fault() -> None:
    told = numbers({"faulty": {"DTI": "DTI has no value in any of 150 loans; check the extracts."}})
    faults = told.set_index("feature")["fault"]
    assert faults["DTI"] == "DTI has no value in any of 150 loans; check the extracts."
    assert faults.drop("DTI").isna().all()
    assert "fault" not in numbers({"faulty": {}})
