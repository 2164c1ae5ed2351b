"""The columns, names and rules that every script of the data part has in common."""

import hashlib
from pathlib import Path

COUNTS = ["Num_of_Loan", "Num_Bank_Accounts", "Num_Credit_Card", "Num_of_Delayed_Payment", "Num_Credit_Inquiries"]
MONEY = [
    *("Annual_Income", "Monthly_Inhand_Salary", "Outstanding_Debt", "Total_EMI_per_month", "Amount_invested_monthly"),
    *("Monthly_Balance", "Changed_Credit_Limit", "Interest_Rate", "Credit_Utilization_Ratio"),
]
FINANCIALS = [*COUNTS, "Delay_from_due_date", *MONEY]
AMOUNTS = ["loan_amt", "due_amt", "paid_amt", "overdue_amt"]
WHOLE = {
    "feature_clickstream": [f"fe_{number}" for number in range(1, 21)],
    "features_attributes": ["Age"],
    "features_financials": [*COUNTS, "Delay_from_due_date"],
    "lms_loan_daily": ["tenure", "installment_num"],
}
DECIMAL: dict[str, list[str]] = {name: [] for name in WHOLE}
DECIMAL |= {"features_financials": MONEY, "lms_loan_daily": [*AMOUNTS, "balance"]}
CLICKS = WHOLE["feature_clickstream"]
DATES = {name: ["snapshot_date"] for name in WHOLE} | {"lms_loan_daily": ["loan_start_date", "snapshot_date"]}
CATEGORIES = ["Credit_Mix", "Payment_of_Min_Amount", "Payment_Behaviour"]
HIDDEN = ["Credit_History_Age", "Type_of_Loan"]
BRONZE = {name: name for name in WHOLE} | {"lms_loan_daily": "LMS_loans"}
SILVER = {name: name.partition("_")[2] for name in WHOLE}
OCCUPATION = ("_______", "_")
CATEGORY = ("_______", "_", "NM", "!@9#%8")
LAYERS = ("bronze", "silver", "gold")
LARGEST = 10**15


def split_of(customer_id: str) -> str:
    """`test` or `train`."""
    number = int.from_bytes(hashlib.sha256(customer_id.encode()).digest()[:8], "big")
    return "test" if number % 100 < 20 else "train"


def extract(data: Path, name: str) -> Path:
    """The file of a dataset, packed or not."""
    plain = data / f"{name}.csv"
    return plain if plain.exists() else data / f"{name}.csv.gz"
