"""The code of the tasks is read before a run needs its digests."""

from engine.definitions.code import code_of
from engine.definitions.pipelines import pipelines_of
from engine.execution.preparing import read_code
from jobs.book.retail import BOOK


def test_no_task_of_a_pipeline_waits_for_a_digest_after_the_code_was_read() -> None:
    code_of.cache_clear()
    read_code()
    read = code_of.cache_info().misses
    assert read > 0
    functions = [name for pipeline in pipelines_of(BOOK).values() for task in pipeline.tasks for name in task.functions]
    assert len({code_of(name) for name in functions}) == len(set(functions)) == read
    assert code_of.cache_info().misses == read
