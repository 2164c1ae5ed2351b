import gzip
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.bronze.extracts import Limits
from jobs.bronze.ingest import file_numbers, ingest
from jobs.errors import InputRejected
from jobs.job import Job, TaskResult, combined
from storage.lake.extracts import SourceFile
from tests.extracts import Extracts
from tests.job_factory import JobFactory
from tests.sandbox import Sandbox

DATASET = "features_attributes"
LIMITS = {"quarantine_limit": 0.01, "extract_limit": 1 << 30}
ODD = ["007", "a,b", 'say "x"', "😀", "line\nbreak", "", " padded ", "_______", "=1+1", "9" * 400, "null", "NaN"]
CANARY = "987-65-4320"


def job_over(job_factory: JobFactory, extracts: Extracts, names: Sequence[str], **settings: Any) -> Job:
    files = tuple(
        SourceFile(DATASET, str(extracts.folder), name, (extracts.folder / name).stat().st_size, extracts.sha256(name))
        for name in names
    )
    return job_factory.job(extracts={DATASET: files}, settings=LIMITS | settings)


def all_of(job: Job) -> TaskResult:
    return combined([ingest(job.for_partition(part)) for part in file_numbers(job)])


def ragged(extracts: Extracts, good: int, bad: int) -> Path:
    """An extract with some good rows, then rows that lack a field."""
    path = extracts.write(DATASET, [{"Customer_ID": f"c{number}"} for number in range(good)])
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"bad{number},Jane,40,{CANARY},Lawyer\n" for number in range(bad))
    return path


def test_every_value_is_kept_as_received(job_factory: JobFactory, extracts: Extracts) -> None:
    rows = [{"Customer_ID": one, "Name": one, "Age": one, "snapshot_date": one} for one in ODD]
    extracts.write(DATASET, rows)
    job = job_over(job_factory, extracts, [f"{DATASET}.csv"])
    outcome = all_of(job)
    bronze, quarantine = (job.datamart.read(table) for table in outcome.tables)
    for column in ("Customer_ID", "Name", "Age", "snapshot_date"):
        assert bronze[column].to_pylist() == ODD
    assert {str(kind) for kind in bronze.schema.types} == {"string"}
    assert quarantine.num_rows == 0
    assert (outcome.rows_in, outcome.rows_out) == (len(ODD), len(ODD))


def test_the_parts_of_a_dataset_make_one_table_in_order(job_factory: JobFactory, extracts: Extracts) -> None:
    first = extracts.write(DATASET, [{"Customer_ID": "1"}, {"Customer_ID": "2"}], "a.csv")
    extracts.write(DATASET, [{"Customer_ID": "3"}], "b.csv")
    (extracts.folder / "c.csv.gz").write_bytes(gzip.compress(first.read_bytes()))
    job = job_over(job_factory, extracts, ["a.csv", "b.csv", "c.csv.gz"])
    assert file_numbers(job) == ["0", "1", "2"]
    outcome = all_of(job)
    bronze = outcome.tables[0]
    assert bronze.table == "bronze.features_attributes"
    assert job.datamart.read(bronze)["Customer_ID"].to_pylist() == ["1", "2", "3", "1", "2"]
    assert [part.rows for part in bronze.parts] == [2, 1, 2]
    assert bronze.sources == {
        f"{extracts.folder}/{name}": extracts.sha256(name) for name in ("a.csv", "b.csv", "c.csv.gz")
    }


def test_what_was_read_is_stored_or_quarantined(job_factory: JobFactory, extracts: Extracts) -> None:
    path = ragged(extracts, good=300, bad=3)
    with path.open("a", encoding="utf-8") as file:
        file.write("\nlast,Jane,40,,,1/1/2024\n")
    job = job_over(job_factory, extracts, [path.name])
    outcome = all_of(job)
    assert outcome.values["read"] == outcome.values["stored"] + outcome.values["quarantined"] == 304
    assert outcome.values["quarantined"] == sum(outcome.values["reasons"].values()) == 3
    assert (outcome.rows_in, outcome.rows_out) == (304, 301)
    bronze, quarantine = (job.datamart.read(table) for table in outcome.tables)
    assert bronze.num_rows == 301
    assert bronze["Customer_ID"].to_pylist()[-1] == "last"
    assert quarantine["line"].to_pylist() == [302, 303, 304]
    assert set(quarantine["file"].to_pylist()) == {path.name}
    assert CANARY not in str(quarantine.to_pylist())


@pytest.mark.parametrize(("bad", "limit", "rejected"), [(1, 0.01, False), (2, 0.01, True), (2, 0.02, False)])
def test_more_than_the_limit_rejects_the_file(
    job_factory: JobFactory, extracts: Extracts, bad: int, limit: float, rejected: bool
) -> None:
    path = ragged(extracts, good=100 - bad, bad=bad)
    job = job_over(job_factory, extracts, [path.name], quarantine_limit=limit)
    if not rejected:
        assert all_of(job).values["quarantined"] == bad
        return
    with pytest.raises(InputRejected) as caught:
        all_of(job)
    error = caught.value
    assert (error.exit_code, error.file, error.line) == (3, path.name, 100)
    assert f"2 of 100 rows can't be read, more than {limit:.1%}" in str(error)
    assert CANARY not in str(error)
    assert not list(job_factory.folder.rglob("*.parquet"))
    assert not list(job_factory.folder.rglob("*.tmp"))


def test_a_rejected_extract_leaves_the_last_good_tables(
    sandbox: Sandbox, sample_data: Path, extracts: Extracts
) -> None:
    before = sandbox.versions()
    for path in sample_data.iterdir():
        (extracts.folder / path.name).write_bytes(path.read_bytes())
    ragged(extracts, good=0, bad=50)
    ended = sandbox.run("training", data=str(extracts.folder))
    assert (ended.state, ended.error["exit_code"], ended.error["task"]) == ("failed", 3, "ingest_features_attributes")
    assert ended.error["message"].startswith("features_attributes.csv, line 2: 50 of 50 rows can't be read")
    assert sandbox.states(ended.run_id)["clean_attributes"] == "upstream_failed"
    assert sandbox.states(ended.run_id)["clean_clickstream"] in ("succeeded", "cached")
    assert sandbox.versions() == before
    assert len(sandbox.champions()) == 1


def test_no_social_security_number_leaks_from_a_run_that_fails(sandbox: Sandbox, extracts: Extracts) -> None:
    extracts.write("feature_clickstream", [{"Customer_ID": CANARY, "fe_1": CANARY, "snapshot_date": CANARY}])
    extracts.write("features_financials", [{"Customer_ID": "c", "Annual_Income": CANARY, "snapshot_date": CANARY}])
    extracts.write("lms_loan_daily", [{"loan_id": "l", "Customer_ID": "c", "due_amt": CANARY}])
    ragged(extracts, good=10, bad=10)
    ended = sandbox.run("training", data=str(extracts.folder))
    assert ended.state == "failed"
    sandbox.deployment.ledger.close()
    tables = {sandbox.home / "datamart" / ".versions" / layer for layer in ("bronze", "staged")}
    files = [path for path in sandbox.home.rglob("*") if path.is_file() and not tables & set(path.parents)]
    assert any(path.name == "loanwatch.db" for path in files)
    for path in files:
        assert CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in sandbox.log(ended.run_id)
    assert CANARY not in str(ended.error)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_file_as_received_has_the_limit_of_what_it_may_unpack_to(
    job_factory: JobFactory, extracts: Extracts, limit: int
) -> None:
    size = extracts.write(DATASET, [{"Customer_ID": "1"}]).stat().st_size
    job = job_over(job_factory, extracts, [f"{DATASET}.csv"], extract_limit=size + limit)
    if limit == 0:
        assert all_of(job).rows_out == 1
        return
    with pytest.raises(InputRejected, match=f"has {size} bytes, more than the limit of {size - 1} bytes; split the"):
        all_of(job)


def test_a_file_of_malformed_records_is_rejected_before_all_of_it_is_in_memory(
    job_factory: JobFactory, extracts: Extracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that accepts malformed records accepts them however many they are."""
    monkeypatch.setattr("jobs.bronze.ingest.MANY_REJECTS", 100)
    monkeypatch.setattr("jobs.bronze.ingest._limits", lambda _: Limits(block=1000))
    path = ragged(extracts, good=10, bad=5000)
    job = job_over(job_factory, extracts, [path.name])
    with pytest.raises(InputRejected, match=r"rows read so far can't be read, more than 50.0% \(the first: 5 ") as told:
        all_of(job)
    rejected, read = (int(word) for word in re.findall(r"(\d+) of (\d+) rows", str(told.value))[0])
    assert 100 < rejected < read < 1000
    outcome = all_of(job_over(job_factory, extracts, [path.name], quarantine_limit=1.0))
    assert (outcome.values["stored"], outcome.values["quarantined"]) == (10, 5000)
