"""Whole extracts, made ones and the real ones, read as the csv module reads them."""

import csv
import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.bronze.records import read_extract
from tests.paths import LOANS
from tests.retail import SOURCES

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("ending", ["csv", "csv.gz"])
@pytest.mark.parametrize("dataset", SOURCES)
def test_a_made_book_is_read_as_the_csv_module_reads_it(
    sample_data: Path, tmp_path: Path, dataset: str, ending: str
) -> None:
    path = tmp_path / f"{dataset}.{ending}"
    text = (sample_data / f"{dataset}.csv").read_bytes()
    path.write_bytes(gzip.compress(text, 1) if ending == "csv.gz" else text)
    assert rows_as_the_csv_module_reads_them(dataset, path) == text.count(b"\n") - 1 > 0


@pytest.mark.reference
@pytest.mark.parametrize(
    ("dataset", "count"),
    [
        ("feature_clickstream", 107_592),
        ("features_attributes", 6_191),
        ("features_financials", 6_191),
        ("lms_loan_daily", 68_101),
    ],
)
def test_the_real_extracts_are_read_as_the_csv_module_reads_them(dataset: str, count: int) -> None:
    assert rows_as_the_csv_module_reads_them(dataset, LOANS / f"{dataset}.csv.gz") == count


def rows_as_the_csv_module_reads_them(dataset: str, path: Path) -> int:
    """How many rows an extract has; AssertionError unless all are read as the csv module reads them."""
    source = SOURCES[dataset]
    with path.open("rb") as stream:
        chunks = list(read_extract(stream, source, path.name))
    with gzip.open(path, "rt", encoding="utf-8", newline="") if path.suffix == ".gz" else path.open(newline="") as text:
        expected = list(csv.reader(text))[1:]
    table = pa.concat_tables([chunk.table for chunk in chunks])
    assert table.num_rows == len(expected)
    assert [reject for chunk in chunks for reject in chunk.rejects] == []
    for name, values in zip(source.names, zip(*expected, strict=True), strict=True):
        assert table[name].to_pylist() == list(values)
    return len(expected)
