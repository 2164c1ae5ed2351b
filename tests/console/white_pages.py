"""Runs requested one after another in a slow browser, and how many of them left a white page behind."""

from playwright.sync_api import expect

from tests.console.journey import PATIENCE, Visitor

# A white page loads itself again within a second, so each load beyond the first tells of one.
COUNTED = "sessionStorage.setItem('loads', 1 + Number(sessionStorage.getItem('loads')))"
STARTS = ("Overview", "Runs")


def white_pages(visitor: Visitor, triggers: int, *, slowed: float, pipeline: str = "inference") -> int:
    """The number of white pages after so many triggers, with the browser's processor slowed so many times."""
    page = visitor.page
    page.add_init_script(COUNTED)
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowed})
    visitor.open()
    for number in range(triggers):
        start = STARTS[number % len(STARTS)]
        page.get_by_role("link", name=start, exact=True).first.click()
        expect(page.get_by_role("heading", name=start, exact=True)).to_be_visible(timeout=PATIENCE)
        visitor.press(f"Run {pipeline}")
        visitor.confirm(f"Run {pipeline}")
        visitor.run_in_view(f"{pipeline}-")
        expect(page.locator(".lw-headline")).to_be_visible(timeout=PATIENCE)
    loads: int = page.evaluate("Number(sessionStorage.getItem('loads'))")
    return loads - 1
