"""The four datasets of a loan book, declared as column rules: the one place that knows a column by name and kind.

A column more is one line here; reading, cleaning and the silver schema follow from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import pyarrow as pa


class Kind(StrEnum):
    """What a column holds; `jobs.silver.cleaning` has one function for each."""

    IDENTIFIER = "identifier"
    TEXT = "text"
    CATEGORY = "category"
    SSN = "ssn"
    INTEGER = "integer"
    COUNT = "count"
    DECIMAL = "decimal"
    DATE = "date"


@dataclass(frozen=True)
class Rule:
    """How a column is cleaned: its kind, its type in the cleaned table, and the texts that stand for "not known"."""

    kind: Kind
    type: pa.DataType = field(default_factory=pa.string)
    placeholders: frozenset[str] = frozenset()


IDENTIFIER = Rule(Kind.IDENTIFIER)
TEXT = Rule(Kind.TEXT)
CATEGORY = Rule(Kind.CATEGORY, placeholders=frozenset({"_______", "_", "NM", "!@9#%8"}))
OCCUPATION = Rule(Kind.CATEGORY, placeholders=frozenset({"_______", "_"}))
SSN = Rule(Kind.SSN)
INTEGER = Rule(Kind.INTEGER, pa.int64())
COUNT = Rule(Kind.COUNT, pa.int64())
DECIMAL = Rule(Kind.DECIMAL, pa.float64())
DATE = Rule(Kind.DATE, pa.date32())


@dataclass(frozen=True)
class Column:
    """One column: its name in the extract and in every table, its rule, and whether it says who a person is."""

    name: str
    rule: Rule
    personal: bool = False


@dataclass(frozen=True)
class Source:
    """One dataset: its name among the extracts, its bronze and silver tables, and its columns in order."""

    dataset: str
    bronze: str
    silver: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in declared order."""
        return tuple(column.name for column in self.columns)

    @property
    def personal(self) -> tuple[str, ...]:
        """The columns that say who a person is; their values are shown nowhere."""
        return tuple(column.name for column in self.columns if column.personal)

    @property
    def bronze_schema(self) -> pa.Schema:
        """The columns as received: every one text."""
        return pa.schema([(name, pa.string()) for name in self.names])

    @property
    def silver_schema(self) -> pa.Schema:
        """The columns as cleaned: int64, float64, date32 and text."""
        return pa.schema([(column.name, column.rule.type) for column in self.columns])

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """The columns of these kinds, in declared order."""
        return tuple(column.name for column in self.columns if column.rule.kind in kinds)

    @property
    def integers(self) -> tuple[str, ...]:
        """The whole-number columns, counts among them."""
        return self.of_kind(Kind.INTEGER, Kind.COUNT)

    @property
    def decimals(self) -> tuple[str, ...]:
        """The fractional columns."""
        return self.of_kind(Kind.DECIMAL)

    @property
    def dates(self) -> tuple[str, ...]:
        """The date columns."""
        return self.of_kind(Kind.DATE)

    @property
    def categories(self) -> tuple[str, ...]:
        """The category columns."""
        return self.of_kind(Kind.CATEGORY)


_CLICKSTREAM = Source(
    dataset="feature_clickstream",
    bronze="feature_clickstream",
    silver="clickstream",
    columns=(
        *(Column(f"fe_{number}", INTEGER) for number in range(1, 21)),
        Column("Customer_ID", IDENTIFIER),
        Column("snapshot_date", DATE),
    ),
)

_ATTRIBUTES = Source(
    dataset="features_attributes",
    bronze="features_attributes",
    silver="attributes",
    columns=(
        Column("Customer_ID", IDENTIFIER),
        Column("Name", TEXT, personal=True),
        Column("Age", INTEGER),
        Column("SSN", SSN, personal=True),
        Column("Occupation", OCCUPATION),
        Column("snapshot_date", DATE),
    ),
)

_FINANCIALS = Source(
    dataset="features_financials",
    bronze="features_financials",
    silver="financials",
    columns=(
        Column("Customer_ID", IDENTIFIER),
        Column("Annual_Income", DECIMAL),
        Column("Monthly_Inhand_Salary", DECIMAL),
        Column("Num_Bank_Accounts", COUNT),
        Column("Num_Credit_Card", COUNT),
        Column("Interest_Rate", DECIMAL),
        Column("Num_of_Loan", COUNT),
        Column("Type_of_Loan", TEXT),
        Column("Delay_from_due_date", INTEGER),
        Column("Num_of_Delayed_Payment", COUNT),
        Column("Changed_Credit_Limit", DECIMAL),
        Column("Num_Credit_Inquiries", COUNT),
        Column("Credit_Mix", CATEGORY),
        Column("Outstanding_Debt", DECIMAL),
        Column("Credit_Utilization_Ratio", DECIMAL),
        Column("Credit_History_Age", TEXT),
        Column("Payment_of_Min_Amount", CATEGORY),
        Column("Total_EMI_per_month", DECIMAL),
        Column("Amount_invested_monthly", DECIMAL),
        Column("Payment_Behaviour", CATEGORY),
        Column("Monthly_Balance", DECIMAL),
        Column("snapshot_date", DATE),
    ),
)

_LOANS = Source(
    dataset="lms_loan_daily",
    bronze="LMS_loans",
    silver="loan_daily",
    columns=(
        Column("loan_id", IDENTIFIER),
        Column("Customer_ID", IDENTIFIER),
        Column("loan_start_date", DATE),
        Column("tenure", INTEGER),
        Column("installment_num", INTEGER),
        Column("loan_amt", INTEGER),
        Column("due_amt", INTEGER),
        Column("paid_amt", INTEGER),
        Column("overdue_amt", INTEGER),
        Column("balance", INTEGER),
        Column("snapshot_date", DATE),
    ),
)

SOURCES: Mapping[str, Source] = MappingProxyType(
    {source.dataset: source for source in (_CLICKSTREAM, _ATTRIBUTES, _FINANCIALS, _LOANS)}
)
