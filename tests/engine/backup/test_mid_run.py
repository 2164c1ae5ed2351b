"""A backup in the middle of a run, whose worker is killed; the restored deployment resumes the run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.control import runs
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from storage.ledger.tasks import task_rows
from tests.commands import document
from tests.databases import TEMPLATE
from tests.live import DONE, Site
from tests.postgres import Postgres
from tests.processes import until
from tests.sandbox import ONE_CANDIDATE, Sandbox

pytestmark = [pytest.mark.thorough, pytest.mark.alone]


@pytest.fixture
def databases(postgres: Postgres) -> Iterator[tuple[str, str]]:
    with postgres.database(TEMPLATE) as first, postgres.database() as second:
        yield postgres.url(first), postgres.url(second)


@pytest.fixture
def undisturbed(small_book: Path, tmp_path: Path) -> dict[str, str]:
    """Digests of the tables of a training that nothing disturbed."""
    sandbox = Sandbox.at(tmp_path / "undisturbed")
    sandbox.succeed("training", data=str(small_book), candidates=ONE_CANDIDATE)
    digests = {name: table.digest for name, table in sandbox.versions().items()}
    sandbox.close()
    return digests


def test_a_run_that_was_backed_up_under_way_is_resumed_after_the_restore(
    databases: tuple[str, str], undisturbed: dict[str, str], small_book: Path, tmp_path: Path
) -> None:
    site = Site(tmp_path / "home", databases[0])
    backups = [tmp_path / f"backup-{number}" for number in range(2)]
    with site.worker() as worker:
        worker.wait_up()
        run_id = site.request(data=str(small_book), candidates=ONE_CANDIDATE)
        for folder, least in zip(backups, (1, 6), strict=True):
            until(lambda least=least: len(site.done(run_id)) >= least, "finished tasks")
            assert site.told("backup", str(folder))["active_runs"] == [run_id]
        worker.kill()
    site.close()
    for folder, ledger in zip(backups, ("", databases[1]), strict=True):  # to SQLite, and to PostgreSQL
        env = {"LOANWATCH_LEDGER": ledger}
        home = tmp_path / f"of-{folder.name}"
        assert document("restore", str(folder), "--home", str(home), env=env)["crashed_runs"] == [run_id]
        findings = document("doctor", "--home", str(home), env=env)
        assert [each for each in findings if each["level"] == "problem"] == []
        restored = Sandbox.at(home, ledger=ledger)
        finished = _finished(restored, run_id)
        assert finished
        resumed = runs.resume(restored.deployment, run_id)
        executor = LocalExecutor()
        assert execute_run(restored.deployment, resumed, executor) == "succeeded"
        executor.close()
        states = restored.states(resumed)
        assert {states[task] for task in finished} == {"cached"}
        assert {name: table.digest for name, table in restored.versions().items()} == undisturbed
        restored.close()


def _finished(sandbox: Sandbox, run_id: str) -> list[str]:
    with sandbox.deployment.ledger.reading() as connection:
        return [row.task for row in task_rows(connection, run_id) if row.state in DONE]
