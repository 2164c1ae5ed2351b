from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.silver.quality.report import checked_columns, quality_report, valid_rows
from jobs.silver.values import MARKED
from tests.jobs.silver.good_rows import AS_OF, BEFORE, LATER, SCHEMAS, Rows, book, row, tables
from tests.retail import BOOK, KEYS, TABLES

REASONS: list[tuple[str, dict[str, Any], str]] = [
    ("attributes", {"Age": None}, "Age missing"),
    ("attributes", {"Age": 17}, "Age under 18"),
    ("attributes", {"Age": -500}, "Age under 18"),
    ("attributes", {"Age": 101}, "Age over 100"),
    ("attributes", {"SSN": "#F%$D@*&8"}, "SSN invalid"),
    ("attributes", {"SSN": None}, "SSN invalid"),
    ("attributes", {"SSN": "123-456-789"}, "SSN invalid"),
    ("financials", {"Annual_Income": -0.01}, "Annual_Income negative"),
    ("financials", {"Monthly_Inhand_Salary": -1.0}, "Monthly_Inhand_Salary negative"),
    ("financials", {"Outstanding_Debt": -1.0}, "Outstanding_Debt negative"),
    ("loan_daily", {"loan_amt": -1}, "loan_amt negative"),
    ("loan_daily", {"due_amt": -1}, "due_amt negative"),
    ("loan_daily", {"paid_amt": -1}, "paid_amt negative"),
    ("loan_daily", {"overdue_amt": -1}, "overdue_amt negative"),
]
INNOCENT: list[tuple[str, dict[str, Any]]] = [
    ("attributes", {"Age": 18}),
    ("attributes", {"Age": 100}),
    ("attributes", {"SSN": " 123-45-6789 "}),
    ("financials", {"Annual_Income": 0.0, "Monthly_Inhand_Salary": 0.0, "Outstanding_Debt": None}),
    ("financials", {"Annual_Income": None, "Monthly_Inhand_Salary": None}),
    ("loan_daily", {"loan_amt": 0, "due_amt": 0, "paid_amt": None, "overdue_amt": None}),
]


def everybody_kept(rows: Rows, as_of: date = AS_OF) -> dict[str, set[Any]]:
    """The customers that are left in each table."""
    made = tables(rows)
    kept = quality_report(made, as_of, BOOK).kept
    return {name: set(made[name].filter(pa.array(kept[name]))["Customer_ID"].to_pylist()) for name in KEYS}


@pytest.mark.parametrize(("table", "fault", "reason"), REASONS)
def test_each_reason_alone_takes_the_customer_out_of_all_four_tables(
    table: str, fault: dict[str, Any], reason: str
) -> None:
    rows = book("good", "bad")
    rows[table][1] |= fault
    found = quality_report(tables(rows), AS_OF, BOOK)
    assert found.flagged.to_pylist() == ["bad"]
    assert found.reasons == {reason: 1}
    assert everybody_kept(rows) == {name: {"good"} for name in KEYS}
    assert all(counts["flagged"] == counts["kept"] == 1 for counts in found.accounting.values())


@pytest.mark.parametrize(("table", "values"), INNOCENT)
def test_what_is_no_reason_flags_nobody(table: str, values: dict[str, Any]) -> None:
    rows = book("good", "doubtful")
    rows[table][1] |= values
    assert quality_report(tables(rows), AS_OF, BOOK).reasons == {}
    assert everybody_kept(rows) == {name: {"good", "doubtful"} for name in KEYS}


def test_all_reasons_together_count_each_customer_once_in_all() -> None:
    rows = book("good", *(f"bad{number}" for number in range(len(REASONS))), "worst")
    for number, (table, fault, _) in enumerate(REASONS):
        rows[table][1 + number] |= fault
    rows["attributes"][-1] |= {"Age": 101, "SSN": "no"}
    rows["loan_daily"][-1] |= {"paid_amt": -5}
    found = quality_report(tables(rows), AS_OF, BOOK)
    assert len(found.flagged) == len(REASONS) + 1
    assert found.reasons["Age under 18"] == 2
    assert found.reasons["Age over 100"] == 2
    assert found.reasons["SSN invalid"] == 4
    assert found.reasons["paid_amt negative"] == 2
    assert everybody_kept(rows) == {name: {"good"} for name in KEYS}


@pytest.mark.parametrize(("table", "fault"), [(table, fault) for table, fault, _ in REASONS])
def test_a_row_later_than_as_of_never_matters(table: str, fault: dict[str, Any]) -> None:
    rows = book("one")
    rows[table].append(row(table, "one", LATER, **fault))
    found = quality_report(tables(rows), AS_OF, BOOK)
    assert (found.reasons, len(found.flagged)) == ({}, 0)
    assert found.kept[table].tolist() == [True, False]
    assert found.accounting[table]["later_than_as_of"] == 1
    assert quality_report(tables(rows), LATER, BOOK).flagged.to_pylist() == ["one"]


def test_a_row_of_as_of_itself_counts() -> None:
    rows = book("one")
    rows["attributes"].append(row("attributes", "one", AS_OF, Age=17))
    assert quality_report(tables(rows), AS_OF, BOOK).flagged.to_pylist() == ["one"]


def test_a_row_without_a_date_is_counted_and_neither_kept_nor_held_against_anyone() -> None:
    rows = book("one")
    rows["attributes"].append(row("attributes", "one", None, Age=5))
    found = quality_report(tables(rows), AS_OF, BOOK)
    assert len(found.flagged) == 0
    assert found.kept["attributes"].tolist() == [True, False]
    counts = found.accounting["attributes"]
    assert {what: count for what, count in counts.items() if count} == {"read": 2, "kept": 1, "undated": 1}


@pytest.mark.parametrize("table", KEYS)
def test_of_rows_about_the_same_thing_the_last_one_counts(table: str) -> None:
    rows = book("one", "two")
    rows[table] = [rows[table][0], rows[table][1], dict(rows[table][0]), dict(rows[table][0])]
    found = quality_report(tables(rows), AS_OF, BOOK)
    assert found.kept[table].tolist() == [False, True, False, True]
    assert found.accounting[table]["superseded"] == 2


def test_a_duplicate_later_than_as_of_supersedes_nothing_yet() -> None:
    rows = book("one")
    rows["loan_daily"].append(row("loan_daily", "one", LATER))
    assert quality_report(tables(rows), AS_OF, BOOK).kept["loan_daily"].tolist() == [True, False]
    assert quality_report(tables(rows), LATER, BOOK).kept["loan_daily"].tolist() == [False, True]


def test_a_row_without_a_customer_replaces_no_other() -> None:
    rows = book("one")
    rows["loan_daily"].append(row("loan_daily", None, AS_OF, loan_id="loan-one"))
    found = quality_report(tables(rows), LATER, BOOK)
    assert found.kept["loan_daily"].tolist() == [True, False]
    assert {name: count for name, count in found.accounting["loan_daily"].items() if count} == {
        "read": 2,
        "kept": 1,
        "without_customer": 1,
    }
    ledger = tables(rows)["loan_daily"]
    assert valid_rows(ledger, BOOK.loans, LATER, BOOK).tolist() == [True, False]


def test_other_installments_and_other_loans_are_not_duplicates() -> None:
    rows = book("one")
    rows["loan_daily"] += [row("loan_daily", "one", installment_num=1), row("loan_daily", "one", loan_id="second")]
    assert quality_report(tables(rows), AS_OF, BOOK).kept["loan_daily"].all()


def test_dictionary_encoded_keys_of_many_chunks_judge_alike() -> None:
    rows = book("good", "bad", "twice")
    rows["attributes"][1] |= {"Age": 200}
    rows["attributes"].append(row("attributes", "twice"))
    plain = tables(rows)
    encoded = {}
    for name, table in plain.items():
        halves = [table.slice(0, 1), table.slice(1)]
        for position, half in enumerate(halves):
            column = half["Customer_ID"].combine_chunks().dictionary_encode()
            halves[position] = half.set_column(half.column_names.index("Customer_ID"), "Customer_ID", column)
        encoded[name] = pa.concat_tables(halves)
    one, other = quality_report(plain, AS_OF, BOOK), quality_report(encoded, AS_OF, BOOK)
    assert {name: mask.tolist() for name, mask in one.kept.items()} == {
        name: mask.tolist() for name, mask in other.kept.items()
    }
    assert (one.reasons, one.accounting) == (other.reasons, other.accounting)


ANY_ROW = st.fixed_dictionaries(
    {
        "customer": st.sampled_from(["a", "b", "c", None]),
        "day": st.sampled_from([BEFORE, AS_OF, LATER, None]),
        "fault": st.sampled_from([{}, *(fault for _, fault, _ in REASONS)]),
    }
)


@given(st.lists(ANY_ROW, min_size=1, max_size=12))
def test_the_accounting_adds_up_whatever_the_rows(drawn: list[dict[str, Any]]) -> None:
    rows: Rows = {table: [] for table in KEYS}
    for table in KEYS:
        fields = set(SCHEMAS[table].names)
        for one in drawn:
            fault = {name: value for name, value in one["fault"].items() if name in fields}
            rows[table].append(row(table, one["customer"], one["day"], **fault))
    made = tables(rows)
    found = quality_report(made, AS_OF, BOOK)
    guilty = set(found.flagged.to_pylist())
    for name, counts in found.accounting.items():
        assert counts["read"] == len(drawn)
        assert counts["read"] == sum(count for what, count in counts.items() if what != "read")
        kept = made[name].filter(pa.array(found.kept[name]))
        assert counts["kept"] == kept.num_rows
        assert not guilty & set(kept["Customer_ID"].to_pylist())
        assert all(day <= AS_OF for day in kept["snapshot_date"].to_pylist())


def test_quality_control_reads_no_more_than_it_judges() -> None:
    assert checked_columns(TABLES["clickstream"], BOOK) == ["Customer_ID", "snapshot_date"]
    assert checked_columns(TABLES["attributes"], BOOK) == ["Customer_ID", "snapshot_date", "Age", "SSN"]
    rows = book("good", "bad")
    rows["attributes"][1] |= {"Age": 3}
    assert MARKED in checked_columns(TABLES["financials"], BOOK)
    narrow = {
        name: table.select([each for each in checked_columns(TABLES[name], BOOK) if each != MARKED])
        for name, table in tables(rows).items()
    }
    assert quality_report(narrow, AS_OF, BOOK).flagged.to_pylist() == ["bad"]
