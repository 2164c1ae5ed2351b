"""Progress as people see it: a live tree on a terminal, plain lines elsewhere."""

import io
from collections.abc import Callable

from rich.console import Console

from engine.cli.follow import Follower
from engine.cli.render import interval, number, state_text
from storage.db.schema import OPEN_TASK_STATES, RUN_STATES
from tests.engine.runner import TASKS, PipelineRunner, task

Maker = Callable[..., PipelineRunner]
ENDED_TASK_STATES = ("succeeded", "cached", "skipped", "failed", "upstream_failed", "cancelled")


def shown(book: PipelineRunner, run_id: str, *, terminal: bool, term: str = "xterm") -> str:
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=140, _environ={"TERM": term})
    with Follower(book.deployment, run_id, console):
        pass
    return text.getvalue()


def test_plain_lines_tell_tasks_rows_tries_and_blame(runner_of: Maker) -> None:
    book = runner_of(
        task("shaky", "fails_twice"),
        task("many", "one_part", split=f"{TASKS}:three_parts"),
        task("bad", "bad_input"),
        task("after", upstream=("bad",)),
    )
    run_id, _ = book.run()
    lines = shown(book, run_id, terminal=False).splitlines()
    assert lines[0].startswith("shaky: succeeded  attempt 3  1 -> 1 rows")
    assert lines[1].startswith("many 3/3 partitions: succeeded  attempt 2  30 -> 27 rows")
    assert lines[2].endswith("The data can't be used; mend them.")
    assert lines[3] == "after: upstream_failed  bad failed"


def test_a_terminal_that_can_not_go_back_has_plain_lines(runner_of: Maker) -> None:
    """A live table would be shown there when the run has ended, and nothing before."""
    book = runner_of(task("one"), task("two", upstream=("one",)))
    run_id, _ = book.run()
    plain = shown(book, run_id, terminal=False)
    assert plain.count("succeeded") == 2
    assert shown(book, run_id, terminal=True, term="dumb") == plain


def test_a_terminal_has_a_tree_with_signs_and_words(runner_of: Maker) -> None:
    book = runner_of(task("one"))
    first, _ = book.run()
    assert "✓ succeeded" in shown(book, first, terminal=True)
    again, _ = book.run()
    text = shown(book, again, terminal=True)
    assert "≡ cached" in text
    assert f"cached from {first}" in text


def test_every_state_has_a_sign_and_a_word() -> None:
    for state in {*RUN_STATES, *OPEN_TASK_STATES, *ENDED_TASK_STATES}:
        sign, _, word = state_text(state).plain.partition(" ")
        assert len(sign) == 1
        assert word == state


def test_numbers_are_written_for_people() -> None:
    assert (number(1234567), number(None)) == ("1,234,567", "")
    assert (interval(0.7, 0.8), interval(None, 0.8)) == ("0.700 to 0.800", "-")
