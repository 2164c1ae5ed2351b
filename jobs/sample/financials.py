"""The sample's `features_financials` extract: the applicants' figures, with the data errors of the real one."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jobs.sample.applicants import MIXES, Applicants
from jobs.sample.money import BEHAVIOURS, Money
from jobs.sample.text import DAY_TEXTS, csv_bytes, joined, quoted, replaced, rounded, suffixed, taken, text_of

COLUMNS = (
    "Customer_ID", "Annual_Income", "Monthly_Inhand_Salary", "Num_Bank_Accounts", "Num_Credit_Card", "Interest_Rate",
    "Num_of_Loan", "Type_of_Loan", "Delay_from_due_date", "Num_of_Delayed_Payment", "Changed_Credit_Limit",
    "Num_Credit_Inquiries", "Credit_Mix", "Outstanding_Debt", "Credit_Utilization_Ratio", "Credit_History_Age",
    "Payment_of_Min_Amount", "Total_EMI_per_month", "Amount_invested_monthly", "Payment_Behaviour", "Monthly_Balance",
    "snapshot_date",
)  # fmt: skip
LOAN_TYPES = (
    "Auto Loan", "Credit-Builder Loan", "Debt Consolidation Loan", "Home Equity Loan", "Mortgage Loan",
    "Not Specified", "Payday Loan", "Personal Loan", "Student Loan",
)  # fmt: skip
MOST_LOANS = 9


class Outlier(NamedTuple):
    """The rate of implausible whole numbers in a column, and their bounds."""

    rate: float
    least: int
    most: int


OUTLIERS = {
    "Annual_Income": Outlier(0.0090, 300_000, 24_000_000),
    "Num_Bank_Accounts": Outlier(0.0139, 20, 1_760),
    "Num_Credit_Card": Outlier(0.0250, 20, 1_500),
    "Interest_Rate": Outlier(0.0204, 90, 5_800),
    "Num_of_Loan": Outlier(0.0047, 20, 1_440),
    "Num_of_Delayed_Payment": Outlier(0.0087, 100, 4_320),
    "Num_Credit_Inquiries": Outlier(0.0170, 20, 2_460),
    "Total_EMI_per_month": Outlier(0.0300, 2_000, 82_000),
}
UNDERSCORE_RATE = {
    "Annual_Income": 0.0640, "Num_of_Loan": 0.0494, "Num_of_Delayed_Payment": 0.0309, "Outstanding_Debt": 0.0113,
}  # fmt: skip
FLOAT_NOISE_RATE, FLOAT_NOISE = 0.03, "0000000001_"  # of the underscored incomes: 51552.60000000001_
TOKENS = {
    "Num_of_Loan": (0.0391, "-100"),
    "Changed_Credit_Limit": (0.0215, "_"),
    "Credit_Mix": (0.2059, "_"),
    "Payment_of_Min_Amount": (0.1169, "NM"),
    "Payment_Behaviour": (0.0812, "!@9#%8"),
    "Amount_invested_monthly": (0.0457, "__10000__"),
    "Monthly_Balance": (0.0001, "__-333333333333333333333333333__"),
}
FEWER_ACCOUNTS_RATE = 0.007  # one account fewer than true, so that some have -1


def financials_csv(rng: np.random.Generator, ids: Any, applicants: Applicants, money: Money) -> Any:
    """The lines of these applicants, as one buffer."""
    figures = applicants.figures
    loans = figures["Num_of_Loan"].astype(np.int64)
    accounts = figures["Num_Bank_Accounts"] - (rng.random(len(ids)) < FEWER_ACCOUNTS_RATE)
    mix = taken(pa.array(MIXES), figures["Mix"].astype(np.int8))
    minimum = taken(pa.array(["No", "Yes"]), figures["Minimum_Payer"].astype(np.int8))
    credit_limit, debt = rounded(figures["Changed_Credit_Limit"], 2), rounded(figures["Outstanding_Debt"], 2)
    texts = {
        "Annual_Income": text_of(money.annual_income),
        "Monthly_Inhand_Salary": text_of(money.salary),
        "Num_Bank_Accounts": text_of(accounts),
        "Num_Credit_Card": text_of(figures["Num_Credit_Card"]),
        "Interest_Rate": text_of(figures["Interest_Rate"]),
        "Num_of_Loan": text_of(loans),
        "Type_of_Loan": quoted(_loan_types(rng, loans), loans > 1),
        "Delay_from_due_date": text_of(figures["Delay_from_due_date"]),
        "Num_of_Delayed_Payment": text_of(figures["Num_of_Delayed_Payment"]),
        "Changed_Credit_Limit": text_of(credit_limit),
        "Num_Credit_Inquiries": text_of(figures["Num_Credit_Inquiries"]),
        "Credit_Mix": mix,
        "Outstanding_Debt": text_of(debt),
        "Credit_Utilization_Ratio": text_of(money.utilisation),
        "Credit_History_Age": _history_texts(figures["Credit_History_Months"].astype(np.int64)),
        "Payment_of_Min_Amount": minimum,
        "Total_EMI_per_month": text_of(money.instalments),
        "Amount_invested_monthly": text_of(money.invested),
        "Payment_Behaviour": taken(pa.array(BEHAVIOURS), money.behaviour),
        "Monthly_Balance": text_of(money.balance),
    }
    texts |= {name: with_errors(rng, name, column) for name, column in texts.items()}
    return csv_bytes([ids, *texts.values(), taken(DAY_TEXTS, applicants.cohorts)])


def with_errors(rng: np.random.Generator, name: str, texts: Any) -> Any:
    """The column with outliers, placeholders and trailing underscores. The draws depend on the column's name alone."""
    rows = len(texts)
    if name in OUTLIERS:
        rate, least, most = OUTLIERS[name]
        wild = text_of(rng.integers(least, most + 1, size=rows))
        texts = pc.if_else(pa.array(rng.random(rows) < rate), wild, texts)
    if name in TOKENS:
        rate, token = TOKENS[name]
        texts = replaced(texts, rng.random(rows) < rate, token)
    if name in UNDERSCORE_RATE:
        marked = rng.random(rows) < UNDERSCORE_RATE[name]
        if name == "Num_of_Loan":  # its placeholder never has an underscore
            marked &= pc.not_equal(texts, TOKENS[name][1]).to_numpy(zero_copy_only=False)
        if name == "Annual_Income":
            noisy = marked & (rng.random(rows) < FLOAT_NOISE_RATE) & _has_one_decimal(texts)
            texts, marked = suffixed(texts, noisy, FLOAT_NOISE), marked & ~noisy
        texts = suffixed(texts, marked)
    return texts


def _has_one_decimal(texts: Any) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(texts, r"\.\d$").to_numpy(zero_copy_only=False))


def _loan_types(rng: np.random.Generator, loans: NDArray[np.int64]) -> Any:
    """Texts such as `Auto Loan, Payday Loan, and Auto Loan`, of `loans` types with repetition; empty for 0."""
    drawn = rng.integers(0, len(LOAN_TYPES), size=(len(loans), MOST_LOANS))
    position = np.arange(MOST_LOANS)
    last_of_several = (position == loans[:, None] - 1) & (loans[:, None] > 1)
    names = taken(
        pa.array([*LOAN_TYPES, *(f"and {kind}" for kind in LOAN_TYPES)]),
        (drawn + len(LOAN_TYPES) * last_of_several)[position < loans[:, None]],
    )
    offsets = np.concatenate([[0], np.cumsum(loans)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), names), ", ")


def _history_texts(months: NDArray[np.int64]) -> Any:
    years, over = text_of(months // 12), text_of(months % 12)
    return joined([years, pa.scalar(" Years and "), over, pa.scalar(" Months")], "")
