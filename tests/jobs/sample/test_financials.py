import csv
import io
import math
import re
from collections import Counter

import numpy as np
import pytest

from jobs.sample.money import BALANCE_CONSTANT, BEHAVIOURS
from jobs.sample.write import HEADERS, SampleSpec, write_sample

pytestmark = pytest.mark.thorough

CUSTOMERS = 6000

# What the real extracts hold, counted in them: the generator's own constants are not consulted.
REAL_CUSTOMERS, REAL_FLAGGED = 6191, 829
REAL_DIRT = {
    ("features_attributes", "Age", r"\d+_"): 285,
    ("features_attributes", "Age", r"-500"): 43,
    ("features_attributes", "Age", r"(1(0[1-9]|[1-9]\d)|[2-9]\d\d|\d{4})_?"): 122,
    ("features_attributes", "Age", r"1[4-7]_?"): 324,
    ("features_attributes", "SSN", r"#F%\$D@\*&8"): 370,
    ("features_attributes", "Occupation", r"_{7}"): 434,
    ("features_financials", "Annual_Income", r".*_"): 396,
    ("features_financials", "Annual_Income", r"\d{6,}_?"): 56,
    ("features_financials", "Num_of_Loan", r".*_"): 306,
    ("features_financials", "Num_of_Loan", r"-100"): 242,
    ("features_financials", "Num_of_Loan", r"\d\d+_?"): 29,
    ("features_financials", "Num_of_Delayed_Payment", r".*_"): 191,
    ("features_financials", "Num_of_Delayed_Payment", r"\d{3,}_?"): 54,
    ("features_financials", "Outstanding_Debt", r".*_"): 70,
    ("features_financials", "Changed_Credit_Limit", r"_"): 133,
    ("features_financials", "Amount_invested_monthly", r"__10000__"): 283,
    ("features_financials", "Credit_Mix", r"_"): 1275,
    ("features_financials", "Payment_of_Min_Amount", r"NM"): 724,
    ("features_financials", "Payment_Behaviour", r"!@9#%8"): 503,
    ("features_financials", "Interest_Rate", r"3[5-9]|[4-9]\d|\d{3,}"): 126,
    ("features_financials", "Num_Bank_Accounts", r"1[2-9]|[2-9]\d|\d{3,}"): 86,
    ("features_financials", "Num_Credit_Card", r"1[2-9]|[2-9]\d|\d{3,}"): 155,
    ("features_financials", "Num_Credit_Inquiries", r"1[89]|[2-9]\d|\d{3,}"): 105,
    ("features_financials", "Total_EMI_per_month", r"[2-9]\d{3}|\d{5}"): 186,
    ("features_financials", "Type_of_Loan", r""): 672,
}
FALSE_ALARM = 5.0  # standard deviations: one false alarm in 1.7 million checks

Columns = dict[str, list[str]]


def parsed(text: str) -> Columns:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def amount(text: str) -> float:
    return float(text.strip("_"))


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Columns]:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, SampleSpec(CUSTOMERS, seed=11), None)
    return {name: parsed((folder / f"{name}.csv").read_bytes().decode()) for name in HEADERS}


@pytest.mark.parametrize(("where", "count"), REAL_DIRT.items(), ids=str)
def test_dirt_is_as_frequent_as_in_the_real_extracts(
    where: tuple[str, str, str], count: int, extracts: dict[str, Columns]
) -> None:
    name, column, pattern = where
    found = sum(re.fullmatch(pattern, value) is not None for value in extracts[name][column])
    pooled = (found + count) / (CUSTOMERS + REAL_CUSTOMERS)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / CUSTOMERS + 1 / REAL_CUSTOMERS))
    assert abs(found / CUSTOMERS - count / REAL_CUSTOMERS) < FALSE_ALARM * deviation


def test_the_share_that_quality_control_flags_is_the_real_one(extracts: dict[str, Columns]) -> None:
    people = extracts["features_attributes"]
    flagged = sum(
        not (18 <= float(age.strip("_")) <= 100 and ssn[0] != "#")
        for age, ssn in zip(people["Age"], people["SSN"], strict=True)
    )
    share = REAL_FLAGGED / REAL_CUSTOMERS
    deviation = math.sqrt(share * (1 - share) * (1 / CUSTOMERS + 1 / REAL_CUSTOMERS))
    assert abs(flagged / CUSTOMERS - share) < FALSE_ALARM * deviation


def test_loan_types_are_as_many_as_loans(extracts: dict[str, Columns]) -> None:
    money = extracts["features_financials"]
    counts: Counter[bool] = Counter()
    for number, kinds in zip(money["Num_of_Loan"], money["Type_of_Loan"], strict=True):
        if 0 <= amount(number) <= 9:
            counts[len(kinds.split(", ")) * bool(kinds) == amount(number)] += 1
    assert set(counts) == {True}


def test_balances_follow_from_salary_instalments_investment_and_behaviour(extracts: dict[str, Columns]) -> None:
    money = extracts["features_financials"]
    constants = dict(zip(BEHAVIOURS, BALANCE_CONSTANT, strict=True))
    names = ("Monthly_Inhand_Salary", "Total_EMI_per_month", "Amount_invested_monthly", "Payment_Behaviour")
    met = known = 0
    for salary, emi, invested, behaviour, balance in zip(
        *(money[name] for name in names), money["Monthly_Balance"], strict=True
    ):
        if behaviour in constants and "_" not in invested + balance and amount(emi) < 2000:
            known += 1
            expected = amount(salary) / 10 - amount(emi) - amount(invested) + constants[behaviour]
            met += abs(amount(balance) - expected) < 0.01
    # The real book: 4,626 of 5,265 known.
    deviation = math.sqrt(0.88 * 0.12 * (1 / known + 1 / 5265))
    assert abs(met / known - 4626 / 5265) < FALSE_ALARM * deviation
    assert min(amount(balance) for balance in money["Monthly_Balance"] if "_" not in balance) > 0


def test_salaries_are_a_twelfth_of_income_give_or_take_300(extracts: dict[str, Columns]) -> None:
    money = extracts["features_financials"]
    incomes, salaries = (
        np.array([amount(value) for value in money[name]]) for name in ("Annual_Income", "Monthly_Inhand_Salary")
    )
    usual = incomes < 200_000
    off = (salaries - incomes / 12)[usual]
    whole = np.abs(off - np.rint(off)) < 1e-5  # as far as ten digits go
    # The real book: 388 of 6,135 known are of another month.
    assert abs((~whole).mean() - 388 / 6135) < FALSE_ALARM * math.sqrt(0.0632 * 0.9368 * (1 / len(off) + 1 / 6135))
    assert np.abs(off[whole]).max() <= 300.001
