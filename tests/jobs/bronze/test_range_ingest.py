"""A file that is ingested in ranges has the tables, counts and errors of one that is ingested in one piece."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.bronze.ingest import file_numbers, ingest, ingest_all, whole_files
from jobs.errors import InputRejected
from jobs.job import Job, TaskResult
from jobs.silver.clean import clean, part_numbers
from storage.lake.extracts import SourceFile, digest_and_lines
from storage.lake.received import files_of
from storage.ledger.catalog import as_json, from_json
from tests.extracts import Extracts
from tests.job_factory import JobFactory
from tests.retail import SOURCES

DATASET = "features_attributes"
BRONZE = SOURCES[DATASET].bronze_table
RANGE = 1 << 20
LIMITS = {"quarantine_limit": 0.01, "extract_limit": 1 << 30}
ROWS = 60_000
GOOD = 'CUS_{0},"Ann, ""{0}""\nB",40,123-45-6789,Lawyer,{1}/{2}/2024\n'
SHORT = "CUS_{0},40,123-45-6789\n"

Write = Callable[..., SourceFile]


@pytest.fixture
def write(extracts: Extracts) -> Write:
    """Writes an extract of many lines, with some of them replaced; `range` is its size of ranges."""

    def written(name: str = f"{DATASET}.csv", *, first_day: int = 1, **changed: str) -> SourceFile:
        numbers = random.Random(7)  # noqa: S311 - of a test
        lines = [GOOD.format(row, numbers.randint(first_day, 12), numbers.randint(13, 28)) for row in range(ROWS)]
        for row, line in changed.items():
            lines[int(row.removeprefix("row_"))] = line
        path = extracts.folder / name
        path.write_text(",".join(SOURCES[DATASET].names) + "\n" + "".join(lines), encoding="latin-1")
        return source_file(path)

    return written


def source_file(path: Path) -> SourceFile:
    size = path.stat().st_size
    with path.open("rb") as stream:
        sha256, lines = digest_and_lines(stream, size // RANGE, RANGE)
    return SourceFile(DATASET, str(path.parent), path.name, size, sha256, "", tuple(lines), RANGE)


def job_of(job_factory: JobFactory, *files: SourceFile, run: str = "run") -> Job:
    return job_factory.job(run_id=run, extracts={DATASET: files}, settings=LIMITS)


def in_ranges(job: Job) -> TaskResult:
    """The result of all calls, the last ones first."""
    results = {number: ingest(job.for_partition(number)) for number in reversed(file_numbers(job))}
    return whole_files(job, [results[number] for number in file_numbers(job)])


def in_one_piece(job_factory: JobFactory, *files: SourceFile) -> tuple[Job, TaskResult]:
    job = job_of(job_factory, *(replace(file, lines=()) for file in files), run="one")
    return job, ingest_all(job, DATASET, job.extracts[DATASET])


def error_of(make: Callable[[], object]) -> str:
    with pytest.raises(InputRejected) as caught:
        make()
    return str(caught.value)


def test_all_that_is_told_of_a_file_is_as_of_one_piece(job_factory: JobFactory, write: Write) -> None:
    broken = {f"row_{row}": SHORT.format(row) + "\n" * (row % 3) for row in range(20, ROWS, 6_001)}
    large, small = write("a.csv", **broken), replace(write("b.csv", row_5=SHORT), lines=())
    job = job_of(job_factory, large, small)
    one_job, one = in_one_piece(job_factory, large, small)
    result = in_ranges(job)
    assert len(file_numbers(job)) == len(large.lines) + 1 > 3
    assert result.values == one.values
    assert (result.rows_in, result.rows_out) == (one.rows_in, one.rows_out) == (2 * ROWS, 2 * ROWS - len(broken) - 1)
    assert result.values["blank_lines"] > 0
    for made, expected in zip(result.tables, one.tables, strict=True):
        assert job.datamart.read(made).equals(one_job.datamart.read(expected))
        assert made.sources == expected.sources
        assert from_json(as_json(made)) == made
        assert [len(each.table.parts) for each in files_of(made)] == [len(large.lines), 1]
        assert sum(part.rows > 0 for part in made.parts) > 2
    assert ingest_all(replace(job, run_id="again"), DATASET, (large, small)).tables[0].digest == result.tables[0].digest


@pytest.mark.thorough
def test_too_many_unreadable_records_are_counted_over_the_whole_file(job_factory: JobFactory, write: Write) -> None:
    rows = {f"row_{row}": SHORT.format(row) for row in range(40_000, 40_599)}
    file = write(**rows)
    assert in_ranges(job_of(job_factory, file)).values["quarantined"] == 599
    file = write(**rows, row_30000=SHORT, row_200=SHORT)
    found = error_of(lambda: in_ranges(job_of(job_factory, file)))
    assert found == error_of(lambda: in_one_piece(job_factory, file))
    assert ", line 402: 601 of 60000 rows can't be read, more than 1.0% " in found


@pytest.mark.thorough
def test_the_first_fault_of_a_file_is_told(job_factory: JobFactory, write: Write) -> None:
    file = write(row_50000="CUS,\xe9,1,2,3,4\n", row_40000="CUS,1,2,3,\xe9,4\n", row_59999="CUS,\xe9,1,2,3,4\n")
    found = error_of(lambda: in_ranges(job_of(job_factory, file)))
    assert found == error_of(lambda: in_one_piece(job_factory, file))
    assert "line 80002, column Occupation" in found


@pytest.mark.parametrize("text", [",".join(SOURCES[DATASET].names), "Customer_ID,Age"])
def test_a_file_without_records_or_with_another_header_is_refused(
    job_factory: JobFactory, extracts: Extracts, text: str
) -> None:
    path = extracts.folder / f"{DATASET}.csv"
    path.write_text(text + "\n" * (3 * RANGE), encoding="utf-8")
    file = source_file(path)
    found = error_of(lambda: in_ranges(job_of(job_factory, file)))
    assert found == error_of(lambda: in_one_piece(job_factory, file))


@pytest.mark.thorough
def test_a_file_that_changes_in_a_range_is_refused(job_factory: JobFactory, write: Write) -> None:
    file = replace(write(), stamp="as it was", sha256="of what it was")
    assert "changed while it was read" in error_of(lambda: in_ranges(job_of(job_factory, file)))


@pytest.mark.thorough
def test_a_file_is_cleaned_as_a_whole(job_factory: JobFactory, write: Write) -> None:
    """Most ranges leave open whether the day or the month comes first; only the last row tells."""
    days = {f"row_{row}": GOOD.format(row, 1 + row % 12, 1 + row % 7) for row in range(ROWS - 1)}
    file = write(**days)
    result = in_ranges(job_of(job_factory, file))
    one_job, one = in_one_piece(job_factory, file)
    cleaned = []
    for given, made in ((job_of(job_factory, file), result), (one_job, one)):
        job = replace(given, tables={BRONZE: made.tables[0]})
        assert part_numbers(job) == ["0"]
        outcome = clean(job.for_partition("0"))
        (staged,) = outcome.tables
        days_of = job.datamart.read(staged)["snapshot_date"]
        cleaned.append((days_of, outcome.values, staged.date_orders, outcome.profiles[0]["columns"]))
    assert cleaned[0] == cleaned[1]
    assert list(cleaned[0][1]["formats"]) == [f"{file.folder}/{file.name}"]
    assert str(cleaned[0][0][1]) == "2024-02-02"
