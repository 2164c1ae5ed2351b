"""Questions that people come with: each starts on Overview and is answered after three clicks at most."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from engine.control import runs
from tests.console.journey import Visitor, visiting
from tests.console.live import running_console
from tests.sandbox import AS_OF, Sandbox

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

MOST_CLICKS = 3
LEDGER_OF_LOANS = "lms_loan_daily.csv"


class Inquirer:
    """A visitor whose clicks are counted."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.clicks = visitor, 0
        visitor.open()

    def click(self, words: str) -> None:
        """Clicks the link or the button with these words, and waits until the page is drawn."""
        page = self.visitor.page
        page.get_by_role("link", name=words).or_(page.get_by_role("button", name=words)).first.click()
        self.clicks += 1
        self.visitor.drawn()

    def enter(self, label: str, words: str) -> None:
        """Enters words into the field of that label, which counts as a click."""
        field = self.visitor.page.get_by_label(label, exact=True)
        field.fill(words)
        field.press("Enter")
        self.clicks += 1
        self.visitor.drawn()

    def learns(self, *answers: str) -> None:
        """Waits until each answer can be seen, after no more clicks than people take."""
        for answer in answers:
            self.visitor.sees(answer)
        assert self.clicks <= MOST_CLICKS


@pytest.fixture(scope="module")
def site(monitored_home: Path, sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A monitored deployment: a person asked for a stricter threshold, and a training failed on its extract."""
    folder = tmp_path_factory.mktemp("questions")
    sandbox = Sandbox.copied(monitored_home, folder / "home")
    wanted = runs.checked_request(sandbox.deployment, "monitoring", AS_OF, params={"auc_threshold": 0.75})
    runs.request(sandbox.deployment, wanted)
    broken = Path(shutil.copytree(sample_data, folder / "data"))
    extract = broken / LEDGER_OF_LOANS
    extract.write_bytes(extract.read_bytes().replace(b"loan_id", b"loan", 1))
    sandbox.run("training", data=str(broken))
    yield sandbox
    sandbox.close()


@pytest.fixture
def inquirer(site: Sandbox, browser: Browser) -> Iterator[Inquirer]:
    with running_console(site.home) as console, visiting(browser, console.url) as visitor:
        yield Inquirer(visitor)


def test_is_the_data_of_today_complete(inquirer: Inquirer) -> None:
    inquirer.learns("30 days before 1 Dec 2025, cadence 45 days")
    inquirer.click("Deliveries, columns and rows on the Data page")
    inquirer.learns("13,200 rows, the first delivery")


def test_what_failed_and_what_is_the_impact(inquirer: Inquirer) -> None:
    inquirer.click("Open training-")
    inquirer.learns("ingest_lms_loan_daily failed", "missing column 'loan_id'", "Published tables and champion")
    in_local_time = re.compile(r"Scores in use are of .*, scored on [0-9-]+ at [0-9:]+ CES?T\.")
    expect(inquirer.visitor.page.get_by_text(in_local_time)).to_be_visible()


def test_who_changed_the_threshold(inquirer: Inquirer) -> None:
    inquirer.click("Audit")
    inquirer.learns("auc_threshold", "0.7 → 0.75")


def test_why_is_this_loan_scored_as_it_is(site: Sandbox, inquirer: Inquirer) -> None:
    loan = max(site.table("gold.model_predictions").to_pylist(), key=lambda row: float(row["predicted_proba"]))
    inquirer.click("Data")
    inquirer.enter("Look up a customer or a loan", loan["loan_id"])
    inquirer.learns(f"Loan {loan['loan_id']}", f"{loan['predicted_proba']:.1%}", "What raises its risk most")
    inquirer.learns("Features and where they came from", "Past scores")
