"""The declared datasets: their tables, columns and kinds."""

import csv
import gzip
import io
import pickle
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from jobs.book.columns import Column, Kind
from jobs.bronze.records import read_extract
from jobs.silver.cleaning import cleaned
from tests.paths import LOANS
from tests.retail import SOURCES


def test_the_four_datasets_with_their_tables() -> None:
    assert {name: (source.bronze, source.silver) for name, source in SOURCES.items()} == {
        "feature_clickstream": ("feature_clickstream", "clickstream"),
        "features_attributes": ("features_attributes", "attributes"),
        "features_financials": ("features_financials", "financials"),
        "lms_loan_daily": ("LMS_loans", "loan_daily"),
    }


def test_the_numbers_of_financials_are_six_integers_and_nine_decimals() -> None:
    financials = SOURCES["features_financials"]
    assert set(financials.of_kind(Kind.INTEGER, Kind.COUNT)) == {
        *("Num_of_Loan", "Num_Bank_Accounts", "Num_Credit_Card"),
        *("Delay_from_due_date", "Num_of_Delayed_Payment", "Num_Credit_Inquiries"),
    }
    assert set(financials.of_kind(Kind.DECIMAL)) == {
        *("Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt", "Total_EMI_per_month"),
        *("Amount_invested_monthly", "Monthly_Balance", "Changed_Credit_Limit", "Interest_Rate"),
        "Credit_Utilization_Ratio",
    }
    assert financials.of_kind(Kind.CATEGORY) == ("Credit_Mix", "Payment_of_Min_Amount", "Payment_Behaviour")


def test_counts_are_the_columns_called_num() -> None:
    for source in SOURCES.values():
        assert set(source.of_kind(Kind.COUNT)) == {name for name in source.names if name.startswith("Num_")}


def test_the_other_numbers_and_the_dates() -> None:
    assert SOURCES["features_attributes"].of_kind(Kind.INTEGER, Kind.COUNT) == ("Age",)
    assert SOURCES["feature_clickstream"].of_kind(Kind.INTEGER, Kind.COUNT) == tuple(
        f"fe_{number}" for number in range(1, 21)
    )
    ledger = SOURCES["lms_loan_daily"]
    assert ledger.of_kind(Kind.INTEGER, Kind.COUNT) == ("tenure", "installment_num")
    money = ("loan_amt", "due_amt", "paid_amt", "overdue_amt", "balance")
    assert ledger.of_kind(Kind.DECIMAL) == money  # it has cents
    assert sum(len(source.of_kind(Kind.DATE)) for source in SOURCES.values()) == 5


def test_only_names_and_ssns_are_personal() -> None:
    assert {name: source.personal for name, source in SOURCES.items() if source.personal} == {
        "features_attributes": ("Name", "SSN")
    }


def test_schemas_are_text_as_received_and_typed_as_cleaned() -> None:
    attributes = SOURCES["features_attributes"]
    assert set(attributes.bronze_schema.types) == {pa.string()}
    assert attributes.silver_schema.field("Age").type == pa.int64()
    assert attributes.silver_schema.field("snapshot_date").type == pa.date32()
    assert SOURCES["features_financials"].silver_schema.field("Annual_Income").type == pa.float64()


def test_sources_travel_between_processes() -> None:
    for source in SOURCES.values():
        assert pickle.loads(pickle.dumps(source)) == source


def test_a_column_more_is_one_line() -> None:
    attributes = SOURCES["features_attributes"]
    wider = replace(attributes, columns=(*attributes.columns, Column("Height", Kind.DECIMAL, "Height in metres")))
    extract = ",".join(wider.names) + "\nCUS_1,Ann,40,123-45-6789,Lawyer,1/5/2023,1.75_\n"
    (chunk,) = read_extract(io.BytesIO(extract.encode()), wider, "wider.csv")
    assert cleaned(chunk.table, wider).table["Height"].to_pylist() == [1.75]


def test_columns_stand_in_the_order_of_a_made_book(sample_data: Path) -> None:
    for name, source in SOURCES.items():
        with (sample_data / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
            assert tuple(next(csv.reader(lines))) == source.names


@pytest.mark.reference
def test_columns_stand_in_the_order_of_the_real_extracts() -> None:
    for name, source in SOURCES.items():
        with gzip.open(LOANS / f"{name}.csv.gz", "rt", encoding="utf-8") as lines:
            assert tuple(next(csv.reader(lines))) == source.names
