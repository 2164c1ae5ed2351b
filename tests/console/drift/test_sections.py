"""The three sections of the Drift page, the notes that stand in its charts, and the period that is dragged in one."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from console.drift.chart_selection import with_dates
from console.drift.filters import dragged_period
from engine.documents.drift.notes import notes_document
from jobs.charts.history import auc_over_time
from jobs.charts.importance import drivers_chart, drivers_frame
from storage.ledger.audit import ActionFilter, action_page
from tests.commands import document
from tests.console.journey import Visitor
from tests.console.live import running_console
from tests.console.pages import Opened, words
from tests.jobs.charts.test_history import HISTORY
from tests.sandbox import AS_OF, Sandbox

QUESTIONS = ["Does it rank?", "Has the population moved?", "Are the levels right?"]


def test_three_sections_open_with_the_sentences_of_the_command(opened: Opened, monitored_sandbox: Sandbox) -> None:
    app = opened(monitored_sandbox.home, "drift")
    asked = document("drift", "--home", str(monitored_sandbox.home))
    assert [header.value for header in app.header if header.value in QUESTIONS] == QUESTIONS
    said = words(app)
    told = re.sub(r"<[^>]+>", "", said)
    scores = asked["scores"].split(" (")[0]
    for each in asked["questions"]:
        assert f"{each['answer']}" in told
        assert each["sentence"].split(scores)[0].strip() in told
    (newest, _, apart, _) = asked["ranking"]
    assert newest["ks"] != apart["ks"]
    for row in asked["ranking"]:
        assert f"{row['ks']:.3f}" in said
        assert f"{row['gini']:.3f}" in said
    assert "What moved, by its weight in the model" in said
    assert "dotted: loans not in arrears at scoring" in said


def test_drivers_are_the_largest_at_the_top_with_their_direction() -> None:
    rows: list[dict[str, Any]] = [
        {"feature": "a", "change": 0.3, "noise_level": 0.1, "moved": "higher", "importance": 0.1, "weight": 0.03},
        {"feature": "b", "change": 0.05, "noise_level": 0.1, "moved": "", "importance": 0.2, "weight": 0.01},
        {"feature": "c", "change": 0.3, "noise_level": 0.1, "moved": "lower", "importance": 0.0, "weight": 0.0},
    ]
    frame = drivers_frame(rows, {"a": "Alpha"})
    assert frame["name"].tolist() == ["Alpha", "b"]
    assert frame["direction"].tolist() == ["▲ higher", "within noise"]
    assert frame["beyond"].tolist() == [True, False]
    assert drivers_chart(frame, "then").to_dict()["layer"][0]["encoding"]["y"]["sort"] == ["Alpha", "b"]
    without = drivers_frame([{**row, "importance": None, "weight": None} for row in rows], {})
    assert without["size"].tolist() == [0.3, 0.05, 0.3]


@pytest.mark.thorough
def test_a_note_is_written_drawn_and_removed(opened: Opened, monitored_sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "home")
    app = opened(sandbox.home, "drift")
    app.selectbox(key="drift-note-on").select("The retraining decision of this date")
    app.text_input(key="drift-note-words").set_value("Rates <b>rose</b>")
    next(button for button in app.button if button.label == "Write note").click().run()
    assert not app.exception
    with sandbox.deployment.ledger.reading() as connection:
        (note,) = notes_document(connection)
        (action,) = action_page(connection, ActionFilter(), 1)
    assert (note["kind"], note["subject"], note["words"]) == ("decision", str(AS_OF), "Rates <b>rose</b>")
    assert (action.action, action.subject) == ("note", f"decision {AS_OF}")
    said = words(app)
    assert f"Note on decision of {AS_OF}: Rates &lt;b&gt;rose&lt;/b&gt;" in said
    assert "flag: note" in said
    app.button(key=f"drift-note-remove-{note['id']}").click().run()
    assert "flag: note" not in words(app)


def test_notes_stand_at_their_days_and_a_drag_selects_a_period() -> None:
    notes = [{"day": "2025-01-20", "words": "Rates rose", "who": "anna", "on": "the date"}]
    history = HISTORY.assign(model_version="v", status="watch")
    chart = with_dates(auc_over_time(history), history, "auc", date(2025, 2, 1), notes)
    flag = chart.layer[-1]
    assert isinstance(flag, alt.Chart)
    (row,) = flag.data.values
    assert (row["words"], row["monitoring_date"][:10]) == ("Rates rose", "2025-01-20")
    named = {each["name"]: each["select"]["type"] for each in chart.to_dict()["params"]}
    assert named == {"day": "point", "period": "interval"}
    first, last = (pd.Timestamp(text).timestamp() * 1000 for text in ("2025-01-03T18:00", "2025-02-01T01:00"))
    assert dragged_period({"period": {"monitoring_date": [last, first]}}) == (date(2025, 1, 4), date(2025, 2, 1))
    assert dragged_period({"period": {"monitoring_date": [first, first + 1000]}}) is None
    assert dragged_period({"day": [{"iso": "2025-01-01"}]}) is None


@pytest.mark.thorough
@pytest.mark.alone
def test_a_drag_on_a_chart_sets_the_period_of_the_page(browser: Browser, monitored_sandbox: Sandbox) -> None:
    with running_console(monitored_sandbox.home) as console:
        page = browser.new_page(viewport={"width": 1400, "height": 1000}, timezone_id="America/New_York")
        visitor = Visitor(page, console.url)
        visitor.open("drift")
        custom = page.get_by_role("radio", name="Custom")
        expect(custom).to_have_attribute("aria-checked", "false")
        drawing = page.locator(".st-key-panel-psi-over-time").locator("canvas, svg.marks").first
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.12, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=6)
        page.mouse.up()
        page.wait_for_url("**period=own**")
        expect(custom).to_have_attribute("aria-checked", "true")
        expect(page.locator('g.role-mark[class*="_brush"]').first).to_have_attribute("aria-hidden", "true")
        assert visitor.violations() == []
        page.close()
