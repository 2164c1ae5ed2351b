"""Journeys of the console by keyboard alone: no pointer is used in this file. An empty console has one more."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import select

from storage.db.schema import notes
from storage.ledger.alerts.silences import silences
from tests.console.journey import PATIENCE, Visitor, visiting
from tests.console.reach.busy import Busy
from tests.engine.alerts.happenings import alerts

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

CHAMPION_NOW = "is champion now"


class Typist:
    """A visitor with a keyboard and nothing else."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page
        self.dialog = self.page.get_by_role("dialog")

    def keys(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)

    def go(self, page: str) -> None:
        """Opens a page by its link in the navigation."""
        self.press(self.page.get_by_role("link", name=page, exact=True).first)
        expect(self.page.get_by_role("heading", name=page, exact=True, level=1)).to_be_visible(timeout=PATIENCE)
        self.visitor.drawn()

    def press(self, wanted: Locator, key: str = "Enter") -> None:
        """Goes to an element and presses a key on it."""
        self.visitor.tab_to(wanted)
        self.keys(key)

    def open_dialog(self, name: str) -> None:
        self.press(self.visitor.button(name).first)
        expect(self.dialog).to_be_visible(timeout=PATIENCE)

    def write(self, field: Locator, words: str) -> None:
        self.visitor.tab_to(field)
        self.page.keyboard.type(words)

    def confirm(self, name: str) -> None:
        """Presses the button of that name in the dialog, which closes."""
        button = self.dialog.get_by_role("button", name=name, exact=True)
        expect(button).to_be_enabled(timeout=PATIENCE)
        self.press(button)
        expect(self.dialog).to_have_count(0, timeout=PATIENCE)


@pytest.fixture(scope="module")
def visitor(console: str, browser: Browser) -> Iterator[Visitor]:
    with visiting(browser, console) as found:
        yield found


@pytest.fixture
def typist(visitor: Visitor) -> Typist:
    visitor.open()
    return Typist(visitor)


def test_a_version_is_found_promoted_and_rolled_back(busy: Busy, typist: Typist) -> None:
    champion, other = busy.champion, busy.other_version()
    typist.go("Models")
    typist.write(typist.page.get_by_role("combobox", name="Go to a version"), other)
    typist.keys("Enter")
    expect(typist.page.get_by_role("heading", name=other, exact=True)).to_be_visible(timeout=PATIENCE)
    typist.open_dialog("Promote")
    typist.write(typist.dialog.get_by_role("textbox"), "The committee asked for it")
    typist.confirm("Make champion")
    typist.visitor.sees(f"{other} {CHAMPION_NOW}")
    assert busy.champion == other
    typist.open_dialog("Roll back")
    typist.write(typist.dialog.get_by_role("textbox"), "The committee thought again")
    typist.confirm("Roll back")
    typist.visitor.sees(f"{champion} {CHAMPION_NOW}")
    assert busy.champion == champion


def test_an_alert_is_silenced_and_acknowledged(busy: Busy, typist: Typist) -> None:
    deployment = busy.sandbox.deployment
    typist.go("Alerts")
    typist.open_dialog("Silence")
    typist.write(typist.dialog.get_by_role("textbox", name="Reason"), "The lender mends it")
    typist.confirm("Silence")
    typist.visitor.sees("The lender mends it")
    with deployment.ledger.reading() as connection:
        assert [row.reason for row in silences(connection, deployment.ledger.clock())] == ["The lender mends it"]
    typist.press(typist.visitor.button("End silence"))
    typist.visitor.sees("No rule is silenced.")
    typist.open_dialog("Acknowledge")
    typist.write(typist.dialog.get_by_role("textbox", name="Note"), "A new file comes at noon")
    typist.confirm("Acknowledge")
    typist.visitor.sees("A new file comes at noon")
    assert "A new file comes at noon" in [row.note for row in alerts(deployment)]


def test_a_run_is_requested_cancelled_and_resumed(busy: Busy, typist: Typist) -> None:
    typist.open_dialog("Run inference")
    typist.press(typist.dialog.get_by_role("checkbox", name="Ignore cache"), "Space")
    typist.press(typist.dialog.get_by_role("button", name="Run inference", exact=True))
    requested = typist.visitor.run_in_view("inference-")
    assert (busy.run(requested).state, busy.run(requested).force) == ("queued", True)
    typist.open_dialog("Cancel this run")
    typist.confirm("Cancel this run")
    typist.visitor.sees_state("cancelled")
    assert busy.run(requested).state == "cancelled"
    typist.open_dialog("Resume")
    typist.press(typist.dialog.get_by_role("button", name="Resume", exact=True))
    resumed = typist.visitor.run_in_view("inference-", other_than=requested)
    assert busy.run(resumed).parent_run_id == requested
    typist.open_dialog("Cancel this run")
    typist.keys("Escape")
    expect(typist.dialog).to_have_count(0, timeout=PATIENCE)
    assert busy.run(resumed).state == "queued"


def test_a_loan_is_looked_up(busy: Busy, typist: Typist) -> None:
    loan = busy.sandbox.table("gold.model_predictions")["loan_id"][0].as_py()
    typist.go("Data")
    typist.write(typist.page.get_by_label("Look up a customer or a loan", exact=True), loan)
    typist.keys("Enter")
    typist.visitor.sees(f"Loan {loan}")


def test_the_numbers_of_a_chart_are_made_when_they_are_opened_and_the_focus_stays(busy: Busy, typist: Typist) -> None:
    typist.go("Drift")
    numbers, table = typist.visitor.button("Numbers").first, typist.page.get_by_test_id("stDataFrame")
    expect(table).to_have_count(0)
    typist.press(numbers)
    expect(table).to_be_visible(timeout=PATIENCE)
    typist.visitor.tab_to(typist.visitor.button("Download CSV"))
    with typist.page.expect_download(timeout=PATIENCE) as downloaded:
        typist.keys("Enter")
    assert downloaded.value.suggested_filename.endswith(".csv")
    typist.keys("Escape")
    expect(table).to_have_count(0, timeout=PATIENCE)
    expect(numbers).to_be_focused(timeout=PATIENCE)


def test_a_note_is_written_on_what_the_arrows_choose_and_removed(busy: Busy, typist: Typist) -> None:
    typist.go("Drift")
    typist.press(typist.visitor.button("Notes"))
    typist.visitor.tab_to(typist.page.get_by_role("combobox", name="Write a note on"))
    typist.keys("ArrowDown", "ArrowDown", "Enter")
    typist.write(typist.page.get_by_role("textbox", name="Note"), "The lender changed its rates")
    typist.press(typist.visitor.button("Write note"))
    typist.visitor.sees("Notes (1)")
    with busy.sandbox.deployment.ledger.reading() as connection:
        (note,) = connection.execute(select(notes)).all()
    assert (note.words, note.kind) == ("The lender changed its rates", "decision")
    typist.visitor.tab_to(typist.visitor.button("Remove"), "Shift+Tab")
    typist.keys("Enter")
    notes_again = typist.visitor.button("Notes")
    expect(notes_again).to_be_visible(timeout=PATIENCE)
    typist.keys("Escape")
    expect(notes_again).to_be_focused(timeout=PATIENCE)
