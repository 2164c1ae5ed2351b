"""How often a page asks the ledger: the pages are open all day and refresh themselves."""

import pytest

from console.app import queries
from engine.control import runs
from tests.console.pages import Opened
from tests.console.statements import statements
from tests.sandbox import AS_OF, Sandbox

MOST = 12  # statements of one Overview page, with those that begin a transaction and check the schema


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps what a page has loaded for a minute, so that a slow machine does not load it again while it draws."""
    monkeypatch.setattr(queries, "FRESH", 60.0)


@pytest.mark.usefixtures("fresh")
def test_an_overview_makes_few_statements(opened: Opened, monitored_sandbox: Sandbox) -> None:
    with statements() as found:
        app = opened(monitored_sandbox.home)
    assert "95% interval" in str([html.proto.body for html in app.get("html")])
    assert 0 < len(found) <= MOST, "\n".join(found)


@pytest.mark.usefixtures("fresh")
def test_the_fragments_of_a_run_share_one_load(opened: Opened, sandbox: Sandbox) -> None:
    run_id = runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "inference", AS_OF, force=True))
    app = opened(sandbox.home, "run", run_id=run_id)
    with statements() as found:
        app.run()
    for table in ("attempts", "tasks", "decisions"):
        assert sum(f"FROM {table} " in " ".join(each.split()) for each in found) == 1, "\n".join(found)


def test_a_fragment_loads_the_run_again_when_the_load_is_old(
    opened: Opened, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "FRESH", 0.0)
    run_id = runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "inference", AS_OF, force=True))
    with statements() as found:
        opened(sandbox.home, "run", run_id=run_id)
    assert sum("FROM attempts" in " ".join(each.split()) for each in found) > 1
