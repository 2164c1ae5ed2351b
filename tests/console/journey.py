"""A person at the console: a browser window, what it shows, what it asked for, and what axe says about it."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Locator, Page, Request, expect
from playwright.sync_api import Error as Unanswered
from playwright.sync_api import TimeoutError as NeverCame

from tests.processes import LOOPBACK, until

AXE = Path(sys.prefix) / "node/node_modules/axe-core/axe.min.js"
PATIENCE = 180_000  # milliseconds that something which has to come may take, however busy the machine is
TRIES = 12  # times that an input is made anew, after the page was drawn anew and lost it
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
MOST_TABS = 60
MIDDLE = 3 * 128  # between the papers of the two themes, each the sum of red, green and blue
SERIOUS = ("serious", "critical")
OF_COLOUR = ("color-contrast", "link-in-text-block")
OWN_SCHEMES = ("http", "ws", "https", "wss")


@dataclass
class Visitor:
    """A browser window at a console. `asked` are the hosts that its pages asked something of."""

    page: Page
    url: str
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("request", self._note)
        self.page.on("websocket", lambda socket: self.asked.add(urlsplit(socket.url).hostname or ""))

    def open(self, path: str = "") -> None:
        """Opens a page and waits until it is drawn."""
        self.page.goto(f"{self.url}/{path}")
        self.drawn()

    def drawn(self) -> None:
        """Waits until the page has its title and nothing is being computed."""
        expect(self.page.locator("h1").first).to_be_visible(timeout=PATIENCE)
        expect(self.page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=PATIENCE)
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=PATIENCE)
        expect(self.page.get_by_test_id("stSpinner")).to_have_count(0, timeout=PATIENCE)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        """Presses the button of that name on the page."""
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def confirm(self, name: str, reason: str = "") -> None:
        """Presses the button of that name in the dialog that is open, once its reason is typed, if it wants one."""
        dialog = self.page.get_by_role("dialog")
        if reason:
            dialog.get_by_role("textbox").press_sequentially(reason)
        dialog.get_by_role("button", name=name, exact=True).click()
        expect(dialog).to_have_count(0, timeout=PATIENCE)

    def trigger(self, pipeline: str, *, force: bool = False) -> str:
        """The id of a run of the pipeline, asked for on the Overview page and now in view."""
        self.open()
        self.press(f"Run {pipeline}")
        if force:
            self.page.get_by_role("dialog").get_by_text("Ignore cache").click()
        self.confirm(f"Run {pipeline}")
        return self.run_in_view(f"{pipeline}-")

    def run_in_view(self, beginning: str, *, other_than: str = "") -> str:
        """Waits until the page of a run is open whose id begins so, and is not that one; its id."""
        wanted = re.compile(rf"/run\?run_id=(?!{other_than}$){beginning}[\w-]+$" if other_than else rf"={beginning}")
        expect(self.page).to_have_url(wanted, timeout=PATIENCE)
        return parse_qs(urlsplit(self.page.url).query)["run_id"][0]

    def sees(self, text: str) -> None:
        """Waits until the text can be seen."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)

    def sees_state(self, word: str) -> None:
        """Waits until the run in view has that state; AssertionError with the text of the page when it never has."""
        headline = self.page.locator(".lw-headline .lw-state").first
        try:
            expect(headline).to_contain_text(word, timeout=PATIENCE)
        except AssertionError as error:
            error.add_note(f"The page: {self.page.locator('body').inner_text()}")
            raise

    def choose(self, label: str, option: str) -> None:
        """Chooses from the selectbox of that label. A page that is drawn anew loses what was typed."""
        box, offered = self.page.get_by_role("combobox", name=label), self.page.get_by_role("option", name=option)
        for _ in range(TRIES):
            box.fill("")
            box.press_sequentially(option)
            with suppress(NeverCame):
                offered.first.wait_for(timeout=PATIENCE / TRIES)
                box.press("Enter")
                return
        raise AssertionError(f"{label} never offered {option}.")

    def violations(self, *rules: str) -> list[str]:
        """The serious and critical findings of axe on the page as it is (of some rules, or all), each with a place."""
        if not self.page.evaluate("Boolean(window.axe)"):
            self.page.add_script_tag(path=str(AXE))
        wanted = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found: dict[str, Any] = self.page.evaluate("wanted => axe.run(document, wanted)", wanted)
        return [
            f"{each['id']}: {each['nodes'][0]['target']} {each['nodes'][0]['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in SERIOUS
        ]

    def violations_in_both_themes(self) -> list[str]:
        """The same, then those of colour in the other theme, in which the page stays."""
        found = self.violations()
        self.switch_theme()
        return found + self.violations(*OF_COLOUR)

    def switch_theme(self) -> None:
        """Has the system ask for the other theme, and waits until the page is drawn in it."""
        dark = self.is_dark()
        self.page.emulate_media(color_scheme="light" if dark else "dark")
        until(lambda: self.is_dark() != dark, "other theme")
        self.drawn()

    def strangers(self) -> set[str]:
        """The hosts beyond loopback that were asked for something."""
        return self.asked - {*LOOPBACK, "localhost"}

    def reach(self, name: str) -> None:
        """Goes to the button of that name by the tabulator key; AssertionError when it can't be reached."""
        self.tab_to(self.page.get_by_role("button", name=name, exact=True).first)

    def tab_to(self, wanted: Locator, key: str = "Tab") -> None:
        """Goes to an element by the tabulator key, or back with Shift; AssertionError when it can't be reached."""
        expect(wanted).to_be_visible(timeout=PATIENCE)
        for _ in range(MOST_TABS):
            self.page.keyboard.press(key)
            if wanted.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"{wanted} can't be reached by keyboard")

    def paper(self) -> list[int]:
        """Red, green and blue of what the page is drawn on."""
        colour: str = self.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        return [int(part) for part in re.findall(r"\d+", colour)[:3]]

    def is_dark(self) -> bool:
        return sum(self.paper()) < MIDDLE

    def overhang(self) -> int:
        """How many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width

    def told(self) -> str:
        """The address of the page, and its text if the browser answers."""
        text = ""
        with suppress(Unanswered):
            text = self.page.locator("body").inner_text(timeout=5000)
        return f"The page at {self.page.url}:\n{text}"

    def _note(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in OWN_SCHEMES:
            self.asked.add(address.hostname or "")


# A colour in the middle of a transition is nobody's colour: what axe measures is what a page comes to rest at.
STILL = """
document.addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, *::before, *::after { transition: none !important; animation: none !important; " +
    "scroll-behavior: auto !important; caret-color: transparent !important; }";
  document.head.append(style);
});
"""


@contextmanager
def visiting(browser: Browser, url: str, **window: Any) -> Iterator[Visitor]:
    """A visitor in a window of their own (`viewport`, `color_scheme` and so on), gone when the block ends."""
    given = {"viewport": WIDE, "timezone_id": "Europe/Berlin", "reduced_motion": "reduce", **window}
    context = browser.new_context(**given)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(STILL)
    visitor = Visitor(context.new_page(), url)
    try:
        yield visitor
    except AssertionError as error:
        error.add_note(visitor.told())
        raise
    finally:
        context.close()
