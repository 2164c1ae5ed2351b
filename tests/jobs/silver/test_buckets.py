"""Buckets of customers: the same rows, features and predictions as without them, whatever their number."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.job import Job, StoreRoots
from jobs.profiles.hashes import hashes_of_texts
from jobs.silver import buckets
from jobs.silver.buckets import Bucket, buckets_of_rows, hashes_of, is_divisible, number_of_buckets, shares_of
from jobs.silver.reading import bucket_rows
from jobs.silver.values import Spread
from storage.lake.datamart import Datamart, Part, TableVersion
from storage.lake.names import INFERENCE_FEATURES, OUTCOMES, PREDICTIONS, TRAINING_DATA
from storage.lake.pieces import Piece
from tests.retail import BOOK
from tests.sandbox import ONE_CANDIDATE, Sandbox

ONE = {"training": {"candidates": ONE_CANDIDATE}, "inference": {}, "monitoring": {}}
TASKS = (
    ("remove_flagged_customers", "gold_feature_engineering"),
    ("prepare_inference_data", "store_predictions_gold"),
    ("fetch_predictions_and_actuals",),
)
POOLS: list[pa.MemoryPool] = []  # kept, because tables of a run may be freed later than it ends
IDS = st.lists(st.none() | st.text(max_size=5), max_size=40)


@given(IDS, st.sampled_from([1, 2, 8]))
def test_every_row_is_in_one_bucket_and_keeps_its_order(ids: list[str | None], number: int) -> None:
    table = pa.table({"Customer_ID": pa.array(ids, pa.string()), "row": list(range(len(ids)))})
    in_bucket = [buckets_of_rows(table["Customer_ID"], number) == each for each in range(number)]
    assert sum(mask.sum() for mask in in_bucket) == len(ids)
    encoded = table["Customer_ID"].dictionary_encode()
    assert (hashes_of(encoded) == hashes_of(table["Customer_ID"])).all()


def test_an_id_has_the_same_number_on_every_machine() -> None:
    assert hashes_of(pa.chunked_array([["CUS_0x1"], [None, ""]])).tolist() == [
        3230766805259086066,
        12035550249420947055,
        12035550249420947055,
    ]


@pytest.mark.parametrize(("rows", "number"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 4), (80, 8), (81, 16)])
def test_a_bucket_has_at_most_so_many_rows_on_average(rows: int, number: int) -> None:
    assert number_of_buckets(rows, 10) == number


@pytest.mark.parametrize(
    ("millions", "number"), [(0, 1), (1, 1), (1.1, 2), (3.8, 4), (12, 4), (17, 8), (37.8, 16), (400, 128)]
)
def test_a_book_of_few_buckets_has_enough_of_them_for_several_processors(millions: float, number: int) -> None:
    version = TableVersion("bronze.rows", "run", (Part("part", int(millions * 1_000_000), 1, ""),))
    assert buckets.buckets_of([version], BOOK) == [Bucket(each, number) for each in range(number)]


def test_the_default_book_can_be_divided() -> None:
    assert is_divisible(BOOK)


def test_a_piece_is_read_without_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "ROWS_OF_PIECE", 20)
    table = pa.table({"Customer_ID": [f"c{row % 7}" for row in range(90)], "row": list(range(90))})
    shares = shares_of(table.num_rows, BOOK)
    assert shares.number == 8
    mart = Datamart(str(tmp_path))
    tables = (in_order(one, shares) for one in (table.slice(0, 50), table.slice(50)))
    part = mart.write("staged.attributes", "v", 0, tables, pieces=shares.pieces)
    version = TableVersion("staged.attributes", "v", (part,))
    assert mart.read(version).sort_by("row").equals(table)
    for of in (2, 8, 16):
        pieces = (Piece(number, of, "Customer_ID", lambda rows, _: rows) for number in range(of))
        rows = [pa.concat_tables(mart.piece(version, piece, ["Customer_ID", "row"], categories=[])) for piece in pieces]
        for number, found in enumerate(rows):
            own = buckets_of_rows(found["Customer_ID"], of) == number
            assert own.all() or of > 8  # a part with fewer pieces gives the rows of several buckets
            expected = table.filter(pa.array(buckets_of_rows(table["Customer_ID"], of) == number))
            kept = found.filter(pa.array(own)).combine_chunks()
            assert kept.sort_by("row").equals(expected.combine_chunks())
            for customer in set(kept["Customer_ID"].to_pylist()):
                rows_of = kept.filter(pc.equal(kept["Customer_ID"], customer))["row"].to_pylist()
                assert rows_of == sorted(rows_of)


def test_rows_of_other_buckets_are_left_out_of_a_group_that_has_them(tmp_path: Path) -> None:
    """A part that is written whole, in which the customers' ids are not among the columns that are read."""
    job = Job("t", "v", date(2026, 1, 1), "", StoreRoots(str(tmp_path), "", ""))
    for name, first in (("attributes", 0), ("financials", 50)):
        table = pa.table({"Customer_ID": [f"c{row % 7}" for row in range(first, first + 90)], "row": list(range(90))})
        version = job.write(f"staged.{name}", [table])
        for _ in range(2):  # the second time the buckets of its rows are known
            for bucket in (Bucket(0, 2), Bucket(1, 2), Bucket(0, 4)):
                found = pa.concat_tables(bucket_rows(job, version, ["row"], bucket))
                own = pa.array(buckets_of_rows(table["Customer_ID"], bucket.of) == bucket.number)
                assert found["row"].to_pylist() == table.filter(own)["row"].to_pylist()
                assert 0 < found.num_rows < 90


def in_order(table: pa.Table, shares: buckets.Shares) -> pa.Table:
    """The rows in the order of their buckets, as cleaning writes them."""
    encoded = table["Customer_ID"].combine_chunks().dictionary_encode()
    ids, places = encoded.dictionary, encoded.indices.to_numpy()
    return table.take(pa.array(shares.order({"Customer_ID": Spread(ids, places, ids, {})}).rows))


def test_the_hashes_that_rows_are_ordered_by_are_those_of_their_ids() -> None:
    ids, places = pa.array(["CUS_1", None, "unused", "CUS_2"]), np.array([3, 1, 0, 3], np.int32)
    ordered = buckets.Shares(8, "Customer_ID").order({"Customer_ID": Spread(ids, places, ids, {})})
    found = ordered.hashes["Customer_ID"][[0, 2, 3]]
    assert found.tolist() == hashes_of_texts(pa.chunked_array([["CUS_1", "unused", "CUS_2"]])).tolist()
    of_rows = buckets_of_rows(pa.chunked_array([ids.take(pa.array(places))]), 8)[ordered.rows]
    assert of_rows.tolist() == sorted(of_rows)


def same_rows(one: Sandbox, other: Sandbox, table: str) -> bool:
    """Whether a table has the same rows in both deployments, in any order."""
    keys = [(name, "ascending") for name in ("loan_id", "Customer_ID", "snapshot_date", "installment_num")]
    tables = [sandbox.table(table) for sandbox in (one, other)]
    assert tables[0].schema.equals(tables[1].schema, check_metadata=True)
    tables = [each.unify_dictionaries().combine_chunks() for each in tables]
    order = [key for key in keys if key[0] in tables[0].column_names]
    a, b = (table.sort_by(order).combine_chunks() for table in tables)
    return bool(a.equals(b))


def run_of_each(sandbox: Sandbox) -> tuple[list[str], list[int]]:
    """(the runs of the three pipelines, the most bytes that Arrow held at once in each)."""
    runs, peaks, before = [], [], pa.default_memory_pool()
    for name, params in ONE.items():
        pool = pa.proxy_memory_pool(before)
        POOLS.append(pool)
        pa.set_memory_pool(pool)
        try:
            data = {} if name == "monitoring" else {"data": sandbox.data()}
            runs.append(sandbox.succeed(name, force=True, **data, **params))
        finally:
            pa.set_memory_pool(before)
        peaks.append(pool.max_memory())
    return runs, peaks


def measures(sandbox: Sandbox, run: str) -> dict[str, float]:
    """The numbers of a monitoring date."""
    row = sandbox.values(run, "calculate_monitoring_metrics")["row"]
    return {name: value for name, value in row.items() if isinstance(value, int | float)}


@dataclass(frozen=True)
class Whole:
    """A book that is not divided: its runs, the most that each held, and the same deployment as it was early."""

    sandbox: Sandbox
    runs: list[str]
    peaks: list[int]
    early: Sandbox
    day: date


@pytest.fixture(scope="module")
def whole(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("buckets")
    sandbox = Sandbox.copied(trained_home, folder / "whole")
    runs, peaks = run_of_each(sandbox)
    day = sorted(sandbox.table(INFERENCE_FEATURES)["prediction_date"].to_pylist())[2]  # a few loans are due
    early = sandbox.copy(folder / "early")
    early.succeed("inference", day, data=early.data())
    yield Whole(sandbox, runs, peaks, early, day)
    sandbox.close()
    early.close()


@pytest.mark.thorough
@pytest.mark.parametrize("number", [2, 8])
def test_a_divided_book_gives_the_same_rows_features_and_counts(
    whole: Whole, trained_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    other = Sandbox.copied(trained_home, tmp_path / "divided")
    rows = sum(other.versions()[source.staged_table].rows for source in BOOK.sources)
    monkeypatch.setattr(buckets, "ROWS_OF_BUCKET", -(-rows // number))
    monkeypatch.setattr(buckets, "ROWS_OF_PIECE", -(-rows // (4 * number)))
    divided, lower = run_of_each(other)
    assert lower[1] < 3 * whole.peaks[1] / number, "inference holds more than a bucket"
    assert lower[2] < 3 * whole.peaks[2] / number, "monitoring holds more than a bucket"
    assert measures(other, divided[2]) == pytest.approx(measures(whole.sandbox, whole.runs[2]))
    for table in ("silver.loan_daily", "silver.attributes", TRAINING_DATA, INFERENCE_FEATURES, OUTCOMES):
        assert len(other.versions()[table].parts) == number
        assert len(whole.sandbox.versions()[table].parts) == 1
        assert same_rows(whole.sandbox, other, table), table
    for run, again, tasks in zip(whole.runs, divided, TASKS, strict=True):
        for task in tasks:
            found = other.values(again, task)
            statistics = found.pop("statistics", None)
            assert (statistics is None) == (task != "remove_flagged_customers")
            assert found == whole.sandbox.values(run, task), task
    monkeypatch.setattr(buckets, "ROWS_OF_BUCKET", -(-rows // 64))
    other.succeed("inference", whole.day, data=other.data())
    assert same_rows(whole.early, other, INFERENCE_FEATURES)
    scored = [sandbox.versions()[PREDICTIONS].rows for sandbox in (whole.early, other)]
    assert scored[0] == scored[1] > 0
    assert 0 in [part.rows for part in other.versions()[INFERENCE_FEATURES].parts]
