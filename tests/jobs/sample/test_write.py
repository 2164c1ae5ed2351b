import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest

from jobs.sample.applicants import COHORTS, DRIFTED_COHORTS, archetype_shares, customer_roll, risk_levels
from jobs.sample.tables import ARCHETYPE_SHARE, DEFAULT_RATE, HISTOGRAMS
from jobs.sample.text import customer_texts
from jobs.sample.write import CHUNK, HEADERS, SampleSpec, _Extract, existing_extracts, write_sample
from storage.errors import StorageError, UsageError

CUSTOMERS = 6000
SPEC = SampleSpec(CUSTOMERS, seed=11)

Columns = dict[str, list[str]]


def parsed(text: str) -> Columns:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def texts_of(folder: Path) -> dict[str, str]:
    return {name: (folder / f"{name}.csv").read_bytes().decode() for name in HEADERS}


def month_of(day: str) -> int:
    _, month, year = day.split("/")
    return (int(year) - 2023) * 12 + int(month) - 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("sample") / "new"
    write_sample(where, SPEC, None)
    return where


@pytest.fixture(scope="module")
def texts(folder: Path) -> dict[str, str]:
    return texts_of(folder)


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    where = tmp_path_factory.mktemp("drifted")
    write_sample(where, SampleSpec(CUSTOMERS, seed=11, drift=1.0), None)
    return texts_of(where)


def test_same_seed_gives_the_same_bytes(tmp_path: Path, texts: dict[str, str]) -> None:
    write_sample(tmp_path, SampleSpec(CUSTOMERS, seed=11, drift=0.0), None)
    assert texts_of(tmp_path) == texts


def test_another_seed_gives_another_book(tmp_path: Path, texts: dict[str, str]) -> None:
    write_sample(tmp_path, SampleSpec(CUSTOMERS, seed=12), None)
    assert all(texts_of(tmp_path)[name] != texts[name] for name in HEADERS)


def test_drift_moves_the_newest_cohorts_alone(texts: dict[str, str], drifted: dict[str, str]) -> None:
    book, moved = (parsed(each["features_financials"]) for each in (texts, drifted))
    newest = np.array([month_of(day) >= COHORTS - DRIFTED_COHORTS for day in book["snapshot_date"]])
    lines = [each["features_financials"].splitlines()[1:] for each in (texts, drifted)]
    same = np.array([a == b for a, b in zip(*lines, strict=True)])
    assert same[~newest].all()
    assert same[newest].mean() < 0.5
    rates = [np.array(each["Interest_Rate"], dtype=np.float64) for each in (book, moved)]
    usual = (rates[0] < 90) & (rates[1] < 90)
    shift = (rates[1] - rates[0])[newest & usual].mean() / rates[0][usual].std()
    assert 0.75 < shift < 1.25


def test_drift_leaves_the_other_loans_as_they_are(texts: dict[str, str], drifted: dict[str, str]) -> None:
    lines = [each["lms_loan_daily"].splitlines()[1:] for each in (texts, drifted)]
    changed = {a.split(",")[2] for a, b in zip(*lines, strict=True) if a != b}
    assert {month_of(day) for day in changed} == set(range(COHORTS - DRIFTED_COHORTS, COHORTS))


def test_archetypes_explain_the_default_rate_and_drift_makes_them_riskier() -> None:
    assert ARCHETYPE_SHARE.sum() == pytest.approx(1.0)
    assert archetype_shares(0.0) == pytest.approx(ARCHETYPE_SHARE)
    shares = [archetype_shares(drift) for drift in (0.0, 0.5, 1.0, 2.0, 5.0)]
    levels = [each @ risk_levels() for each in shares]
    assert levels == sorted(levels)
    assert levels[0] == pytest.approx(0.0, abs=1e-12)
    assert shares[2] @ DEFAULT_RATE > 1.5 * (shares[0] @ DEFAULT_RATE)


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_histograms_are_whole(name: str) -> None:
    edges, cumulative = HISTOGRAMS[name]
    assert (np.diff(edges) > 0).all()
    assert cumulative.shape == (len(ARCHETYPE_SHARE), len(edges))
    assert (np.diff(cumulative, axis=1) >= 0).all()
    assert (cumulative[:, 0] == 0).all()
    assert (cumulative[:, -1] == 1).all()


@pytest.mark.parametrize(
    ("customers", "seed", "drift", "says"),
    [
        (0, 1, 0.0, "0 customers"),
        (-5, 1, 0.0, "-5 customers"),
        (20_000_001, 1, 0.0, "20000001 customers"),
        (10, -1, 0.0, "seed -1"),
        (10, 1, -0.1, "drift of -0.1"),
        (10, 1, 5.1, "drift of 5.1"),
        (10, 1, math.nan, "drift of nan"),
        (10, 1, math.inf, "drift of inf"),
    ],
)
def test_impossible_samples_are_refused(customers: int, seed: int, drift: float, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        SampleSpec(customers, seed, drift)


def test_one_customer_is_a_book(tmp_path: Path) -> None:
    rows = write_sample(tmp_path, SampleSpec(1, seed=0), None)
    assert rows["features_attributes"] == rows["features_financials"] == 1
    assert rows["lms_loan_daily"] == 11
    assert rows["feature_clickstream"] in {0, 24}


@pytest.mark.thorough
def test_chunks_join_without_a_seam(tmp_path: Path) -> None:
    customers = CHUNK + 300
    steps: list[tuple[int, int]] = []
    rows = write_sample(tmp_path, SampleSpec(customers, seed=3), lambda done, total: steps.append((done, total)))
    assert rows["features_attributes"] == rows["features_financials"] == customers
    assert rows["lms_loan_daily"] == 11 * customers
    assert rows == {name: (tmp_path / f"{name}.csv").read_bytes().count(b"\n") - 1 for name in HEADERS}
    people = parsed((tmp_path / "features_attributes.csv").read_text())
    assert people["Customer_ID"] == sorted(set(people["Customer_ID"]))
    # The second chunk is drawn anew: it is not the beginning of the first over again.
    assert people["SSN"][CHUNK:] != people["SSN"][:300]
    done, totals = zip(*steps, strict=True)
    assert list(done) == sorted(set(done))
    assert set(totals) == {done[-1]} == {sum(rows.values())}


def test_an_interrupted_sample_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        assert list(tmp_path.iterdir())
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, SampleSpec(500, seed=1), stop)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_replaced(tmp_path: Path, texts: dict[str, str]) -> None:
    (tmp_path / ".lms_loan_daily.csv.part").write_text("half a line" * 1_000_000)
    write_sample(tmp_path, SPEC, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.csv" for name in HEADERS)
    assert texts_of(tmp_path) == texts


@pytest.mark.parametrize("there", ["lms_loan_daily.csv", "feature_clickstream.csv.gz", "features_attributes"])
def test_extracts_that_are_there_are_not_overwritten(there: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no extract")
    assert existing_extracts(tmp_path) == []
    (tmp_path / there).write_text("mine")
    assert existing_extracts(tmp_path) == [tmp_path / there]
    with pytest.raises(UsageError, match=re.escape(there)):
        write_sample(tmp_path, SampleSpec(10, seed=1), None)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([there, "notes.txt"])
    assert (tmp_path / there).read_text() == "mine"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        write_sample(tmp_path / "file", SampleSpec(10, seed=1), None)
    with pytest.raises(UsageError, match="can't be made"):
        write_sample(tmp_path / "file" / "below", SampleSpec(10, seed=1), None)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_said_in_a_sentence() -> None:
    with Path("/dev/full").open("wb", buffering=0) as handle, pytest.raises(StorageError, match="free space"):
        _Extract(handle, ("a", "b"))


def test_extracts_of_a_missing_folder_are_none(tmp_path: Path) -> None:
    assert existing_extracts(tmp_path / "nowhere") == []


@pytest.mark.parametrize("customers", [1, 20, 200_000])
def test_customer_numbers_are_distinct_and_sorted_as_their_texts(customers: int) -> None:
    roll = customer_roll(np.random.default_rng(5), customers)
    texts = customer_texts(roll.numbers).to_pylist()
    assert texts == [f"CUS_0x{number:x}" for number in roll.numbers]
    assert texts == sorted(set(texts))
    assert len(texts) == len(roll.cohorts) == customers
