"""What a replay tells of each date, by its own code and by its command."""

import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine.backfill.backfill import ReplayStopped
from engine.backfill.strides import Stride
from tests.commands import command
from tests.engine.backfill.past import DATES, FIRST, SECOND, TOUCHY, Past

pytestmark = [pytest.mark.group("replay"), pytest.mark.thorough]


def test_each_date_is_trained_scored_monitored_and_decided_as_of_itself(past: Past) -> None:
    rows = past.rows
    assert [row["date"] for row in rows] == [day.isoformat() for day in DATES]
    assert [row["action"] for row in rows] == ["none", "requested", "suppressed"]
    steps = [(run["pipeline"], run["as_of"], run["cause"], run["state"]) for run in past.runs()]
    expected = [("training", FIRST, "replay")]
    for day in DATES:
        expected += [("inference", day, "replay"), ("monitoring", day, "replay")]
        expected += [("training", day, "governance")] if day == SECOND else []
    assert steps == [(pipeline, day.isoformat(), cause, "succeeded") for pipeline, day, cause in expected]
    (first,), (second,), third = (row["trainings"] for row in rows)
    assert (first["asked_by"], first["version"], first["promoted"]) == ("first", "20240601_000000", True)
    assert (second["asked_by"], second["version"]) == ("gate", "20240701_000000")
    assert third == []
    assert [row["model_version"] for row in rows[:2]] == ["20240601_000000"] * 2
    assert all(0 < row["auc_low"] < row["auc"] < row["auc_high"] < 1 and row["labelled"] > 50 for row in rows)
    assert all(row["labelled"] <= row["labelled_pooled"] and 0 < row["auc_pooled"] < 1 for row in rows)


def test_dates_before_the_first_model_are_passed_over_and_the_calendar_trains_later_ones(
    another: Callable[..., Past], sample_data: Path
) -> None:
    early = another(sample_data, psi_threshold=9, auc_threshold=0.4)
    dates, monthly = (date(2023, 5, 1), date(2024, 2, 1), date(2024, 3, 1)), Stride(1, "month")
    rows = early.replay(dates, train_every=monthly)
    assert (rows[0]["status"], rows[0]["auc"], rows[1]["model_version"]) == ("no model", None, "20240201_000000")
    assert "No loan's outcome is known on 2023-05-01" in rows[0]["reason"]
    trained = [[(one["asked_by"], one["version"]) for one in row["trainings"]] for row in rows]
    assert trained == [[("first", None)], [("first", "20240201_000000")], [("calendar", "20240301_000000")]]
    before = len(early.runs())
    assert early.replay(dates, train_every=monthly) == rows
    assert len(early.runs()) == before


def test_a_replay_without_any_model_ends_with_the_reason(another: Callable[..., Past], sample_data: Path) -> None:
    with pytest.raises(ReplayStopped, match="No loan's outcome is known on 2023-05-01") as end:
        another(sample_data).replay((date(2023, 5, 1),))
    assert end.value.exit_code == 1


def replay_command(past: Past, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {f"LOANWATCH_{name.upper()}": str(value) for name, value in TOUCHY.items()}
    span = ["--from", "2024-06-01", "--to", "2024-08-31", "--data", str(past.data)]
    return command("replay", *span, "--home", str(past.deployment.settings.home), *words, env=settings)


def test_the_command_tells_a_row_for_each_date(past: Past) -> None:
    done = replay_command(past, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"], told["error"]) == (0, "succeeded", None)
    assert told["rows"] == past.rows
    done = replay_command(past)
    assert done.returncode == 0, done.stderr
    heading, *lines, legend, end = done.stdout.splitlines()
    assert heading.split()[:6] == ["date", "defaults", "AUC", "95%", "interval", "all"]
    assert legend.endswith("all: of all known outcomes.")
    assert f"{past.rows[0]['auc_pooled']:.3f}" in lines[0]
    assert [line.split()[0] for line in lines] == [day.isoformat() for day in DATES]
    assert "gate training: 20240701_000000" in lines[1]
    assert "no retraining: a retraining was requested on 2024-07-01, within " in lines[2]
    assert end.startswith("3 dates, ")
    assert "\x1b[" not in done.stdout


def test_the_command_refuses_what_can_not_be_honest(past: Past) -> None:
    done = replay_command(past, "--every", "week", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (5, 5)
    assert "2024-06-08 can't be replayed in this home" in told["error"]
