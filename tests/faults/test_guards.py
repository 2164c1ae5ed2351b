"""Row 36: without each guard a named test fails, which passes with it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.counts import Count
from tests.faults.guards import GUARDS
from tests.paths import ROOT

# What a test raises when something is not as it expects: pytest's errors, and the product's about a file that is not
# there. An import or a name that is missing is no such thing.
EXPECTATIONS = ("AssertionError", "Failed", "StorageError")


def test_each_guard_is_where_the_table_says() -> None:
    counts = {guard.name: (ROOT / guard.file).read_text(encoding="utf-8").count(guard.text) for guard in GUARDS}
    assert counts == dict.fromkeys(counts, 1)


@pytest.mark.thorough
def test_without_a_guard_its_test_fails(tmp_path: Path, counted: Count) -> None:
    words = [sys.executable, "-m", "tests.faults.unguarded", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    whole = {test: outcome for number, test, outcome, _ in told if number < 0}
    assert whole == {guard.test: "call passed" for guard in GUARDS}, done.stderr[-3000:]
    ends = {number: (test, outcome, raised) for number, test, outcome, raised in told if number >= 0}
    unnoticed = {
        guard.name: ends.get(number)
        for number, guard in enumerate(GUARDS)
        if ends.get(number, ())[:2] != (guard.test, "call failed") or ends[number][2] not in EXPECTATIONS
    }
    assert unnoticed == {}
    counted(f"row 36: {len(GUARDS)} guards, a named test fails without each")
