"""Plain names of columns and of the features made from them, for charts and pages."""

from collections.abc import Mapping

PLAIN_NAMES: Mapping[str, str] = {
    "Credit_History_Months": "Credit history (months)",
    "Credit_Mix": "Credit mix",
    "Age": "Age",
    "Monthly_Inhand_Salary": "Monthly take-home salary",
    "Occupation": "Occupation",
    "loan_amt": "Loan amount",
    "tenure": "Loan tenure",
    "Interest_Rate": "Interest rate",
    "fe_10_mean": "Click feature 10, mean",
    "fe_10_std": "Click feature 10, std. dev.",
    "Savings_Ratio": "Savings ratio",
    "DTI": "Debt-to-income ratio",
    "Num_Bank_Accounts": "Bank accounts",
    "Num_Credit_Card": "Credit cards",
    "Amount_invested_monthly": "Monthly investment",
    "hist_total_paid": "Early payments, total",
    "hist_Loan_Payment_Ratio": "Early payments, paid / due",
}


def plain_name(feature: str) -> str:
    """The feature's name as people read it; its column name if it has no other."""
    return PLAIN_NAMES.get(feature, feature)
