"""Whole books cleaned: a made one as the plain rules say, the real one as the reference says but for its signs."""

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jobs.bronze.records import read_extract
from jobs.silver.cleaning import cleaned, matches
from tests.paths import LOANS, REFERENCE
from tests.plain_rules import EXTRACTS, cleaned_row
from tests.plain_rules import received as plain_rows
from tests.retail import SOURCES

PATTERN = r"[0-9]{3}-[0-9]{2}-[0-9]{4}"


def received(path: Path, dataset: str) -> pa.Table:
    with path.open("rb") as stream:
        return pa.concat_tables([chunk.table for chunk in read_extract(stream, SOURCES[dataset], path.name)])


def real(dataset: str) -> pa.Table:
    return received(LOANS / f"{dataset}.csv.gz", dataset)


@pytest.mark.parametrize("table", EXTRACTS)
def test_a_made_book_is_cleaned_as_the_plain_rules_say(sample_data: Path, table: str) -> None:
    """Every value, and of every column how many became null."""
    dataset = EXTRACTS[table]
    path = sample_data / f"{dataset}.csv"
    rows = [cleaned_row(row) for row in plain_rows(path)]
    found = cleaned(received(path, dataset), SOURCES[dataset])
    for name in SOURCES[dataset].names:
        values = [row[name] for row in rows]
        assert found.table[name].to_pylist() == values, name
        assert sum(found.problems.get(name, {}).values()) == values.count(None), name


# Where the reference stripped a minus sign, by column: how many of its rows, and what ours holds instead.
SIGNS = {
    "Num_Bank_Accounts": (2, "null"),
    "Num_of_Loan": (215, "null"),
    "Num_of_Delayed_Payment": (40, "null"),
    "Delay_from_due_date": (49, "negative"),
    "Changed_Credit_Limit": (86, "negative"),
}


def differences(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> tuple[int, str]:
    """The number of values that differ beyond the reference's 32 bits, and how all of them do."""
    if pa.types.is_floating(theirs.type):
        ours, theirs = ours.cast(pa.float64()), theirs.cast(pa.float64())
        close = pc.less_equal(pc.abs(pc.subtract(ours, theirs)), pc.multiply(pc.abs(theirs), 1e-6))
        same = pc.or_(pc.fill_null(close, fill_value=False), pc.and_(ours.is_null(), theirs.is_null()))
    else:
        theirs = theirs.cast(ours.type)
        same = pc.or_(pc.fill_null(pc.equal(ours, theirs), fill_value=False), pc.and_(ours.is_null(), theirs.is_null()))
    mine, other = ours.filter(pc.invert(same)).to_pylist(), theirs.filter(pc.invert(same)).to_pylist()
    if all(value is None for value in mine):
        return len(mine), "null"
    negated = all(math.isclose(-value, stripped, rel_tol=1e-6) for value, stripped in zip(mine, other, strict=True))
    return len(mine), "negative" if negated else "otherwise"


@pytest.mark.reference
@pytest.mark.parametrize("dataset", SOURCES)
def test_the_real_extracts_clean_as_in_the_reference_but_for_signs(dataset: str) -> None:
    source = SOURCES[dataset]
    theirs = pq.read_table(REFERENCE / f"silver_{source.silver}.parquet")
    ours = cleaned(real(dataset), source).table
    kept = pc.unique(theirs["Customer_ID"]).cast(pa.string())
    ours = ours.filter(pc.is_in(ours["Customer_ID"], kept))
    key = "installment_num" if dataset == "lms_loan_daily" else "snapshot_date"
    order = [("Customer_ID", "ascending"), (key, "ascending")]
    ours, theirs = ours.sort_by(order), theirs.sort_by(order)
    found = {name: differences(ours[name], theirs[name]) for name in source.names}
    assert {name: difference for name, difference in found.items() if difference[0]} == {
        name: SIGNS[name] for name in source.names if name in SIGNS
    }


@pytest.mark.reference
def test_what_became_null_in_the_real_extracts() -> None:
    results = {dataset: cleaned(real(dataset), SOURCES[dataset]) for dataset in SOURCES}
    assert pc.sum(pc.invert(matches(results["features_attributes"].table["SSN"], PATTERN))).as_py() == 370
    assert {dataset: result.problems for dataset, result in results.items() if result.problems} == {
        "features_attributes": {"Occupation": {"placeholder": 434}},
        "features_financials": {
            "Num_Bank_Accounts": {"negative count": 2},
            "Num_of_Loan": {"negative count": 242},
            "Num_of_Delayed_Payment": {"negative count": 40},
            "Type_of_Loan": {"empty": 672},
            "Changed_Credit_Limit": {"placeholder": 133},
            "Credit_Mix": {"placeholder": 1275},
            "Payment_of_Min_Amount": {"placeholder": 724},
            "Payment_Behaviour": {"placeholder": 503},
        },
    }
