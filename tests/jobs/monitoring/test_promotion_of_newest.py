"""A feed that broke after the champion was trained keeps a new model from being promoted; the same data do not."""

from datetime import date
from pathlib import Path

import pytest

from tests.cases.rewritten import Row, rewritten
from tests.sandbox import AS_OF, ONE_CANDIDATE, Sandbox

RATE, TRAINED, BROKEN_FROM = "Interest_Rate", date(2025, 3, 1), date(2024, 10, 1)


@pytest.mark.thorough
def test_only_what_broke_since_the_champion_was_trained_is_a_fault(sample_data: Path, tmp_path: Path) -> None:
    def change(rows: list[Row]) -> list[Row]:
        return [{**row, RATE: ""} if day_of(row["snapshot_date"]) >= BROKEN_FROM else row for row in rows]

    data = str(rewritten(sample_data, tmp_path / "broken", "features_financials", change))
    sandbox = Sandbox.at(tmp_path / "home", candidates=ONE_CANDIDATE)
    try:
        sandbox.succeed("training", TRAINED, data=str(sample_data))
        assert reason(sandbox, data).startswith(f"Not promoted: data fault: {RATE} ")
        assert "newest loans" in reason(sandbox, data)
        assert len(sandbox.champions()) == 1
        # The same fault is known to a champion that was trained on it.
        other = Sandbox.at(tmp_path / "other", candidates=ONE_CANDIDATE)
        other.succeed("training", data=data)
        assert reason(other, data).startswith("Promoted: ")
        other.close()
    finally:
        sandbox.close()


def day_of(text: str) -> date:
    day, month, year = map(int, text.split("/"))
    return date(year, month, day)


def reason(sandbox: Sandbox, data: str) -> str:
    """Why a training on these extracts promoted its model or did not."""
    run_id = sandbox.succeed("training", AS_OF, force=True, data=data)
    told: str = sandbox.values(run_id, "store_best_model")["promotion"]["reason"]
    return told
