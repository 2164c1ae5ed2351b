"""What people do at the console: a real browser, a real worker, and pages that change by themselves."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from jobs.sample.write import SampleSpec, write_sample
from tests.console.journey import PATIENCE, PHONE, TRIES, WIDE, Visitor, visiting
from tests.console.live import free_port, running_up
from tests.live import Site, held

pytestmark = pytest.mark.alone

CUSTOMERS = 1_000
PAGES = ("", "runs", "drift", "models", "data", "schedule", "decisions", "alerts", "audit")
STATES = (  # of pages, by address; each is looked at once
    "models?view=Compare+two",
    "models?view=Champions+over+time",
    "models?view=Explain+a+loan",
    "data?view=Row+accounting",
    "data?view=Columns",
    "data?view=Quarantine",
    "runs?state=crashed",
    "run?run_id=none",
)
LEDGER_OF_LOANS = "lms_loan_daily.csv"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A deployment with extracts in its data folder, in which nothing has been done."""
    home = tmp_path_factory.mktemp("journeys") / "home"
    write_sample(home / "data", SampleSpec(CUSTOMERS, 5))
    site = Site(home, settings={"console_port": free_port()})
    yield site
    site.close()


@pytest.fixture(scope="module")
def console(site: Site) -> Iterator[str]:
    """The address of that deployment's console, whose worker and scheduler live too."""
    with running_up(site) as url:
        yield url


@pytest.fixture(scope="module")
def visitor(console: str, browser: Browser) -> Iterator[Visitor]:
    with visiting(browser, console) as found:
        yield found


def test_from_an_empty_deployment_to_a_model(visitor: Visitor) -> None:
    """Each step needs the one before."""
    _an_empty_deployment_says_what_to_do(visitor)
    _a_training_is_watched_to_its_end(visitor)
    _its_log_is_read(visitor)


@pytest.mark.thorough
def test_from_a_model_to_a_monitored_one(site: Site, visitor: Visitor) -> None:
    if not site.told("models"):
        site.ended(site.request())
    _inference_and_monitoring_follow(visitor)


@pytest.mark.thorough
def test_from_a_broken_extract_to_a_rollback(site: Site, visitor: Visitor) -> None:
    if not site.told("models"):
        site.ended(site.request())
    _a_broken_extract_is_explained_and_the_run_resumed(site, visitor)
    _a_run_is_cancelled(site, visitor)
    _another_version_is_promoted_and_rolled_back(site, visitor)
    _everything_is_in_the_audit_log(visitor)


def _an_empty_deployment_says_what_to_do(visitor: Visitor) -> None:
    visitor.open()
    visitor.sees("No model yet")
    visitor.sees("No run yet")


def _a_training_is_watched_to_its_end(visitor: Visitor) -> None:
    visitor.trigger("training")
    visitor.page.evaluate("window.notReloaded = true")
    visitor.sees_state("succeeded")
    assert visitor.page.evaluate("window.notReloaded"), "the page was loaded anew"


def _its_log_is_read(visitor: Visitor) -> None:
    log = visitor.page.locator(".st-key-log")
    expect(log).to_contain_text("store_best_model", timeout=PATIENCE)
    # After the end of the run the page is drawn anew once, and may lose what is chosen in that moment.
    expect(visitor.page.get_by_role("button", name="Run again")).to_be_visible(timeout=PATIENCE)
    for _ in range(TRIES):
        visitor.choose("Task", "ingest_feature_clickstream")
        with suppress(AssertionError):
            expect(log).not_to_contain_text("store_best_model", timeout=PATIENCE / TRIES)
            break
    expect(log).not_to_contain_text("store_best_model")
    expect(log).to_contain_text("ingest_feature_clickstream", timeout=PATIENCE)


def _inference_and_monitoring_follow(visitor: Visitor) -> None:
    for pipeline in ("inference", "monitoring"):
        visitor.trigger(pipeline)
        visitor.sees_state("succeeded")
    visitor.open()
    visitor.sees("AUC, threshold 0.70")


def _a_broken_extract_is_explained_and_the_run_resumed(site: Site, visitor: Visitor) -> None:
    extract = site.home / "data" / LEDGER_OF_LOANS
    whole = extract.read_bytes()
    extract.write_bytes(whole.replace(b"loan_id", b"loan", 1))
    failed = visitor.trigger("training")
    visitor.sees_state("failed")
    told = visitor.page.get_by_role("alert").filter(has_text=LEDGER_OF_LOANS).first
    expect(told).to_contain_text("loan_id")
    extract.write_bytes(whole)
    visitor.press("Resume")
    visitor.confirm("Resume")
    visitor.run_in_view("training-", other_than=failed)
    visitor.sees_state("succeeded")


def _a_run_is_cancelled(site: Site, visitor: Visitor) -> None:
    run_id = visitor.trigger("training", force=True)
    visitor.sees_state("running")
    with held(site, run_id):
        visitor.press("Cancel this run")
        visitor.confirm("Cancel this run")
        visitor.sees_state("cancelled")
    assert site.run(run_id).state == "cancelled"


def _another_version_is_promoted_and_rolled_back(site: Site, visitor: Visitor) -> None:
    visitor.trigger("training", force=True)
    visitor.sees_state("succeeded")
    versions = {model["version"]: "champion" in model["aliases"] for model in site.told("models")}
    champion, other = sorted(versions, key=lambda version: not versions[version])
    visitor.open(f"models?version={other}")
    visitor.press("Promote")
    visitor.confirm("Make champion", "The committee asked for it")
    visitor.sees(f"{other} is champion now")
    visitor.press("Roll back")
    visitor.confirm("Roll back", "The committee thought again")
    visitor.sees(f"{champion} is champion now")


def _everything_is_in_the_audit_log(visitor: Visitor) -> None:
    visitor.open("audit")
    for action in ("cancel", "promote", "rollback", "resume"):
        visitor.sees(action)


@pytest.mark.thorough
@pytest.mark.parametrize("window", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_page_can_be_used_in_either_theme_and_asks_nothing_of_strangers(
    site: Site, console: str, browser: Browser, window: ViewportSize
) -> None:
    if not (ended := [run["run_id"] for run in site.told("runs") if run["state"] == "succeeded"]):
        ended = [site.ended(site.request()).run_id]
    with visiting(browser, console, viewport=window) as visitor:
        for path in (*PAGES, f"run?run_id={ended[-1]}"):
            visitor.open(path)  # in the theme that the page before it was left in
            assert visitor.overhang() <= 0, path
            assert not visitor.violations_in_both_themes(), path
            assert visitor.overhang() <= 0, path
        assert not visitor.strangers()


@pytest.mark.thorough
def test_every_state_of_a_page_and_a_dialog_can_be_used(site: Site, console: str, browser: Browser) -> None:
    if not site.told("models"):
        site.ended(site.request())
    with visiting(browser, console) as visitor:
        for path in STATES:
            visitor.open(path)
            assert not visitor.violations_in_both_themes(), path
        assert not visitor.strangers()
        visitor.open()
        visitor.press("Run training")
        expect(visitor.page.get_by_role("dialog")).to_be_visible()
        assert not visitor.violations(), "dialog"


@pytest.mark.thorough
def test_the_theme_is_switched_by_hand(console: str, browser: Browser) -> None:
    with visiting(browser, console, color_scheme="light") as visitor:
        visitor.open("drift")
        paper = visitor.paper()
        visitor.press("Main menu")
        visitor.page.get_by_role("menuitemradio", name="Dark").click()
        visitor.drawn()
        assert sum(visitor.paper()) < sum(paper) / 2
        expect(visitor.page.locator("body")).to_have_css("color-scheme", "dark")


@pytest.mark.thorough
def test_a_page_is_left_and_a_run_requested_by_keyboard_alone(site: Site, console: str, browser: Browser) -> None:
    with visiting(browser, console) as visitor:
        visitor.open()
        visitor.reach("Run inference")
        visitor.page.keyboard.press("Enter")
        expect(visitor.page.get_by_role("dialog")).to_be_visible()
        visitor.page.get_by_role("dialog").get_by_role("button", name="Run inference").focus()
        visitor.page.keyboard.press("Enter")
        run_id = visitor.run_in_view("inference-")
    assert site.ended(run_id).state == "succeeded"
