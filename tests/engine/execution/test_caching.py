"""What makes a task run again, and what does not."""

from dataclasses import replace
from datetime import date

import pytest

from engine.definitions.code import code_of
from engine.definitions.task import Task
from engine.execution.caching import cache_key, extended, key_after
from jobs.job import Job, StoreRoots, TaskResult
from storage.lake.datamart import Part, TableVersion
from storage.lake.extracts import SourceFile
from storage.lake.names import SCORED
from storage.ledger.models import ModelVersion
from tests.engine.runner import task
from tests.retail import BRONZE_LOANS, STAGED, STAGED_LOANS


def version(table: str, content: str, *dates: str, **sources: str) -> TableVersion:
    return TableVersion(table, "run", (Part("p", 1, 1, content),), dates, sources)


@pytest.fixture
def job() -> Job:
    tables = {STAGED_LOANS: version(STAGED_LOANS, "rows", "2024-01-01", "2024-03-01")}
    settings = {"feature_set": "safe15"}
    return Job("t", "run", date(2024, 2, 1), "stamp", StoreRoots("a", "b", "c"), settings, tables, {"before": {"n": 1}})


@pytest.fixture
def one() -> Task:
    return task("one", reads=(STAGED_LOANS,))


def test_a_later_day_counts_only_when_it_admits_something_new(one: Task, job: Job) -> None:
    key = cache_key(one, job)
    assert cache_key(one, replace(job, as_of=date(2024, 2, 29))) == key
    assert cache_key(one, replace(job, as_of=date(2024, 3, 1))) != key
    assert cache_key(one, replace(job, as_of=date(2023, 12, 31))) != key


def test_a_dated_task_counts_every_day(job: Job) -> None:
    dated = task("one", reads=(STAGED_LOANS,), dated=True)
    assert cache_key(dated, job) != cache_key(dated, replace(job, as_of=date(2024, 2, 2)))


def test_settings_values_and_content_count_but_names_of_runs_do_not(one: Task, job: Job) -> None:
    key = cache_key(one, job)
    assert cache_key(one, replace(job, settings={"feature_set": "behavioural"})) != key
    assert cache_key(one, replace(job, values={"before": {"n": 2}})) != key
    assert cache_key(one, replace(job, tables={STAGED_LOANS: version(STAGED_LOANS, "others", "2024-01-01")})) != key
    renamed = replace(job.tables[STAGED_LOANS], version="another run")
    assert cache_key(one, replace(job, run_id="another", stamp="later", tables={STAGED_LOANS: renamed})) == key


def test_the_function_and_everything_it_imports_count() -> None:
    assert code_of("jobs.gold.training_data:gold_feature_engineering") != code_of("jobs.gold.training_data:matured")
    assert code_of("jobs.gold.training_data:matured") == code_of("jobs.gold.training_data:matured")


def test_extracts_that_are_not_published_yet_count_by_the_day(job: Job) -> None:
    takes_in = task("t", reads=(BRONZE_LOANS, *STAGED), writes=(BRONZE_LOANS, *STAGED), extracts=("lms_loan_daily",))
    file = SourceFile("lms_loan_daily", "folder", "lms_loan_daily.csv", 1, "new")
    old = version(BRONZE_LOANS, "bytes", **{"folder/lms_loan_daily.csv": "old"})
    job = replace(job, extracts={"lms_loan_daily": (file,)}, tables={**job.tables, BRONZE_LOANS: old})
    tomorrow = replace(job, as_of=date(2024, 2, 2))
    assert cache_key(takes_in, job) != cache_key(takes_in, tomorrow)
    taken = version(BRONZE_LOANS, "new bytes", **{"folder/lms_loan_daily.csv": "new"})
    after = key_after(takes_in, job, TaskResult(tables=(taken,)))
    assert after == cache_key(takes_in, replace(job, tables={**job.tables, BRONZE_LOANS: taken}))
    assert after == key_after(takes_in, tomorrow, TaskResult(tables=(taken,)))


def test_a_table_that_the_task_extends_is_remembered_as_it_was(job: Job) -> None:
    grows = task("t", reads=(SCORED,), writes=(SCORED,))
    assert extended(grows, job) == {SCORED: None}
    before = version(SCORED, "rows")
    assert extended(grows, replace(job, tables={SCORED: before})) == {SCORED: before.digest}
    assert cache_key(grows, job) == cache_key(grows, replace(job, tables={**job.tables, SCORED: before}))


def test_a_verdict_is_used_again_only_for_the_same_champion_and_anchor(job: Job) -> None:
    judges = task("t", uses_champion=True, uses_anchor=True)
    first, new, other = (ModelVersion(name, "M", {}, {"promotion": {"promote": True}}, {}) for name in "fno")
    known = replace(job, champions=(first,), anchor=first)
    assert cache_key(judges, known) != cache_key(judges, replace(known, anchor=other))
    promoted = replace(job, champions=(new, first), anchor=first)
    assert key_after(judges, known, TaskResult(model=new)) == cache_key(judges, promoted)
    # The first champion of all is the anchor from then on.
    alone = replace(job, champions=(new,), anchor=new)
    assert key_after(judges, job, TaskResult(model=new)) == cache_key(judges, alone)
    refused = replace(new, summary={"promotion": {"promote": False}})
    assert key_after(judges, job, TaskResult(model=refused)) == cache_key(judges, job)
