"""`book check`: what it shows of a valid book, and every finding of another with exit code 3."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.cli.book import app
from tests.jobs.book.lender import LENDER, changed, line_of, written


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["book", "check", *words])


def test_a_valid_book_is_shown_in_full(tmp_path: Path) -> None:
    shown = check(written(tmp_path, LENDER))
    assert shown.exit_code == 0
    text = " ".join(shown.stdout.split())
    for part in (
        "A loan is bad when days of accounts is above 89 in any month on book from 1 to 12",
        "konten bronze.konten, silver.accounts; rows known on known, key loan known",
        "latin-1, delimiter ';', decimal ',', dates yyyy-MM-dd",
        "loan Vertrag identifier Loan",
        "name text personal Name",
        "days count at least 0, at most 9999 Days past due",
        "newest row of people known on the prediction date (start + 1 month)",
        "rows of accounts known before the loan's start",
        "ratio(paid, due)",
        "(hidden)",
        "all (default) age, job, share",
        "forest sklearn.ensemble.RandomForestClassifier",
    ):
        assert part in text


def test_the_json_is_one_document_with_all_of_it(tmp_path: Path) -> None:
    document = json.loads(check(written(tmp_path, LENDER), "--json").stdout)
    assert document["book"] == "acme"
    assert [source["dataset"] for source in document["sources"]] == ["konten", "kunden"]
    assert document["sources"][1]["columns"][3] == {
        "column": "name",
        "received": "name",
        "kind": "text",
        "flags": ["personal"],
        "description": "Name",
    }
    windowed = document["features"][2]
    assert windowed["from"] == "sum of accounts.paid"
    assert windowed["known"] == (
        "rows of accounts known before the prediction date (start + 1 month), at most 6 months earlier"
    )
    assert document["features"][4]["known"].startswith(windowed["known"])
    assert document["candidates"][0]["parameters"] == {"C": 0.5}


@pytest.mark.parametrize("as_json", [False, True])
def test_every_finding_is_told_with_exit_code_3(as_json: bool, tmp_path: Path) -> None:
    text = changed("months=6", "months=0").replace("Kind.CATEGORY", "...").replace("RandomForest", "RandomWood")
    reference = written(tmp_path, text)
    told = check(reference, *(["--json"] if as_json else []))
    assert told.exit_code == 3
    places = [f"{reference}:{line_of(text, part)}: " for part in ("...", "months=0", "RandomWood")]
    if as_json:
        document = json.loads(told.stdout)
        assert document["exit_code"] == 3
        assert [one.startswith(place) for one, place in zip(document["findings"], places, strict=True)] == [True] * 3
    else:
        assert all(place in told.stderr for place in places)


def test_the_book_of_the_environment_is_checked_when_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANWATCH_BOOK", written(tmp_path, LENDER))
    assert json.loads(check("--json").stdout)["book"] == "acme"
    monkeypatch.delenv("LOANWATCH_BOOK")
    assert json.loads(check("--json").stdout)["book"] == "retail"
