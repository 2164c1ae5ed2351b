"""Asking for a run: the dialog's parameters, one click one run, and who may."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from console.runs.parameters import label, names
from storage.db.ledger import LedgerRow
from storage.ledger.runs import recent_runs
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


def rows(sandbox: Sandbox) -> list[LedgerRow]:
    with sandbox.deployment.ledger.reading() as connection:
        return list(recent_runs(connection, 10))


def dialog(opened: Opened, sandbox: Sandbox, pipeline: str) -> AppTest:
    return opened(sandbox.home, "runs").button(key=f"trigger-{pipeline}").click().run()


def test_a_dialog_asks_for_what_its_pipeline_depends_on(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = dialog(opened, empty_sandbox, "monitoring")
    asked = {
        field.key
        for kind in (app.number_input, app.selectbox, app.text_input, app.checkbox)
        for field in kind
        if field.key
    }
    assert {f"trigger-monitoring-{name}" for name in names("monitoring")} <= asked
    assert "trigger-monitoring-feature_set" not in asked
    assert app.date_input(key="trigger-monitoring-as-of").value == empty_sandbox.deployment.today()


def test_what_was_changed_and_nothing_else_is_given_to_the_run(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = dialog(opened, empty_sandbox, "training")
    app.selectbox(key="trigger-training-feature_set").select("all")
    app.number_input(key="trigger-training-auc_threshold").set_value(0.75)
    app.date_input(key="trigger-training-as-of").set_value(date(2025, 11, 1))
    app.checkbox(key="trigger-training-force").check()
    assert "Changed parameters: AUC threshold 0.75, Feature set all." in words(app.run())
    app.button(key="trigger-training-confirm").click().run()
    (row,) = rows(empty_sandbox)
    assert row.params == {"feature_set": "all", "auc_threshold": 0.75}
    assert (row.as_of, row.force, row.cause) == (date(2025, 11, 1), True, "manual")
    assert row.run_id in words(app)


def test_a_dialog_makes_one_run_however_often_it_is_confirmed(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = dialog(opened, empty_sandbox, "inference")
    key = app.session_state["request-key-trigger-inference"]
    app.button(key="trigger-inference-confirm").click().run()
    assert [row.request_key for row in rows(empty_sandbox)] == [key]
    assert dialog(opened, empty_sandbox, "inference").session_state["request-key-trigger-inference"] != key


def test_a_parameter_that_can_not_be_is_refused_in_a_sentence(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = dialog(opened, empty_sandbox, "training")
    app.number_input(key="trigger-training-auc_threshold").set_value(1.0)
    app.button(key="trigger-training-confirm").click().run()
    assert "auc_threshold" in words(app)
    assert rows(empty_sandbox) == []


def test_it_says_what_to_type_when_no_worker_lives(opened: Opened, empty_sandbox: Sandbox) -> None:
    assert "python -m engine up" in words(dialog(opened, empty_sandbox, "training"))


def test_a_pipeline_that_runs_leads_to_its_run(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = dialog(opened, empty_sandbox, "training")
    app.button(key="trigger-training-confirm").click().run()
    (row,) = rows(empty_sandbox)
    again = dialog(opened, empty_sandbox, "training")
    assert f"{row.run_id} is queued" in words(again)
    again.button(key="trigger-training-confirm").click().run()
    assert len(rows(empty_sandbox)) == 1
    assert f'window.lwOpen("/run?run_id={row.run_id}")' in words(again)


@pytest.mark.parametrize(("name", "told"), [("auc_threshold", "AUC threshold"), ("data", "Folder of the extracts")])
def test_names_of_settings_as_words(name: str, told: str) -> None:
    assert label(name) == told
