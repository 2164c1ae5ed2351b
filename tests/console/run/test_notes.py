"""The page of a run shows what people noted on it."""

from engine.control import runs
from engine.control.notes import take_back, write_note
from tests.console.pages import Opened, words
from tests.sandbox import AS_OF, Sandbox


def test_a_run_shows_the_notes_on_it_and_not_those_taken_back(opened: Opened, sandbox: Sandbox) -> None:
    made = sandbox.deployment
    run_id = runs.request(made, runs.checked_request(made, "inference", AS_OF, force=True))
    assert "Notes" not in words(opened(sandbox.home, "run", run_id=run_id))
    wrong = write_note(made, "run", run_id, "The extract was late.", "ana")
    write_note(made, "run", run_id, "Read <twice>.", "bo")
    take_back(made, wrong.note_id, "ana")
    said = words(opened(sandbox.home, "run", run_id=run_id))
    assert "Read &lt;twice&gt;. " in said
    assert "(bo)" in said
    assert "The extract was late." not in said
