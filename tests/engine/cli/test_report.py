"""The command `report`."""

from pathlib import Path

import pytest

from engine.report.page import report
from tests.commands import command, document
from tests.sandbox import Sandbox


def test_it_writes_the_page_of_the_champion_in_place_of_an_older_one(
    monitored_sandbox: Sandbox, tmp_path: Path
) -> None:
    out, home = tmp_path / "page.html", ("--home", str(monitored_sandbox.home))
    out.write_text("an older page")
    told = document("report", str(out), *home)
    expected = report(monitored_sandbox.deployment)
    assert told == {"file": str(out), "bytes": len(expected)}
    assert out.read_bytes() == expected
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("page.html", "--model", "20990101_000000"), "no model '20990101_000000'"),
        (("page.html", "--date", "2020-01-01"), "There was no champion on 2020-01-01"),
        (("page.html", "--date", "1/5/2024"), "--date '1/5/2024' is not a date"),
        (("page.html", "--date", "2025-12-01", "--model", "x"), "--model and --date can't be given together"),
        (("nowhere/page.html",), "there is no folder"),
        (("folder",), "it is no file"),
        (("file/page.html",), "there is no folder"),
        ((), "OUT.html"),
    ],
)
def test_what_a_person_gets_wrong_is_one_sentence_and_leaves_no_file(
    monitored_sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    done = command("report", *words, "--home", str(monitored_sandbox.home))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_an_empty_home_says_what_to_run(tmp_path: Path) -> None:
    command("migrate", "--home", str(tmp_path / "home"))
    done = command("report", str(tmp_path / "page.html"), "--home", str(tmp_path / "home"))
    assert done.returncode == 2
    assert "There is no champion yet" in done.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays(
    monitored_sandbox: Sandbox, tmp_path: Path
) -> None:
    out = tmp_path / ("p" * 250)  # a name that is allowed, whose draft has one that is too long
    out.write_text("an older page")
    done = command("report", str(out), "--home", str(monitored_sandbox.home))
    assert done.returncode == 2
    assert "can't be written (File name too long); give another OUT." in " ".join(done.stderr.split())
    assert [path.read_text() for path in tmp_path.iterdir()] == ["an older page"]
