"""The collected cases about models: one of another library release, and promotions at the same time."""

import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from engine.control.promotion import promote
from engine.doctor.checks import findings
from engine.errors import Refused
from storage.ledger.leases import finish
from storage.ledger.models import AliasEvent, ModelVersion, move_alias, register
from storage.ledger.tasks import attempt_rows
from tests.champions import claimed_lease
from tests.jobs.modelling.test_inference_trust import Trap
from tests.marks import others_thorough
from tests.sandbox import Sandbox

FIRST, SECOND = "20300101_000000", "20300201_000000"


def registered(sandbox: Sandbox, version: str, model: object, libraries: Mapping[str, str] | None = None) -> None:
    """Registers a model with the metadata of the champion, trained with other releases of some libraries."""
    (champion,) = sandbox.champions()
    store, ledger = sandbox.deployment.models, sandbox.deployment.ledger
    metadata: dict[str, Any] = json.loads(store.read(champion.files["metadata"]))
    metadata["libraries"] |= libraries or {}
    files = {
        **champion.files,
        "model": store.place(store.keep_pickle(model), f"best_model_{version}.pkl"),
        "metadata": store.folder.write(f"model_metadata_{version}.json", json.dumps(metadata).encode()),
    }
    lease = claimed_lease(sandbox)
    made = ModelVersion(version, champion.model_name, files, champion.summary, {})
    with ledger.writing() as connection:
        assert register(connection, lease, made, ledger.clock())
        finish(connection, lease, "succeeded", None, ledger.clock())


@pytest.mark.parametrize("release", others_thorough(["1.2.0", "0.24.2", "99.1.0"]))
def test_a_model_of_another_release_is_told_before_its_pickle_is_opened_and_not_retried(
    sandbox: Sandbox, tmp_path: Path, release: str
) -> None:
    registered(sandbox, FIRST, Trap(tmp_path / "sprung"), {"scikit-learn": release})
    ledger = sandbox.deployment.ledger
    with ledger.writing() as connection:
        move_alias(connection, AliasEvent(FIRST, "a test", "it is of another release"), ledger.clock())
    sentence = f"Model {FIRST} was trained with scikit-learn {release}, and here is "
    ended = sandbox.run("inference", force=True)
    assert ended.state == "failed"
    assert sentence in ended.error["message"]
    assert "run `python -m engine run training`" in ended.error["message"]
    assert not (tmp_path / "sprung").exists()
    with ledger.reading() as connection:
        tried = [(row.task, row.part) for row in attempt_rows(connection, ended.run_id)]
    assert len(tried) == len(set(tried))
    assert any(sentence in finding.message for finding in findings(sandbox.deployment) if finding.level == "problem")


@pytest.mark.parametrize(
    "versions", others_thorough([((FIRST, FIRST),), ((FIRST, SECOND),), ((FIRST, SECOND, FIRST, SECOND),)])
)
def test_promotions_at_the_same_time_leave_one_champion_and_an_unbroken_history(
    sandbox: Sandbox, versions: tuple[str, ...]
) -> None:
    (before,) = sandbox.champions()
    for version in dict.fromkeys(versions):
        registered(sandbox, version, version)
    start = Barrier(len(versions))

    def promoted(version: str) -> tuple[str | None, str] | int:
        start.wait()
        try:
            made = promote(sandbox.deployment, version, "at the same time")
        except Refused as error:
            return error.exit_code
        return made.before, made.version

    with ThreadPoolExecutor(len(versions)) as threads:
        told = list(threads.map(promoted, versions))
    made = [one for one in told if isinstance(one, tuple)]
    assert made
    assert {code for code in told if isinstance(code, int)} <= {5}
    # Each promotion names the champion that it replaced: they lead from the former champion to the present one.
    assert Counter([*(old for old, _ in made), sandbox.champions()[0].version]) == Counter(
        [before.version, *(new for _, new in made)]
    )
