"""When a replay is refused: a home with a history of its own, other extracts, processes at work."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine.backfill.backfill import refuse_beside_processes
from engine.control.runs import checked_request, request
from engine.deployment import Deployment
from engine.errors import Refused
from engine.process.registry import ProcessRegistry
from storage.ledger.leases import claim, finish
from storage.ledger.runs import run_row
from tests.engine.backfill.past import Past

pytestmark = pytest.mark.group("replay")


def ended_run(deployment: Deployment, pipeline: str, day: date) -> str:
    """A run that a person asked for, and that went well without making anything."""
    ledger = deployment.ledger
    run_id = request(deployment, checked_request(deployment, pipeline, day))
    with ledger.writing() as connection:
        lease = claim(connection, run_id, "test", ledger.clock())
        assert lease is not None
        finish(connection, lease, "succeeded", None, ledger.clock())
    return run_id


def test_a_home_whose_history_goes_further_is_refused(another: Callable[..., Past], sample_data: Path) -> None:
    lived_in = another(sample_data)
    real = ended_run(lived_in.deployment, "training", date(2025, 12, 1))
    with pytest.raises(Refused, match=f"2024-06-01 can't be replayed.*2025-12-01 \\({real}\\).*--home") as refused:
        lived_in.replay()
    assert refused.value.exit_code == 5
    assert len(lived_in.runs()) == 1


@pytest.mark.thorough
def test_other_extracts_or_settings_are_not_passed_off_as_done(past: Past, small_book: Path) -> None:
    home = past.deployment.settings.home
    with pytest.raises(Refused, match="replayed in this home with other extracts, settings"):
        Past(home, small_book).replay()
    with pytest.raises(Refused, match="use the same ones, or replay into a home of its own"):
        Past(home, past.data, auc_threshold=0.6).replay()


@pytest.mark.parametrize("kind", ["worker", "scheduler"])
def test_a_replay_is_refused_while_others_work(another: Callable[..., Past], sample_data: Path, kind: str) -> None:
    deployment = another(sample_data).deployment
    refuse_beside_processes(deployment)
    presence = ProcessRegistry(deployment, kind)
    presence.register({})
    with pytest.raises(Refused, match=f"a {kind} is running") as refused:
        refuse_beside_processes(deployment)
    assert refused.value.exit_code == 5


def test_a_run_of_another_in_between_is_not_taken_for_its_own(another: Callable[..., Past], sample_data: Path) -> None:
    shared = another(sample_data)
    theirs = request(shared.deployment, checked_request(shared.deployment, "training", date(2024, 1, 1)))
    with pytest.raises(Exception, match=theirs) as refused:
        shared.replay()
    assert getattr(refused.value, "exit_code", None) == 5
    with shared.deployment.ledger.reading() as connection:
        assert run_row(connection, theirs).state == "queued"
