import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.book.features import BadLoan
from jobs.gold.labels import codes_in, default_labels, folds, label_gaps, loans_of, splits
from tests.retail import BOOK, SOURCES

SCHEMA = SOURCES["lms_loan_daily"].silver_schema
IDS = ["007", "7", " 7", "a,b", 'say "x"', "😀", "x" * 500, "Ünï", "line\nbreak", "=1+1"]


def ledger(*rows: dict[str, Any]) -> pa.Table:
    start = {"Customer_ID": "c", "loan_start_date": date(2024, 1, 31), "loan_amt": 10, "tenure": 10}
    return pa.Table.from_pylist([{**start, **row} for row in rows], SCHEMA)


OBSERVED = date(2024, 7, 31)  # six months after the start


def loans_with(*loan_ids: str) -> pa.Table:
    """Loans that start on 31 January 2024."""
    size = len(loan_ids)
    return pa.table(
        {
            "loan_id": pa.array(loan_ids, pa.string()),
            "loan_start_date": pa.array([date(2024, 1, 31)] * size, pa.date32()),
            "observation_date": pa.array([OBSERVED] * size, pa.date32()),
        }
    )


def labels_of(table: pa.Table, *loan_ids: str) -> list[int | None]:
    """The labels of loans by the default book."""
    found: list[int | None] = default_labels(table, loans_with(*loan_ids), BOOK).to_pylist()
    return found


def rows_of(installments: Sequence[tuple[int, int | None]], newest: date) -> pa.Table:
    """Rows of loan l, and one of another loan that became known on the day `newest`."""
    rows = [{"loan_id": "l", "installment_num": number, "overdue_amt": overdue} for number, overdue in installments]
    return ledger(*rows, {"loan_id": "other", "installment_num": 0, "overdue_amt": 0, "snapshot_date": newest})


@pytest.mark.parametrize("number", range(11))
def test_only_installments_3_to_6_make_a_default(number: int) -> None:
    others = [(other, 0) for other in range(11) if other != number]
    assert labels_of(rows_of([*others, (number, 1)], OBSERVED), "l") == [1 if 3 <= number <= 6 else 0]


@pytest.mark.parametrize(
    ("installments", "newest", "label", "gap"),
    [
        ([(3, 0), (4, 0), (5, 0), (6, 0)], OBSERVED, 0, None),
        ([(3, 0), (4, 500), (5, 0), (6, 0)], OBSERVED, 1, None),
        ([(6, 0)], date(2024, 6, 1), 0, None),  # the last month is on record
        ([(3, 0)], OBSERVED, 0, None),  # the rows reach the observation date
        ([(3, 0)], date(2024, 7, 30), None, "record_ends_early"),
        ([(3, 1)], date(2024, 6, 1), 1, None),  # one bad month is enough
        ([(3, None), (4, 0), (6, 0)], OBSERVED, None, "unreadable_amount"),
        ([(3, None), (4, 1)], OBSERVED, 1, None),
        ([(2, None), (3, 0), (6, 0), (7, None)], OBSERVED, 0, None),  # outside of the months that count
        ([(0, 5), (1, 5), (2, 5), (7, 5)], OBSERVED, None, "no_month_on_record"),
        ([], OBSERVED, None, "no_month_on_record"),
    ],
)
def test_a_label_is_what_was_observed(
    installments: list[tuple[int, int | None]], newest: date, label: int | None, gap: str | None
) -> None:
    table = rows_of(installments, newest)
    assert labels_of(table, "l") == [label]
    assert label_gaps(table, loans_with("l"), BOOK) == ({} if gap is None else {gap: 1})


ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10), st.none() | st.integers(0, 2)), max_size=30)


@given(ROWS)
def test_each_loan_has_its_own_label(rows: list[tuple[str, int, int | None]]) -> None:
    table = ledger(*({"loan_id": i, "installment_num": number, "overdue_amt": due} for i, number, due in rows))
    expected: list[int | None] = []
    for loan in "abc":
        window = {number: due for i, number, due in rows if i == loan and 3 <= number <= 6}
        amounts = [due for i, number, due in rows if i == loan and 3 <= number <= 6]
        good = 6 in window and None not in amounts
        expected.append(1 if any(amounts) else 0 if good else None)
    assert labels_of(table, "a", "b", "c") == expected
    assert sum(label_gaps(table, loans_with("a", "b", "c"), BOOK).values()) == expected.count(None)


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2024, 3, 31), None),  # month 2
        (date(2024, 4, 1), 1),
        (date(2024, 6, 30), 1),  # the last day of month 5
        (date(2024, 7, 31), 1),  # the last day of month 6
        (date(2024, 8, 1), None),
        (None, None),
    ],
)
def test_without_a_column_for_the_month_it_is_counted_from_the_loans_start(day: date | None, label: int | None) -> None:
    book = replace(BOOK, bad_loan=BadLoan("loan_daily", "overdue_amt", above=89, first=3, last=6))
    rows = ledger({"loan_id": "l", "snapshot_date": day, "overdue_amt": 90})
    assert default_labels(rows, loans_with("l"), book).to_pylist() == [label]


def test_a_loan_is_a_row_with_its_dates() -> None:
    found = loans_of(
        ledger(
            {"loan_id": "b", "installment_num": 1, "Customer_ID": "one"},
            {"loan_id": "a", "installment_num": 0, "Customer_ID": "two", "loan_start_date": date(2023, 8, 31)},
            {"loan_id": "b", "installment_num": 0, "Customer_ID": "one"},
            {"loan_id": None, "installment_num": 0},
            {"loan_id": "c", "installment_num": 0, "loan_start_date": None},
        ),
        BOOK,
    )
    assert found.select(["loan_id", "Customer_ID", "prediction_date", "observation_date"]).to_pylist() == [
        {
            "loan_id": "a",
            "Customer_ID": "two",
            "prediction_date": date(2023, 11, 30),
            "observation_date": date(2024, 2, 29),
        },
        {
            "loan_id": "b",
            "Customer_ID": "one",
            "prediction_date": date(2024, 4, 30),
            "observation_date": date(2024, 7, 31),
        },
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_row_of_a_loan_says_when_it_began(order: int) -> None:
    rows = [
        {"loan_id": "l", "snapshot_date": date(2024, 2, 1), "loan_start_date": date(2024, 1, 31)},
        {"loan_id": "l", "snapshot_date": date(2024, 3, 1), "loan_start_date": date(2024, 1, 15)},
        {"loan_id": "l", "snapshot_date": None, "loan_start_date": date(2024, 1, 1)},
    ]
    found = loans_of(ledger(*rows[::order]), BOOK)
    assert found["loan_start_date"].to_pylist() == [date(2024, 1, 15)]


def test_ids_are_kept_exactly_whether_encoded_or_not() -> None:
    table = ledger(*({"loan_id": one, "installment_num": 6, "overdue_amt": n % 2} for n, one in enumerate(IDS)))
    place = table.column_names.index("loan_id")
    encoded = table.set_column(place, "loan_id", table["loan_id"].dictionary_encode())
    for form in (table, encoded):
        assert loans_of(form, BOOK)["loan_id"].to_pylist() == sorted(IDS)
        assert labels_of(form, *IDS) == [n % 2 for n in range(len(IDS))]
        assert codes_in(form["loan_id"], pa.array(IDS[::-1])).tolist() == list(range(len(IDS)))[::-1]


def test_codes_are_minus_one_for_null_and_for_strangers() -> None:
    column = pa.chunked_array([["a", None, "z"], ["b"]], pa.string())
    assert codes_in(column, pa.array(["b", "a"])).tolist() == [1, -1, -1, 0]
    assert codes_in(column.dictionary_encode(), pa.array(["b", "a"])).tolist() == [1, -1, -1, 0]


@given(st.text())
def test_the_split_is_sha_256_of_the_id(customer_id: str) -> None:
    number = int(hashlib.sha256(customer_id.encode("utf-8")).hexdigest()[:16], 16)
    assert splits(pa.array([customer_id])).to_pylist() == ["test" if number % 100 < 20 else "train"]


def test_customers_are_dealt_to_the_folds_in_turn_those_with_a_default_first() -> None:
    ids = [f"c{number}" for number in range(7)]
    bad = np.array([False, True, False, False, True, False, True])
    order = sorted(ids, key=lambda one: (one not in ("c1", "c4", "c6"), hashlib.sha256(one.encode()).digest()[8:16]))
    expected = {name: turn % 3 + 1 for turn, name in enumerate(order)}
    assert dict(zip(ids, folds(pa.chunked_array([ids]), bad, 3).tolist(), strict=True)) == expected


@given(st.integers(2, 5), st.integers(0, 10_000), st.integers(0, 40))
def test_every_fold_has_a_default_and_a_customer_has_one_fold(number: int, seed: int, others: int) -> None:
    """Of `number` customers with a default and `others` without, each with two loans, in any order of the loans."""
    owners = [f"{seed}-{one}" for one in range(number + others)] * 2
    bad = np.arange(2 * (number + others)) < number
    found = folds(pa.chunked_array([owners]), bad, number)
    assert sorted(found[bad]) == list(range(1, number + 1))
    assert np.array_equal(*np.split(found, 2))
    counts = np.bincount(found, minlength=number + 1)[1:]
    assert counts.max() - counts.min() <= 2
    order = np.random.default_rng(seed).permutation(len(owners))
    assert np.array_equal(folds(pa.chunked_array([owners]).take(pa.array(order)), bad[order], number), found[order])


@pytest.mark.parametrize("missing", [splits, lambda ids: folds(pa.chunked_array([ids]), np.array([True]), 2)])
def test_a_missing_customer_has_a_side(missing: Any) -> None:
    assert missing(pa.array([None], pa.string())).tolist() == missing(pa.array([""])).tolist()


def test_the_split_never_moves() -> None:
    found = splits(pa.array([f"loan-{number}" for number in range(20_000)])).to_pylist()
    assert [number for number in range(40) if found[number] == "test"] == [0, 7, 13, 15, 21, 25, 30, 31, 37]
    assert 0.19 < found.count("test") / 20_000 < 0.21
