"""Loading a book: the default, a file, a module; what fails is a sentence with file and line."""

import pickle
import sys
from pathlib import Path

import pytest

from jobs.book import retail
from jobs.book.loading import examined, load, module_of
from jobs.errors import BookRejected, InputRejected
from tests.jobs.book.lender import LENDER, changed, complaint, line_of, written


def rejection(reference: str) -> str:
    with pytest.raises(BookRejected) as caught:
        load(reference)
    assert caught.value.exit_code == InputRejected.exit_code == 3
    return complaint(caught.value)


def test_nothing_named_is_the_default_book() -> None:
    assert load("") is load() is retail.BOOK
    assert module_of("") is retail
    assert examined("") is retail.BOOK


def test_a_file_is_run_once_for_each_content(tmp_path: Path) -> None:
    first = load(written(tmp_path, LENDER))
    assert first.name == "acme"
    assert load(written(tmp_path, LENDER)) is first
    second = load(written(tmp_path, changed('"acme"', '"other"')))
    assert second.name == "other"
    assert load(written(tmp_path, LENDER)) is first


def test_a_module_is_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, LENDER, "lender_as_module.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load("lender_as_module").name == "acme"
    assert load("jobs.book.retail") is retail.BOOK


def test_a_module_may_hold_more_than_a_book(tmp_path: Path) -> None:
    assert module_of(written(tmp_path, LENDER + "PIPELINES = ('reporting',)\n")).PIPELINES == ("reporting",)


def test_functions_of_a_file_are_found_by_name(tmp_path: Path) -> None:
    module = module_of(written(tmp_path, LENDER))
    assert pickle.loads(pickle.dumps(module.capped)) is module.capped


def test_findings_are_told_with_file_and_line_all_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = changed("months=6", "months=0").replace("Kind.CATEGORY", "...")
    reference = written(tmp_path, text)
    with pytest.raises(BookRejected) as caught:
        load(reference)
    lines = [line_of(text, "..."), line_of(text, "months=0")]
    assert [one.split(": ")[0] for one in caught.value.findings] == [f"{reference}:{line}" for line in lines]
    assert str(caught.value).splitlines() == ["The book can't be used; 2 findings:", *caught.value.findings]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BookRejected, match=f"\nacme.py:{lines[0]}: column job"):
        load("acme.py")


def test_a_rejection_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(BookRejected(["acme.py:3: a", "acme.py:4: b"])))
    assert error.findings == ("acme.py:3: a", "acme.py:4: b")


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("x = 1\nBOOK = Book(\n", 2, "this is no Python ('(' was never closed)"),
        ("x = 1\n\nBOOK = Bock()\n", 3, "(NameError: name 'Bock' is not defined)"),
        ("from jobs.book.columns import Column\n\nColumn('a')\n", 3, "missing 2 required positional arguments"),
        ("def f():\n    return 1 / 0\n\nf()\n", 2, "(ZeroDivisionError: division by zero)"),
        ("import not_installed_here\n", 1, "No module named 'not_installed_here'"),
        ("raise SystemExit(4)\n", 1, "(SystemExit: 4)"),
        ("x = 1\n", 1, "there is no BOOK; add `BOOK = Book(...)`"),
        ("BOOK = ...\n", 1, "BOOK is of type ellipsis"),
    ],
)
def test_a_file_that_fails_is_a_sentence_with_its_line(text: str, line: int, told: str, tmp_path: Path) -> None:
    reference = written(tmp_path, text)
    found = rejection(reference)
    assert found.startswith(f"{reference}:{line}: ")
    assert told in found


def test_a_file_that_fails_leaves_no_module_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    rejection(written(tmp_path, "BOOK = unknown"))
    assert set(sys.modules) == before


@pytest.mark.parametrize("reference", ["nowhere/acme.py", "no_such_module", "no_such_package.acme", "a folder", "..x"])
def test_a_reference_to_nothing_says_what_to_name(reference: str) -> None:
    found = rejection(reference)
    assert found.startswith(reference) or "no module" in found
    assert "name a `.py` file or a module that has BOOK" in found


def test_a_module_that_fails_names_its_own_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = written(tmp_path, "x = 1\ny = z\n", "failing_lender.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert rejection("failing_lender").startswith(f"{reference}:2: ")


def test_estimators_are_imported_by_the_full_examination_alone(tmp_path: Path) -> None:
    reference = written(tmp_path, changed("ensemble.RandomForest", "ensemble.RandomWood"))
    assert load(reference).name == "acme"
    with pytest.raises(BookRejected, match="RandomWoodClassifier can't be imported"):
        examined(reference)
