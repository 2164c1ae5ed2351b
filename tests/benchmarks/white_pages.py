"""`python -m tests.benchmarks.white_pages`: how often a slow browser shows a white page after a run was requested.

100 triggers, or as many as are given, in a browser whose processor is slowed four times. It reports the number of white
pages, which has to be 0; it doesn't fail.
"""

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

from tests.console.journey import visiting
from tests.console.live import running_browser, running_console
from tests.console.white_pages import white_pages
from tests.sandbox import Sandbox

SLOWED = 4


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.white_pages", description=__doc__)
    parser.add_argument("triggers", type=int, nargs="?", default=100, help="runs that are requested")
    parser.add_argument("--home", type=Path, help="a deployment's home; an empty one is made by default")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="loanwatch-benchmark-") as name:
        home = given.home or Path(name) / "home"
        if given.home is None:
            Sandbox.at(home).close()
        with running_console(home) as console, running_browser() as browser, visiting(browser, console.url) as visitor:
            began = perf_counter()
            white = white_pages(visitor, given.triggers, slowed=SLOWED)
            print(f"{given.triggers} triggers, {white} white pages, {perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
