"""Profiles of deliveries from the extracts to the ledger: equal to pandas', one row a delivery, nobody's data."""

import gzip
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from engine.control.runs import checked_request, request
from engine.definitions.task import Pipeline
from engine.documents.profiles import deliveries_document, number_in_words
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from tests.sandbox import AS_OF, Sandbox

DATASET = "features_financials"
CHECKED = ["Annual_Income", "Num_Credit_Card", "Credit_Mix", "Customer_ID", "snapshot_date"]


@pytest.fixture(scope="module")
def made(small_book: Path) -> pd.DataFrame:
    """Financials whose numbers this test knows, as an export with points writes them."""
    frame = pd.read_csv(small_book / f"{DATASET}.csv", dtype=str, keep_default_na=False)
    generator = np.random.default_rng(11)
    income = pd.Series(generator.lognormal(10, 1, len(frame)).round(2), index=frame.index)
    frame["Annual_Income"] = income.map("{:.2f}".format)
    frame.loc[::9, "Annual_Income"] = ""
    frame.loc[[5, 50], "Annual_Income"] = "unknown"
    frame["Num_Credit_Card"] = generator.integers(0, 12, len(frame)).astype(str)
    frame.loc[::50, "Num_Credit_Card"] += "_"
    frame.loc[[7], "Num_Credit_Card"] = "-3"
    return frame


def in_parts(frame: pd.DataFrame, folder: Path) -> None:
    """Three parts, one of them compressed, one with decimal commas."""
    folder.mkdir()
    for number, name in enumerate(("2024-9.csv", "2024-10.csv.gz", "2024-11.csv")):
        part = frame.iloc[number::3].copy()
        if number == 2:
            part["Annual_Income"] = part["Annual_Income"].str.replace(".", ",")
        text = part.to_csv(index=False)
        (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())


def data_with(frame: pd.DataFrame, base: Path, folder: Path, *, parts: bool = False) -> str:
    shutil.copytree(base, folder)
    (folder / f"{DATASET}.csv").unlink()
    if parts:
        in_parts(frame, folder / DATASET)
    else:
        frame.to_csv(folder / f"{DATASET}.csv", index=False)
    return str(folder)


def cleaned(sandbox: Sandbox, data: str, *, force: bool = False) -> str:
    """The state of a run of ingestion and cleaning alone."""
    wanted = checked_request(sandbox.deployment, "training", AS_OF, params={"data": data}, force=force)
    tasks = sandbox.deployment.pipelines["training"].tasks[:8]
    executor = LocalExecutor()
    try:
        only = {"training": Pipeline("training", tasks)}
        return execute_run(sandbox.deployment, request(sandbox.deployment, wanted), executor, only)
    finally:
        executor.close()


def deliveries(sandbox: Sandbox, dataset: str = DATASET) -> list[dict[str, Any]]:
    with sandbox.deployment.ledger.reading() as connection:
        return deliveries_document(connection, sandbox.deployment.book, dataset)


def counts(reasons: dict[str, int]) -> int:
    return sum(reasons.values())


@pytest.mark.parametrize("parts", [False, True])
def test_a_profile_equals_what_pandas_computes(
    tmp_path: Path, small_book: Path, made: pd.DataFrame, parts: bool
) -> None:
    sandbox = Sandbox.at(tmp_path / "home")
    assert cleaned(sandbox, data_with(made, small_book, tmp_path / "data", parts=parts)) == "succeeded"
    (delivery,) = deliveries(sandbox)
    columns = {column["name"]: column for column in delivery["columns"]}
    assert delivery["rows"] == len(made)
    assert {columns[name]["rows"] for name in CHECKED} == {len(made)}

    income = pd.to_numeric(made["Annual_Income"], errors="coerce").dropna()
    found = columns["Annual_Income"]
    assert found["missing"] == {"empty": int((made["Annual_Income"] == "").sum())}
    assert found["unreadable"] == {"no number": 2}
    assert found["missing_share"] == pytest.approx((made["Annual_Income"] == "").mean())
    assert (found["low"], found["high"]) == (income.min(), income.max())
    assert found["mean"] == pytest.approx(income.mean())
    if parts:
        assert found["approximate"] == ["distinct", "median"]
        assert (income <= found["median"]).mean() == pytest.approx(0.5, abs=0.005)
        assert found["distinct"] == pytest.approx(income.nunique(), rel=0.2)
    else:
        assert (found["median"], found["distinct"]) == (pytest.approx(income.median()), income.nunique())

    cards = pd.to_numeric(made["Num_Credit_Card"].str.strip("_"))
    cards = cards[cards >= 0]
    found = columns["Num_Credit_Card"]
    assert found["unreadable"] == {"negative count": 1}
    assert (found["median"], found["distinct"], found["high"]) == (cards.median(), cards.nunique(), cards.max())

    mix = made["Credit_Mix"].str.strip()
    mix = mix[~mix.isin(["", "_", "_______", "NM"])]
    assert columns["Credit_Mix"]["levels"] == [[name, rows] for name, rows in mix.value_counts().items()]
    if not parts:
        assert columns["Customer_ID"]["distinct"] == made["Customer_ID"].nunique()
    days = pd.to_datetime(made["snapshot_date"], format="%d/%m/%Y")
    assert (columns["snapshot_date"]["low"], columns["snapshot_date"]["high"]) == (
        str(days.min().date()),
        str(days.max().date()),
    )


@pytest.mark.thorough
def test_the_same_delivery_read_again_is_one_row(tmp_path: Path, small_book: Path, made: pd.DataFrame) -> None:
    sandbox = Sandbox.at(tmp_path / "home")
    data = data_with(made, small_book, tmp_path / "data", parts=True)
    assert cleaned(sandbox, data) == "succeeded"
    (first,) = deliveries(sandbox)
    assert cleaned(sandbox, data) == "succeeded"
    assert cleaned(sandbox, data, force=True) == "succeeded"
    (Path(data) / DATASET / "2024-9.csv").rename(Path(data) / DATASET / "2025-1.csv")
    assert cleaned(sandbox, data) == "succeeded"
    (again,) = deliveries(sandbox)
    assert (again["run_id"], again["delivery"]) == (first["run_id"], first["delivery"])
    assert again["last_read_at"] >= first["last_read_at"]
    assert again["columns"] == first["columns"]


def test_inference_keeps_new_deliveries_and_what_changed(trained_sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox = trained_sandbox.copy(tmp_path / "home")
    data = Path(trained_sandbox.data())
    (before,) = deliveries(sandbox)
    assert before["changes"] == []
    frame = pd.read_csv(data / f"{DATASET}.csv", dtype=str, keep_default_na=False).assign(Interest_Rate="")
    run_id = sandbox.succeed("inference", date(2025, 12, 2), data=data_with(frame, data, tmp_path / "data"))
    broken = deliveries(sandbox)[-1]
    assert (broken["run_id"], broken["as_of"], broken["compared_with"]) == (run_id, "2025-12-02", before["delivery"])
    assert [change["sentence"] for change in broken["changes"]] == ["Interest_Rate: missing 0.0% → 100.0%"]
    sandbox.succeed("inference", date(2025, 12, 3), data=str(data))
    repaired = deliveries(sandbox)
    assert [each["delivery"] for each in repaired] == [broken["delivery"], before["delivery"]]
    assert [change["sentence"] for change in repaired[-1]["changes"]] == ["Interest_Rate: missing 100.0% → 0.0%"]


def test_a_rejected_delivery_is_kept_and_nothing_is_compared_with_it(
    tmp_path: Path, small_book: Path, made: pd.DataFrame
) -> None:
    sandbox = Sandbox.at(tmp_path / "home")
    assert cleaned(sandbox, data_with(made, small_book, tmp_path / "good")) == "succeeded"
    bad = made.assign(Interest_Rate=made["Interest_Rate"] + "%")
    assert cleaned(sandbox, data_with(bad, small_book, tmp_path / "bad")) == "failed"
    assert cleaned(sandbox, data_with(made.iloc[:-1], small_book, tmp_path / "next")) == "succeeded"
    good, rejected, newest = deliveries(sandbox)
    assert (good["rejected"], newest["rejected"]) == (None, None)
    assert "column Interest_Rate" in rejected["rejected"]
    assert "Interest_Rate: unreadable 0.0% → 100.0%" in [change["sentence"] for change in rejected["changes"]]
    assert newest["compared_with"] == good["delivery"]
    assert newest["changes"] == []


def shared_ids(base: Path, folder: Path) -> str:
    """Extracts in which a loan has rows of two customers."""
    shutil.copytree(base, folder)
    path = folder / "lms_loan_daily.csv"
    loans = pd.read_csv(path, dtype=str, keep_default_na=False)
    loans.loc[loans["loan_id"] == loans["loan_id"].iloc[-1], "loan_id"] = loans["loan_id"].iloc[0]
    loans.to_csv(path, index=False)
    return str(folder)


@pytest.mark.parametrize("pipeline", ["training", "inference"])
def test_what_was_read_until_ids_were_rejected_is_kept_as_rejected(
    trained_sandbox: Sandbox, tmp_path: Path, pipeline: str
) -> None:
    sandbox = trained_sandbox.copy(tmp_path / "home")
    data = shared_ids(Path(trained_sandbox.data()), tmp_path / "data")
    ended = sandbox.run(pipeline, date(2025, 12, 2), data=data)
    assert "of several customers" in ended.error["message"]
    before, kept = deliveries(sandbox, "lms_loan_daily")
    assert (before["rejected"], kept["run_id"]) == (None, ended.run_id)
    assert "of several customers" in kept["rejected"]
    for dataset in sorted({*sandbox.deployment.book.by_dataset} - {"lms_loan_daily"}):
        (same,) = deliveries(sandbox, dataset)  # an earlier run used it
        assert same["rejected"] is None


def test_the_first_deliveries_are_rejected_together_and_used_once_the_ids_are_corrected(
    tmp_path: Path, small_book: Path
) -> None:
    sandbox = Sandbox.at(tmp_path / "home")
    ended = sandbox.run("training", data=shared_ids(small_book, tmp_path / "data"))
    assert ended.error["exit_code"] == 3
    for dataset in sandbox.deployment.book.by_dataset:
        (kept,) = deliveries(sandbox, dataset)
        assert kept["rejected"] == ended.error["message"]
    assert cleaned(sandbox, str(small_book)) == "succeeded"
    assert [each["rejected"] for each in deliveries(sandbox)] == [None]


def test_an_estimate_is_marked() -> None:
    column = {"name": "paid", "distinct": 1234, "median": 2.5, "low": "2024-01-01", "approximate": ["distinct"]}
    assert [number_in_words(column, name) for name in ("distinct", "median", "low", "high")] == [
        "~1,234",
        "2.5",
        "2024-01-01",
        "",
    ]


def test_no_value_of_a_personal_column_is_kept(tmp_path: Path, small_book: Path) -> None:
    sandbox = Sandbox.at(tmp_path / "home")
    folder = Path(shutil.copytree(small_book, tmp_path / "data"))
    people = pd.read_csv(folder / "features_attributes.csv", dtype=str, keep_default_na=False)
    people["Name"] = "Jane Roe"  # as frequent as a value can be
    (folder / "features_attributes.csv").unlink()
    (folder / "features_attributes").mkdir()
    for number in range(2):
        people.iloc[number::2].to_csv(folder / "features_attributes" / f"{number}.csv", index=False)
    assert cleaned(sandbox, str(folder)) == "succeeded"
    kept = json.dumps(deliveries(sandbox, "features_attributes"))
    assert "Jane" not in kept
    assert not [ssn for ssn in people["SSN"].unique() if len(ssn) > 4 and ssn in kept]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "home").glob("loanwatch.db*"))
    assert b"Jane Roe" not in stored
