"""A book file that is missing, broken, or changed while a run is going: one sentence, an exit code, no traceback."""

from pathlib import Path

import pytest

from tests.books.extension import with_book, written
from tests.commands import command
from tests.console.pages import Opened, words

COMMANDS = (("run", "training"), ("schedule",), ("tables",), ("models",))
# The first task changes the book's own file, as a person does while a run is going.
CHANGING = """\
def change(job):
    from pathlib import Path
    file = Path(__file__)
    file.write_text(file.read_text() + CHANGE)
    return TaskResult()

def use(job):
    return TaskResult(values={"features": len(job.book.features)})

PIPELINES = (Pipeline("reporting", (Task("change", "book:change"), Task("use", "book:use", upstream=("change",)))),)
"""


def said_by(home: Path, file: Path, *words: str) -> str:
    """What a command says that can't use the book."""
    done = command(*words, "--home", str(home), env={"LOANWATCH_BOOK": str(file)})
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    assert "Traceback" not in said
    return " ".join(said.split())


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        ("BOOK = BOOK.with_column(", "8: this is no Python ('(' was never closed); correct the line"),
        ("BOOK = Bok()", "8: the declaration fails (NameError: name 'Bok' is not defined); correct the line"),
        ("del BOOK", "1: there is no BOOK; add `BOOK = Book(...)`"),
        ("BOOK = BOOK.with_column('people')", "there is no source 'people'; the book has clickstream"),
        (
            "BOOK = BOOK.with_feature(Latest('Pets', 'attributes'))",
            "8: feature Pets: features_attributes has no column",
        ),
    ],
)
def test_a_broken_book_is_refused_with_its_file_and_line(declaration: str, told: str, tmp_path: Path) -> None:
    file = written(tmp_path / "broken.py", declaration)
    said = said_by(tmp_path / "home", file, "run", "training")
    assert said.startswith(f"error: The book can't be used; 1 finding: {file}:")
    assert told in said


def test_a_missing_book_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing.py"
    said = said_by(tmp_path / "home", missing, "run", "training")
    assert f"{missing}: the file can't be read (No such file or directory); name a `.py` file" in said


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_command_fails_with_a_traceback(words: tuple[str, ...], tmp_path: Path) -> None:
    assert command("migrate", "--home", str(tmp_path / "home")).returncode == 0
    done = command(*words, "--home", str(tmp_path / "home"), env={"LOANWATCH_BOOK": str(tmp_path / "missing.py")})
    assert done.returncode in (0, 3)
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (
            "BOOK = replace(BOOK, observation=7)",
            1,
            "The book {file} changed while {run} was running, or this machine has another one; run",
        ),
        ("BOOK = Bok()", 3, "{file}:20: the declaration fails (NameError: name 'Bok' is not defined)"),
    ],
)
def test_a_book_that_changes_during_a_run_fails_the_next_task(
    change: str, code: int, told: str, tmp_path: Path
) -> None:
    file = written(tmp_path / "changing.py", f'CHANGE = "\\n{change}\\n"\n{CHANGING}')
    made = with_book(tmp_path / "home", file)
    ended = made.run("reporting")
    assert ended.state == "failed"
    assert made.states(ended.run_id) == {"change": "failed", "use": "upstream_failed"}
    assert ended.error["exit_code"] == code
    assert told.format(file=file, run=ended.run_id) in ended.error["message"]


def test_a_description_may_change_during_a_run(tmp_path: Path) -> None:
    change = "BOOK = replace(BOOK, name='other')"
    file = written(tmp_path / "changing.py", f'CHANGE = "\\n{change}\\n"\n{CHANGING}')
    with_book(tmp_path / "home", file).succeed("reporting")


@pytest.mark.parametrize("page", ["overview", "runs", "schedule"])
def test_the_console_says_what_is_wrong_and_works_again_once_it_is_mended(
    page: str, tmp_path: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "book.py"
    monkeypatch.setenv("LOANWATCH_BOOK", str(file))
    assert command("migrate", "--home", str(tmp_path / "home")).returncode == 0
    app = opened(tmp_path / "home", page)
    told = words(app)
    assert f"{file}: the file can&#39;t be read" in told
    assert "Pause schedule" not in [button.label for button in app.button]
    written(file, "PIPELINES = 3\n")
    assert "PIPELINES is no tuple of Pipeline" in words(app.run())
    written(file, "PIPELINES = ()\n")
    app.run()
    assert not app.exception
    assert "The book can" not in words(app)
    assert app.button
