"""Row 19: a published file that was cut short, or in which one bit was flipped, is named and made anew on resume."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.doctor.checks import findings
from engine.execution.executors import LocalExecutor
from storage.errors import DamagedFile
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.tasks import log_rows
from tests.engine.runner import PipelineRunner, task

CUT = 8


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-CUT])


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


DAMAGES: list[Callable[[Path], None]] = [
    cut,
    lambda file: flip(file, 0),
    lambda file: flip(file, 40),
    lambda file: flip(file, file.stat().st_size // 2),
    lambda file: flip(file, -1),
]


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    made = LocalExecutor()
    yield made
    made.close()


@pytest.mark.parametrize("damage", DAMAGES, ids=["cut", "first byte", "page", "middle", "last byte"])
def test_a_damaged_file_is_named_and_its_task_runs_again_on_resume(
    deployment: Deployment, executor: LocalExecutor, damage: Callable[[Path], None]
) -> None:
    book = PipelineRunner(
        deployment,
        executor,
        (
            task("sound"),
            task("one", "writes_scores", writes=(SCORED,), upstream=("sound",)),
            task("stuck", "fails_while_told", upstream=("one",), retries=0),
        ),
    )
    flag = Path(deployment.roots.reports) / "fail"
    flag.parent.mkdir(parents=True)
    flag.touch()
    failed, state = book.run(as_of=date(2024, 6, 1))
    assert (state, book.states(failed)["one"]) == ("failed", "succeeded")
    (file,) = (Path(deployment.roots.datamart) / ".versions/staged/scored" / failed).iterdir()
    written = file.read_bytes()
    damage(file)
    flag.unlink()
    resumed, state = book.execute_run(runs.resume(deployment, failed))
    assert state == "succeeded"
    assert book.states(resumed) == {"sound": "cached", "one": "succeeded", "stuck": "succeeded"}
    with deployment.ledger.reading() as connection:
        told = [row.message for row in log_rows(connection, resumed, "one") if row.level == "WARNING"]
        published = current_versions(connection)[SCORED]
    assert len(told) == 1
    assert str(file) in told[0]
    assert "is damaged" in told[0]
    assert published.version == resumed
    deployment.datamart.verify(published)
    assert file.read_bytes() != written  # the damaged file is evidence: it stays as it is


def test_a_damaged_table_that_is_published_is_found_by_the_doctor_and_by_who_reads_it(
    deployment: Deployment, executor: LocalExecutor
) -> None:
    book = PipelineRunner(deployment, executor, (task("one", "writes_scores", writes=(SCORED,)),))
    run_id, _ = book.run()
    with deployment.ledger.reading() as connection:
        published = current_versions(connection)[SCORED]
    file = Path(deployment.datamart.folder.path(published.parts[0].name))
    cut(file)
    with pytest.raises(DamagedFile, match=str(file)):
        deployment.datamart.read(published)
    found = [finding for finding in findings(deployment) if finding.check == "tables"]
    assert [(finding.level, str(file) in finding.message) for finding in found] == [("problem", True)]
    again, state = book.run()
    assert (state, book.states(again)) == ("succeeded", {"one": "succeeded"})
    assert again != run_id
