"""Rows 22 to 28: deliveries with every fault that a file can have, through whole runs, on both databases."""

import csv
import gzip
import io
import re
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from engine.deployment import Deployment
from storage.ledger.catalog import current_versions
from tests.faults.counts import Count
from tests.sandbox import ONE_CANDIDATE, Sandbox

pytestmark = pytest.mark.thorough

LOANS, PEOPLE, MONEY = "lms_loan_daily.csv", "features_attributes.csv", "features_financials.csv"
IDS = ("000123", "9" * 120, "CUS,1", 'CUS"2', "CUS_🙂")
BAD_NUMBERS = {"1,5": "ambiguous number", "9" * 5000: "beyond 1e15", "1e400": "beyond 1e15", "--5": "ambiguous number"}
MORE_NUMBERS = {"NaN": "a text for null", "\uff14\uff10": "ambiguous number"}
SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
BAD_DATES = {"31/2/2024": "no such day", "2024-01-05": "not d/M/yyyy"}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8")


def spoil(data: Path) -> dict[str, str]:
    """Puts every fault of rows 22, 23, 25, 26 and 27 that a file survives into a book; tells who has which."""
    people, money, loans = (rows_of(data / name) for name in (PEOPLE, MONEY, LOANS))
    for row, number in zip(money, BAD_NUMBERS, strict=False):
        row["Monthly_Balance"] = number
    for row, number in zip(money, (*MORE_NUMBERS, "5-"), strict=False):
        row["Amount_invested_monthly"] = number
    for row, day in zip(loans[20:], BAD_DATES, strict=False):
        row["snapshot_date"] = day
    people += [{**people[0], "Customer_ID": one} for one in IDS]
    money += [{**money[100], "Customer_ID": one} for one in IDS]
    twice = next(row for row in people[200:] if row["Age"] in map(str, range(30, 60)) and SSN.fullmatch(row["SSN"]))
    people.append({**twice, "Occupation": "Lighthouse keeper"})
    several = next(row["Customer_ID"] for row in loans[3000:])
    loans += [{**row, "loan_id": "second"} for row in loans if row["Customer_ID"] == several]
    nobody = [{**row, "loan_id": "nobody's", "Customer_ID": ""} for row in loans[:11]]
    stranger = [{**row, "loan_id": "a stranger's", "Customer_ID": "CUS_0xffff"} for row in loans[:11]]
    for path, rows in ((PEOPLE, people), (MONEY, money), (LOANS, loans + nobody + stranger)):
        write_rows(data / path, rows)
    marked = (data / PEOPLE).read_text(encoding="utf-8").replace("\n", "\r\n")
    (data / PEOPLE).write_bytes(b"\xef\xbb\xbf" + marked.encode())
    lines = (data / LOANS).read_text(encoding="utf-8").splitlines(keepends=True)
    lines[10] = lines[10].rstrip("\n") + ",surplus\n"
    lines[30] = lines[30].partition(",")[2]
    lines[50] = '"' + lines[50]
    lines[70] = lines[70].replace(",", ",\0", 1)
    lines[90] = lines[90].replace("\n", '"x\n')
    whole = "".join(lines)
    (data / LOANS).write_text(whole[: whole.rindex(",") - 3], encoding="utf-8")  # cut in the middle of the last line
    return {"twice": twice["Customer_ID"], "several": several}


@pytest.fixture
def sandbox(deployment: Deployment, tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "home", deployment)


@pytest.fixture
def data(small_book: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_book, tmp_path / "data"))


@pytest.fixture
def few(small_book: Path, tmp_path: Path) -> Path:
    """The first rows of each extract: what is rejected is so before there are many."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in small_book.iterdir():
        with path.open(encoding="utf-8") as file:
            (folder / path.name).write_text("".join(islice(file, 40)), encoding="utf-8")
    return folder


def test_what_a_delivery_survives_is_counted_and_adds_up(sandbox: Sandbox, data: Path, counted: Count) -> None:
    had = spoil(data)
    run = sandbox.succeed("training", data=str(data), candidates=ONE_CANDIDATE)
    read = sandbox.values(run, "ingest_lms_loan_daily")
    aside = sandbox.table("quarantine.lms_loan_daily").to_pylist()
    assert read["read"] == read["stored"] + read["quarantined"]
    assert [row["line"] for row in aside][:5] == [11, 31, 51, 71, 91]
    assert Counter(row["reason"] for row in aside) == read["reasons"]
    assert len(aside) == read["quarantined"] == 6  # the last is the line in which the file was cut
    silver = {row["Customer_ID"]: row for row in sandbox.table("silver.attributes").to_pylist()}
    kept = sandbox.table("staged.financials")["Customer_ID"].to_pylist()
    assert set(IDS) <= set(kept)
    assert silver[had["twice"]]["Occupation"] == "Lighthouse keeper"
    nulls = sandbox.values(run, "clean_financials")["became_null"]
    assert nulls["Monthly_Balance"] == Counter(BAD_NUMBERS.values())
    assert nulls["Amount_invested_monthly"] == Counter(MORE_NUMBERS.values())
    money = {
        row["Customer_ID"]: row["Amount_invested_monthly"] for row in sandbox.table("staged.financials").to_pylist()
    }
    assert -5.0 in money.values()
    assert sandbox.values(run, "clean_loan_daily")["became_null"]["snapshot_date"] == Counter(BAD_DATES.values())
    checked = sandbox.values(run, "remove_flagged_customers")
    assert checked["conflicts"]
    assert checked["rows"]["loan_daily"]["without_customer"] >= 10
    gold = sandbox.table("gold.model_training_data").to_pylist()
    assert sum(row["Customer_ID"] == had["several"] for row in gold) == 2
    assert not {"nobody's", "a stranger's"} & {row["loan_id"] for row in gold}
    known = sandbox.values(run, "gold_feature_engineering")
    assert known["known"] - 1 == known["loans"] == known["matured"] + known["waiting"]  # less the stranger's
    assert sorted(known["left_out"].values()) == [1, len(IDS)]  # and customers without a loan
    counted("rows 22, 23, 25, 26, 27: 27 faults in one delivery, each counted, every account balances")


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old.encode(), new.encode(), 1)


REJECTED: dict[str, tuple[Callable[[bytes], bytes | None], str]] = {
    "zero bytes": (lambda _: b"", "is empty"),
    "header only": (lambda content: content.partition(b"\n")[0] + b"\n", "has a header but no records"),
    "missing file": (lambda _: None, "is missing"),
    "wrong column": (replaced("Occupation", "Job"), "line 1: "),
    "repeated column": (replaced("Occupation", "Age"), "repeated column 'Age'"),
    "UTF-16": (lambda content: content.decode().encode("utf-16"), "UTF-16"),
    "CR alone": (lambda content: content.replace(b"\n", b"\r"), "CR alone"),
    "invalid UTF-8": (lambda content: content[:-30] + b"\xe9" + content[-30:], "the byte 0xe9 is not UTF-8 text"),
    "ragged": (lambda content: content.replace(b"\n", b",x\n").replace(b",x\n", b"\n", 1), "rows can't be read"),
}


@pytest.mark.parametrize("fault", REJECTED)
def test_what_a_delivery_does_not_survive_is_one_sentence(
    sandbox: Sandbox, few: Path, fault: str, counted: Count
) -> None:
    spoiled, says = REJECTED[fault]
    content = spoiled((few / PEOPLE).read_bytes())
    (few / PEOPLE).unlink() if content is None else (few / PEOPLE).write_bytes(content)
    refused(sandbox, few, says, PEOPLE)
    counted(f"rows 22 to 24: {fault}: one delivery of one, rejected by name")


def test_a_file_that_unpacks_to_more_than_its_limit_is_refused(sandbox: Sandbox, few: Path) -> None:
    content = (few / PEOPLE).read_bytes()
    (few / f"{PEOPLE}.gz").write_bytes(gzip.compress(content + content.splitlines(keepends=True)[-1] * 200_000))
    (few / PEOPLE).unlink()
    assert (few / f"{PEOPLE}.gz").stat().st_size < 100_000
    sandbox = Sandbox(sandbox.home, limited(sandbox.deployment))
    refused(sandbox, few, "unpacks to more than the limit of 5,000,000 bytes", f"{PEOPLE}.gz")


def limited(deployment: Deployment) -> Deployment:
    """The deployment with a limit of 5 MB for an extract."""
    settings = deployment.settings.model_copy(update={"extract_limit": 5_000_000})
    return Deployment(**{**vars(deployment), "settings": settings})


def refused(sandbox: Sandbox, data: Path, says: str, file: str) -> None:
    """The run ends with 3 and one sentence that names the file, and nothing is published."""
    told: Any
    try:
        ended = sandbox.run("training", data=str(data), candidates=ONE_CANDIDATE)
        told = (ended.state, ended.error["exit_code"], ended.error["message"])
    except Exception as error:  # noqa: BLE001 - a missing file is refused before there is a run
        told = ("failed", getattr(error, "exit_code", 0), str(error))
    state, code, message = told
    assert (state, code) == ("failed", 3), message
    assert file.partition(".")[0] in message
    assert says in message
    assert "\n" not in message
    with sandbox.deployment.ledger.reading() as connection:
        assert current_versions(connection) == {}
