"""Limits on the values of a file, and amounts that could not be read, from the rows as received to the verdict."""

from dataclasses import replace

import pyarrow as pa
import pytest

from jobs.errors import InputRejected
from jobs.job import combined
from jobs.silver.clean import cleaned_part
from jobs.silver.cleaning import cleaned
from jobs.silver.limits import check_values, reject_undecided
from jobs.silver.quality.identity import check_matches
from jobs.silver.quality.removal import remove_flagged_customers
from storage.lake.datamart import TableVersion
from tests.job_factory import JobFactory
from tests.retail import BOOK, TABLES

LEDGER = TABLES["loan_daily"]
ROWS = 300


def flagged(job_factory: JobFactory, amounts: dict[int, str]) -> tuple[dict[str, int], int]:
    """(customers flagged by reason, ledger rows kept) of a ledger with these paid amounts, 100 in the other rows."""
    rows = [
        dict.fromkeys(LEDGER.names, "1")
        | {"loan_id": f"L{place}", "Customer_ID": f"C{place}", "paid_amt": amounts.get(place, "100")}
        | {"loan_start_date": "1/1/2024", "snapshot_date": "1/2/2024"}
        for place in range(ROWS)
    ]
    job = job_factory.job()
    bronze = TableVersion(
        LEDGER.bronze_table,
        "b",
        (job.datamart.write(LEDGER.bronze_table, "b", 0, [pa.Table.from_pylist(rows, LEDGER.bronze_schema)]),),
    )
    staged = combined([cleaned_part(job, bronze, 0)]).tables[0]
    empty = [
        job.write(source.staged_table, [source.silver_schema.empty_table()])
        for source in BOOK.sources
        if source != LEDGER
    ]
    outcome = remove_flagged_customers(replace(job, tables={table.table: table for table in (staged, *empty)}))
    return outcome.values["reasons"], outcome.values["rows"]["loan_daily"]["kept"]


def test_an_unreadable_amount_does_not_pass_the_check_that_it_is_not_negative(job_factory: JobFactory) -> None:
    assert flagged(job_factory, {7: "1O0", 9: "40k"}) == ({"paid_amt unreadable": 2}, ROWS - 2)


@pytest.mark.parametrize("text", ["", "NULL", "_"])
def test_an_amount_that_is_not_there_is_no_failure(job_factory: JobFactory, text: str) -> None:
    reasons, kept = flagged(job_factory, {7: text})
    assert (reasons, kept) == (({"paid_amt unreadable": 1}, ROWS - 1) if text == "_" else ({}, ROWS))


def test_negative_amounts_of_every_style_fail(job_factory: JobFactory) -> None:
    reasons, _ = flagged(job_factory, {1: "-5", 2: "(5)", 3: "5-", 4: "\u22125"})
    assert reasons == {"paid_amt negative": 4}


@pytest.mark.parametrize(("share", "rejects"), [(0.01, True), (0.05, False)])
def test_each_column_declares_its_limit(share: float, rejects: bool) -> None:
    column = replace(LEDGER.columns[-2], unreadable=share)
    source = replace(LEDGER, columns=(*LEDGER.columns[:-2], column, LEDGER.columns[-1]))
    problems = {column.name: {"ambiguous number": 3}}
    if not rejects:
        check_values("data/loans.csv", source, 100, problems, {column.name: "4o"})
        return
    with pytest.raises(InputRejected, match=rf"loans.csv, column {column.name}: 3 of 100 values can't be read"):
        check_values("data/loans.csv", source, 100, problems, {column.name: "4o"})


def test_a_value_out_of_range_is_not_shown_as_the_first_that_cannot_be_read(job_factory: JobFactory) -> None:
    counts = TABLES["financials"]
    texts = ["-100", "-100", *["4,5"] * 10]
    rows = [dict.fromkeys(counts.names, "") | {"Num_of_Loan": text, "snapshot_date": "31/1/2024"} for text in texts]
    result = cleaned(pa.Table.from_pylist(rows, counts.bronze_schema), counts)
    assert set(result.problems["Num_of_Loan"].values()) == {2, 10}
    with pytest.raises(InputRejected, match="10 of 12 values can't be read .* the first looks like '9,9'.*decimals"):
        check_values("data/money.csv", counts, len(rows), {"Num_of_Loan": result.problems["Num_of_Loan"]}, result.first)


@pytest.mark.parametrize("text", ["1/1/2024", "4/1/2024"])
def test_the_remedy_for_undecided_dates_names_both_forms(text: str) -> None:
    hint = r"declare `date_formats=\('M/d/yyyy',\)` for months, or `exact=True` for days"
    with pytest.raises(InputRejected, match=hint):
        reject_undecided("data/loans.csv", LEDGER, "snapshot_date", text)
    hint = r"`date_formats=\('M/d/yyyy HH:mm',\)` for months, or `date_formats=\('d/M/yyyy HH:mm',\)` for days"
    with pytest.raises(InputRejected, match=hint):
        reject_undecided("data/loans.csv", LEDGER, "snapshot_date", f"{text} 00:00")


def test_ids_that_do_not_meet_name_both_files() -> None:
    with pytest.raises(InputRejected, match="30 of 100 loans of lms_loan_daily have no row in features_financials"):
        check_matches(100, {"financials": 30}, BOOK)
    check_matches(100, {"financials": 20}, BOOK)


def test_ids_of_a_few_loans_that_never_meet_are_refused_too() -> None:
    with pytest.raises(InputRejected, match="12 of 12 loans of lms_loan_daily have no row in features_attributes"):
        check_matches(12, {"attributes": 12}, BOOK)
    check_matches(12, {"attributes": 11}, BOOK)
    check_matches(3, {"attributes": 3}, BOOK)


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [
        ("1/1/2024", "`date_formats=('M/d/yyyy',)`", "`exact=True`"),
        ("01-02-2024", "`date_formats=('M-d-yyyy',)`", "`date_formats=('d-M-yyyy',)`"),
        ("1/1/24", "`date_formats=('M/d/yy',)`", "`date_formats=('d/M/yy',)`"),
    ],
)
def test_undecided_dates_name_the_declarations_that_would_read_them(text: str, months: str, days: str) -> None:
    with pytest.raises(InputRejected) as refused:
        reject_undecided("data/loans.csv", LEDGER, "snapshot_date", text)
    assert f"declare {months} for months, or {days} for days" in str(refused.value)
