"""Whether another machine reads the same files."""

from collections.abc import Sequence
from pathlib import Path

from engine.control.runs import checked_request, request
from engine.execution.call import Call
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from engine.execution.nodes.reach import contents_here, difference
from tests.sandbox import AS_OF, Sandbox


def test_a_file_that_is_missing_or_another_one_there_is_found(tmp_path: Path) -> None:
    same, other, missing = (str(tmp_path / name) for name in ("same", "other", "missing"))
    for path in (same, other):
        Path(path).write_text("before")
    here = contents_here([same, other, missing])
    assert list(here) == [same, other]
    assert difference(here, here) is None
    Path(other).write_text("behind")
    assert difference(here, contents_here([same, other])) == (other, "has another file at")
    Path(other).unlink()
    assert difference(here, contents_here([same, other])) == (other, "can't read")


class Asking(LocalExecutor):
    """Keeps the paths that a run looks for on other machines, and the files of calls that it submits without a look."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.submitted: set[str] = set()
        self.unasked: set[str] = set()

    def unshared(self, paths: Sequence[str]) -> None:
        self.asked += paths

    def submit(self, call: Call) -> int:
        read = {f"{file.folder}/{file.name}" for files in call.job.extracts.values() for file in files}
        self.submitted |= read
        self.unasked |= read - set(self.asked)
        return super().submit(call)


def test_the_files_of_every_call_are_looked_for_once_before_it_starts(small_book: Path, tmp_path: Path) -> None:
    sandbox, executor = Sandbox.at(tmp_path / "home", data=str(small_book)), Asking()
    run_id = request(sandbox.deployment, checked_request(sandbox.deployment, "training", AS_OF))
    execute_run(sandbox.deployment, run_id, executor)
    executor.close()
    sandbox.close()
    assert executor.submitted == {str(path) for path in small_book.glob("*.csv")}
    assert not executor.unasked
    assert len(executor.asked) == len(set(executor.asked))
