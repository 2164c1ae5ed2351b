"""The page of a run whose tasks failed before their first attempt: nothing there is cached, and nothing is to come."""

from datetime import timedelta

from tests.console.pages import Opened, words
from tests.sandbox import AS_OF, Sandbox


def test_it_says_that_no_task_began_and_nothing_was_made(opened: Opened, empty_sandbox: Sandbox) -> None:
    ended = empty_sandbox.run("training", AS_OF + timedelta(days=1), data=str(empty_sandbox.home / "nowhere"))
    said = words(opened(empty_sandbox.home, "run", run_id=ended.run_id))
    assert "The run ended before the first attempt of a task." in said
    assert "every result was cached" not in said
    assert "The run made no tables." in said
    assert "will be" not in said
