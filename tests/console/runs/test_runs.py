"""The page of all runs: filters, pages, errors in a line, and the recent ones of each pipeline."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs

import pytest
from sqlalchemy import update

from console.runs.run_list import PAGE
from engine.control import runs
from engine.documents.runs import runs_document
from storage.db.schema import runs as table
from tests.console.pages import Opened, words
from tests.console.statements import statements
from tests.engine.alerts.happenings import ended_run
from tests.sandbox import AS_OF, Sandbox


@pytest.fixture
def busy(sandbox: Sandbox) -> list[str]:
    """The ids of more cancelled inferences than fit on a page, oldest first, in a deployment with other runs."""
    made = []
    for _ in range(PAGE + 5):
        wanted = runs.checked_request(sandbox.deployment, "inference", AS_OF, force=True)
        made.append(runs.request(sandbox.deployment, wanted))
        runs.cancel(sandbox.deployment, made[-1])
    return made


def listed(said: str) -> list[str]:
    """The ids in the list, in its order."""
    table = said[said.index("Runs, newest first") :]
    return re.findall(r'<td[^>]*><a href="/run\?run_id=([^"]+)"', table)


def test_an_empty_home_says_how_to_ask_for_a_run(opened: Opened, empty_sandbox: Sandbox) -> None:
    said = words(opened(empty_sandbox.home, "runs"))
    assert "No runs yet" in said
    assert "python -m engine run training" in said
    assert said.count("No runs yet") >= 3


def test_the_list_goes_on_page_by_page(opened: Opened, sandbox: Sandbox, busy: list[str]) -> None:
    app = opened(sandbox.home, "runs")
    first = words(app)
    assert not app.toggle, "no run failed, so there is nothing to fold"
    assert listed(first) == busy[: -PAGE - 1 : -1]
    assert ">Older<" in first
    assert ">Newer<" not in first
    second = words(opened(sandbox.home, "runs", older=busy[-PAGE]))
    assert listed(second)[:5] == busy[4::-1]
    assert len(listed(second)) == 7
    assert ">Newer<" in second
    assert ">Older<" not in second


def test_filters_add_up_and_begin_at_the_newest(opened: Opened, sandbox: Sandbox, busy: list[str]) -> None:
    app = opened(sandbox.home, "runs", older=busy[3])
    app.selectbox(key="state").select("succeeded").run()
    assert "older" not in app.query_params
    shown = listed(words(app))
    assert len(shown) == 2
    app.selectbox(key="pipeline").select("training").run()
    (training,) = listed(words(app))
    assert training.startswith("training-")
    app.text_input(key="id").set_value("no such piece").run()
    assert "No runs match" in words(app)


def test_the_states_are_offered_with_how_many_runs_they_have(opened: Opened, empty_sandbox: Sandbox) -> None:
    for state in ("cancelled", "cancelled", "succeeded"):
        ended_run(empty_sandbox.deployment, state, "inference")
    with statements() as found:
        app = opened(empty_sandbox.home, "runs", state="cancelled", cause="manual")
    assert sum("GROUP BY runs.state" in each for each in found) == 1
    state_box = app.selectbox(key="state")
    assert state_box.value == "cancelled"
    assert {"all (3)", "succeeded (1)", "cancelled (2)", "failed (0)"} <= set(state_box.options)
    ended_run(empty_sandbox.deployment, "cancelled", "inference")
    ended_run(empty_sandbox.deployment, "cancelled", "training")
    app.selectbox(key="pipeline").select("inference").run()
    state_box = app.selectbox(key="state")
    assert (state_box.value, app.query_params["state"]) == ("cancelled", "cancelled")
    assert {"all (4)", "cancelled (3)"} <= set(state_box.options)
    state_box.select("").run()
    assert "state" not in app.query_params
    assert len(listed(words(app))) == 4


@pytest.mark.thorough
def test_a_link_to_the_next_page_keeps_the_trigger(opened: Opened, sandbox: Sandbox, busy: list[str]) -> None:
    with sandbox.deployment.ledger.writing() as connection:
        connection.execute(update(table).values(cause="governance"))
    said = words(opened(sandbox.home, "runs", cause="retraining rule"))
    (older,) = re.findall(r'href="/runs\?([^"]+)">Older<', said)
    query = {name: value for name, (value,) in parse_qs(unescape(older)).items()}
    assert query["cause"] == "retraining rule"
    assert len(listed(words(opened(sandbox.home, "runs", **query)))) == len(busy) + 2 - PAGE


def test_a_failed_run_tells_why_and_what_went_on_with_it(opened: Opened, sandbox: Sandbox) -> None:
    ended = sandbox.run("training", AS_OF + timedelta(days=1), data=str(sandbox.home / "nowhere"))
    said = words(opened(sandbox.home, "runs", state="failed"))
    assert listed(said) == [ended.run_id]
    assert str(sandbox.home / "nowhere")[:20] in said
    child = runs.resume(sandbox.deployment, ended.run_id, {"data": sandbox.data()})
    assert f'<a href="/run?run_id={child}">resumed:</a>' in words(opened(sandbox.home, "runs", state="failed"))


def test_the_same_failure_again_is_one_line_with_a_count(opened: Opened, sandbox: Sandbox) -> None:
    days = [AS_OF + timedelta(days=number) for number in (1, 2, 3)]
    ended = [sandbox.run("training", day, data=str(sandbox.home / "nowhere")).run_id for day in days]
    app = opened(sandbox.home, "runs", state="failed")
    assert listed(words(app)) == [ended[-1]]
    assert "<strong>3 times</strong>" in words(app)
    app.toggle(key="fold").set_value(False).run()
    assert listed(words(app)) == ended[::-1]
    with sandbox.deployment.ledger.reading() as connection:
        (folded,) = runs_document(connection, 9, "training", "failed", fold=True)
        assert (folded["run_id"], folded["times"]) == (ended[-1], 3)
        assert len(runs_document(connection, 9, "training", "failed")) == 3


def test_the_grid_has_the_state_and_duration_of_each_task(opened: Opened, trained_sandbox: Sandbox) -> None:
    said = words(opened(trained_sandbox.home, "runs"))
    grid = said[said.index("Tasks of the newest 1 runs of training") :]
    assert "ingest_lms_loan_daily, as of 2025-12-01: succeeded, " in grid
    assert "background-image:linear-gradient" in grid


def test_recent_runs_stand_at_a_glance_with_how_they_ended(opened: Opened, sandbox: Sandbox, busy: list[str]) -> None:
    said = words(opened(sandbox.home, "runs"))
    assert "The newest 30 runs of inference" in said
    assert f"{busy[-1]}: cancelled" in said
    assert "1 of 1 succeeded" in said
