"""The Audit page: who did what, when, to what and why."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from markupsafe import escape
from streamlit.testing.v1 import AppTest

from console.audit.rows import MOST_EXPORTED, exported, subject_html
from storage.ledger.audit import Action, ActionFilter, record_action
from tests.console.pages import Opened, words
from tests.engine.alerts.happenings import ended_run
from tests.sandbox import Sandbox

RUN = "training-20261123-235953-1676"
MODEL = "20261123_235953"


def done(sandbox: Sandbox, *actions: Action) -> None:
    with sandbox.deployment.ledger.writing() as connection:
        for action in actions:
            record_action(connection, action, sandbox.deployment.ledger.clock())


def log_lines(app: AppTest) -> list[str]:
    (found,) = (each.proto.body for each in app.get("html") if "Actions, newest first" in each.proto.body)
    return re.findall(r"<tr>.*?</tr>", found.partition("<tbody>")[2], re.DOTALL)


def test_an_empty_log_says_what_will_be_here(opened: Opened, empty_sandbox: Sandbox) -> None:
    assert "No actions yet" in words(opened(empty_sandbox.home, "audit"))


def test_who_did_what_to_what_and_why_with_links(opened: Opened, empty_sandbox: Sandbox) -> None:
    done(
        empty_sandbox,
        Action("anna", "run", RUN),
        Action("ben", "promote", MODEL, "validated <b>"),
        Action("<anna>", "pause", "inference", "why not"),
    )
    newest, second, oldest = log_lines(opened(empty_sandbox.home, "audit"))
    assert "&lt;anna&gt;" in newest
    assert 'href="/schedule"' in newest
    assert f'href="/models?version={MODEL}"' in second
    assert "validated &lt;b&gt;" in second
    assert f'href="/run?run_id={RUN}"' in oldest


@pytest.mark.parametrize("subject", ["../../x", "javascript:alert(1)", '"><script>', "training-1-2-zz", "20261123"])
def test_what_is_no_run_and_no_model_has_no_link(subject: str) -> None:
    assert "<a" not in escape(subject_html("run", subject))
    assert "<script" not in escape(subject_html("run", subject))


def test_it_is_filtered_by_person_and_action_in_an_address_that_can_be_shared(
    opened: Opened, empty_sandbox: Sandbox
) -> None:
    done(empty_sandbox, *(Action(who, what, RUN) for who in ("anna", "ben") for what in ("run", "cancel")))
    app = opened(empty_sandbox.home, "audit")
    assert len(log_lines(app)) == 4
    app.selectbox(key="who-did").select("ben").run()
    assert len(log_lines(app)) == 2
    app.selectbox(key="action").select("cancel").run()
    assert len(log_lines(app)) == 1
    shared = opened(empty_sandbox.home, "audit", **{"who-did": "anna", "action": "run"})
    (line,) = log_lines(shared)
    assert "anna" in line
    assert "<strong>run</strong>" in line
    with empty_sandbox.deployment.ledger.writing() as connection:
        record_action(connection, Action("carl", "pause", "training"), empty_sandbox.deployment.ledger.clock())
    assert "No actions match" in words(opened(empty_sandbox.home, "audit", **{"who-did": "carl", "action": "run"}))


def test_it_tells_what_changed_and_is_filtered_by_date_and_object(opened: Opened, empty_sandbox: Sandbox) -> None:
    clock, days = empty_sandbox.deployment.ledger.clock(), (3, 2, 0)
    with empty_sandbox.deployment.ledger.writing() as connection:
        for number, ago in enumerate(days):
            act = Action(
                "anna", "run", f"{RUN}{number}", changes={"auc_threshold": [0.7, 0.9], "verify": [False, True]}
            )
            record_action(connection, act, clock - timedelta(days=ago))
    app = opened(empty_sandbox.home, "audit")
    assert "auc_threshold 0.7 → 0.9, verify false → true" in log_lines(app)[0]
    app.text_input(key="object").input(f"{RUN}1").run()
    assert [f"{RUN}1" in line for line in log_lines(app)] == [True]
    app.text_input(key="object").input("").run()
    app.date_input(key="from").set_value(clock.date() - timedelta(days=2)).run()
    assert len(log_lines(app)) == 2
    app.date_input(key="until").set_value(clock.date() - timedelta(days=1)).run()
    assert [f"{RUN}1" in line for line in log_lines(app)] == [True]
    assert "auc_threshold 0.7 → 0.9" in exported(ActionFilter(about=f"{RUN}0")).decode("utf-8-sig")


def test_it_is_paged(opened: Opened, empty_sandbox: Sandbox) -> None:
    done(empty_sandbox, *(Action("anna", "run", f"subject {number}") for number in range(120)))
    first, third = (
        log_lines(opened(empty_sandbox.home, "audit")),
        log_lines(opened(empty_sandbox.home, "audit", page="3")),
    )
    assert (len(first), len(third)) == (50, 20)
    assert "subject 119" in first[0]
    assert "subject 0" in third[-1]


def test_the_csv_holds_what_is_chosen_and_no_formula(
    empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, opened: Opened
) -> None:
    done(empty_sandbox, Action("anna", "run", RUN), Action("=cmd", "promote", MODEL, '=HYPERLINK("http://x")'))
    app = opened(empty_sandbox.home, "audit")
    assert "Download 2 as CSV" in [button.label for button in app.get("download_button")]
    text = exported(ActionFilter()).decode("utf-8-sig")
    header, newest, oldest = text.splitlines()
    assert header == "at,who,action,subject,reason,changes"
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,'=cmd,promote,", newest)
    assert "'=HYPERLINK" in newest
    assert oldest.endswith(f"anna,run,{RUN},,")
    assert exported(ActionFilter(who="anna")).decode("utf-8-sig").splitlines() == [header, oldest]


@pytest.mark.thorough
def test_the_export_has_a_limit_that_the_button_tells(opened: Opened, empty_sandbox: Sandbox) -> None:
    done(empty_sandbox, *(Action("anna", "run", RUN) for _ in range(MOST_EXPORTED + 5)))
    app = opened(empty_sandbox.home, "audit")
    assert f"Download {MOST_EXPORTED:,} as CSV" in [button.label for button in app.get("download_button")]
    assert exported(ActionFilter()).count(b"\r\n") == MOST_EXPORTED + 1


def test_nothing_of_it_is_exported_for_whoever_is_not_let_in(
    opened: Opened, empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done(empty_sandbox, Action("anna", "run", RUN))
    monkeypatch.setenv("LOANWATCH_PASSWORDS", str(tmp_path / "nobody"))
    assert RUN not in words(opened(empty_sandbox.home, "audit"))


def test_the_page_of_a_run_leads_to_the_actions_on_it(opened: Opened, empty_sandbox: Sandbox) -> None:
    run_id = ended_run(empty_sandbox.deployment, "failed")
    done(empty_sandbox, Action("anna", "run", run_id), Action("ben", "run", RUN), Action("cleo", "resume", run_id))
    said = words(opened(empty_sandbox.home, "run", run_id=run_id))
    (query,) = re.findall(r'href="/audit\?([^"]+)">Actions on this run<', said)
    found = log_lines(opened(empty_sandbox.home, "audit", **dict(parse_qsl(query))))
    assert len(found) == 2
    assert "cleo" in found[0]
    assert "anna" in found[1]
