"""The order of the tests and the processes that they run in: what shares something costly stays in one process.

Tests of one file stay together, and so do files whose `pytestmark` names the same group. xdist's own groups are not
used: they are written into the ids of the tests, which pytest does not allow any more.
"""

import re
from functools import cache

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.paths import ROOT

# The longest first, so that the processes end at about the same time.
GROUPS = ("alone", "replay", "ray")
FIRST = (
    "faults/test_workers_killed",
    "console/test_journeys",
    "engine/worker/test_worker",
    "engine/cluster/test_machines",
)
GROUP = re.compile(r'^pytestmark = .*\bmark\.(?:(alone)\b|group\("(\w+)"\))', re.MULTILINE)


@cache
def group_of(file: str) -> str:
    """The group of a file of tests, which its `pytestmark` names; '' without one."""
    found = GROUP.search((ROOT / file).read_text(encoding="utf-8"))
    return (found[1] or found[2]) if found else ""


def file_of(test: str) -> str:
    """The file of a test's id."""
    return test.partition("::")[0]


class Groups(LoadScopeScheduling):
    """Gives each process of xdist a group or a file at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(file_of(nodeid)) or file_of(nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups | None:
    return Groups(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _place(file_of(item.nodeid)))


@cache
def _place(file: str) -> tuple[int, int]:
    """The place of a file: by its group, and in this by its length."""
    name = file.removeprefix("tests/").removesuffix(".py")
    return [*GROUPS, ""].index(group_of(file)), FIRST.index(name) if name in FIRST else len(FIRST)
