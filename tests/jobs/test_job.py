import json
from datetime import date

import pyarrow as pa
import pytest

from jobs.errors import JobError
from jobs.job import TaskResult, combined, result_from_json, summed
from storage.files.folder import FileFacts
from storage.lake.datamart import Part, TableVersion
from storage.ledger.models import ModelVersion
from tests.job_factory import JobFactory


def version(table: str, number: int, **facts: object) -> TableVersion:
    part = Part(f"{table}/{number}", rows=number, bytes=10 * number, sha256=f"{number:064d}")
    return TableVersion(table, "run", (part,), **facts)  # type: ignore[arg-type]


def test_combined_adds_up_rows_and_counts_and_keeps_the_parts_in_order() -> None:
    one = TaskResult(10, 9, {"read": 10, "reasons": {"torn": 1}}, (version("a", 1, dates=("2024-01-01",)),))
    two = TaskResult(5, 2, {"read": 5, "reasons": {"torn": 2, "long": 1}}, (version("a", 2, sources={"f": "x"}),))
    whole = combined([one, two])
    assert (whole.rows_in, whole.rows_out) == (15, 11)
    assert whole.values == {"read": 15, "reasons": {"torn": 3, "long": 1}}
    (table,) = whole.tables
    assert [part.rows for part in table.parts] == [1, 2]
    assert (table.dates, table.sources) == (("2024-01-01",), {"f": "x"})


def test_combined_leaves_unknown_row_counts_out_and_says_nothing_when_all_are() -> None:
    assert combined([TaskResult(3, None), TaskResult(None, None)]).rows_in == 3
    assert combined([TaskResult(), TaskResult()]).rows_in is None
    assert combined([]).tables == ()


def test_summed_leaves_its_arguments_as_they_are() -> None:
    left, right = {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}, "d": 4}
    assert summed(left, right) == {"a": {"b": 3, "c": 3}, "d": 4}
    assert left == {"a": {"b": 1}}
    assert right == {"a": {"b": 2, "c": 3}, "d": 4}


def test_an_outcome_survives_json() -> None:
    facts = FileFacts("model.pkl", 3, "ab")
    model = ModelVersion("20240101_000000", "Tree", {"model": facts}, {"test_auc": 0.7}, {"gold.x": "run"})
    tables = (version("a", 1, dates=("2024-01-01",), sources={"f": "x"}),)
    outcome = TaskResult(
        1, 2, {"x": {"y": 1}}, tables, (facts,), (facts,), model, {"status": "watch"}, {"pipeline": "t"}
    )
    assert result_from_json(json.loads(json.dumps(outcome.as_json()))) == outcome
    skipped = TaskResult(skipped="the model is healthy")
    assert result_from_json(json.loads(json.dumps(skipped.as_json()))) == skipped


@pytest.mark.parametrize(
    ("table", "pipeline"),
    [("silver.clickstream", "training"), ("gold.model_predictions", "inference")],
)
def test_a_table_that_is_not_there_yet_says_what_to_run(job_factory: JobFactory, table: str, pipeline: str) -> None:
    with pytest.raises(JobError, match=f"There is no {table} yet for test; run `python -m engine run {pipeline}`"):
        job_factory.job().read(table)


def test_a_job_reads_what_it_wrote(job_factory: JobFactory) -> None:
    job = job_factory.job()
    rows = pa.table({"loan_id": ["007", None], "day": pa.array([date(2024, 2, 29), None], pa.date32())})
    written = job.write("gold.model_predictions", [rows], 3, sources={"x": "y"})
    assert (written.version, written.rows, written.sources) == ("run", 2, {"x": "y"})
    assert written.parts[0].name.endswith("part-00003.parquet")
    assert job.datamart.read(written).equals(rows)


def test_for_partition_changes_the_partition_alone(job_factory: JobFactory) -> None:
    job = job_factory.job(settings={"x": 1})
    assert (job.for_partition("2").partition, job.for_partition("2").settings, job.partition) == ("2", {"x": 1}, "")


def test_a_result_of_an_earlier_release_has_no_profiles() -> None:
    content = TaskResult(rows_in=1, profiles=({"dataset": "d"},)).as_json()
    assert result_from_json(content).profiles == ({"dataset": "d"},)
    del content["profiles"]
    assert result_from_json(content).profiles == ()
