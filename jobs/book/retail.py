"""The default book: instalment loans of a retail lender, in four extracts. Other books read like this one."""

from types import MappingProxyType

from jobs.book.columns import Column, Kind, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan, Candidate, Computed, Feature, Latest, Segment, Window
from jobs.book.functions import different_parts, months_of_text, ratio, remainder, share_or_one

ID, TEXT, CATEGORY, DATE = Kind.IDENTIFIER, Kind.TEXT, Kind.CATEGORY, Kind.DATE
INTEGER, COUNT, DECIMAL = Kind.INTEGER, Kind.COUNT, Kind.DECIMAL
BLANK = ("_______", "_")
UNKNOWN = (*BLANK, "NM", "!@9#%8")
CUSTOMER_MONTH = ("Customer_ID", "snapshot_date")

CLICKSTREAM = Source(
    dataset="feature_clickstream",
    bronze="feature_clickstream",
    silver="clickstream",
    known_on="snapshot_date",
    key=CUSTOMER_MONTH,
    new_loans_only=True,  # features use the clicks before a loan's start, so that no loan needs later ones
    columns=(
        *(
            Column(f"fe_{n}", INTEGER, f"Clickstream feature {n} of the month, as the web team delivers it")
            for n in range(1, 21)
        ),
        Column("Customer_ID", ID, "Customer"),
        Column("snapshot_date", DATE, "First day of the month that the row describes"),
    ),
)

ATTRIBUTES = Source(
    dataset="features_attributes",
    bronze="features_attributes",
    silver="attributes",
    known_on="snapshot_date",
    key=CUSTOMER_MONTH,
    every_loan=True,
    new_loans_only=True,  # one row a customer, of the month of the application
    columns=(
        Column("Customer_ID", ID, "Customer"),
        Column("Name", TEXT, "Name of the customer", personal=True),
        Column("Age", INTEGER, "Age in years", median=True, required=True, minimum=18, maximum=100),
        Column("SSN", Kind.CODE, "Social security number", personal=True, pattern=r"[0-9]{3}-[0-9]{2}-[0-9]{4}"),
        Column("Occupation", CATEGORY, "Occupation", missing_values=BLANK),
        Column("snapshot_date", DATE, "Month of the record"),
    ),
)

FINANCIALS = Source(
    dataset="features_financials",
    bronze="features_financials",
    silver="financials",
    known_on="snapshot_date",
    key=CUSTOMER_MONTH,
    every_loan=True,
    new_loans_only=True,  # one row a customer, of the month of the application
    columns=(
        Column("Customer_ID", ID, "Customer"),
        Column("Annual_Income", DECIMAL, "Income of a year", median=True, minimum=0),
        Column("Monthly_Inhand_Salary", DECIMAL, "Monthly take-home salary", median=True, minimum=0),
        Column("Num_Bank_Accounts", COUNT, "Bank accounts", median=True),
        Column("Num_Credit_Card", COUNT, "Credit cards", median=True),
        Column("Interest_Rate", DECIMAL, "Interest rate of cards (%)", median=True),
        Column("Num_of_Loan", COUNT, "Loans with any bank", median=True),
        Column("Type_of_Loan", TEXT, "Types of these loans, separated by commas"),
        Column("Delay_from_due_date", INTEGER, "Mean delay of payments, days; negative is early", median=True),
        Column("Num_of_Delayed_Payment", COUNT, "Delayed payments", median=True),
        Column("Changed_Credit_Limit", DECIMAL, "Change of the card limit (%)", missing_values=BLANK, median=True),
        Column("Num_Credit_Inquiries", COUNT, "Credit inquiries", median=True),
        Column("Credit_Mix", CATEGORY, "Class of the mix of credits", missing_values=UNKNOWN),
        Column("Outstanding_Debt", DECIMAL, "Remaining debt", median=True, minimum=0),
        Column("Credit_Utilization_Ratio", DECIMAL, "Credit card use, percent of the limit", median=True),
        Column("Credit_History_Age", TEXT, "Age of the credit history, in years and months"),
        Column("Payment_of_Min_Amount", CATEGORY, "Whether only the minimum was paid", missing_values=UNKNOWN),
        Column("Total_EMI_per_month", DECIMAL, "Instalments of all loans in a month", median=True),
        Column("Amount_invested_monthly", DECIMAL, "Monthly investment", median=True),
        Column("Payment_Behaviour", CATEGORY, "Class of spending and payment size", missing_values=UNKNOWN),
        Column("Monthly_Balance", DECIMAL, "Balance at the end of the month", median=True),
        Column("snapshot_date", DATE, "Month of the record"),
    ),
)

LOANS = Source(
    dataset="lms_loan_daily",
    bronze="LMS_loans",
    silver="loan_daily",
    known_on="snapshot_date",
    key=("loan_id", "installment_num"),
    columns=(
        Column("loan_id", ID, "Loan"),
        Column("Customer_ID", ID, "Customer"),
        Column("loan_start_date", DATE, "Start of the loan"),
        Column("tenure", INTEGER, "Number of instalments"),
        Column("installment_num", INTEGER, "Number of the instalment, 0 at the start"),
        Column("loan_amt", DECIMAL, "Amount of the loan", minimum=0),
        Column("due_amt", DECIMAL, "Amount due with this instalment", minimum=0),
        Column("paid_amt", DECIMAL, "Amount paid with this instalment", minimum=0),
        Column("overdue_amt", DECIMAL, "Amount overdue after this instalment", minimum=0),
        Column("balance", DECIMAL, "Amount that remains to be paid"),
        Column("snapshot_date", DATE, "Day on which the row became known"),
    ),
)

SHORT_NAMES = {  # of features whose column has a longer description
    "Delay_from_due_date": "Mean delay of payments, days",
    "Credit_Utilization_Ratio": "Credit card use (%)",
    "Total_EMI_per_month": "Instalments in a month",
    "Monthly_Balance": "Balance of the month",
}
FEATURES: tuple[Feature, ...] = (
    Latest("loan_amt", "loan_daily", description="Loan amount"),
    Latest("tenure", "loan_daily", description="Loan tenure"),
    Latest("Age", "attributes", description="Age"),
    Latest("Occupation", "attributes", description="Occupation"),
    Latest("Credit_Mix", "financials", description="Credit mix"),
    Latest("Payment_of_Min_Amount", "financials", description="Only the minimum paid"),
    Latest("Payment_Behaviour", "financials", description="Spending and payment size"),
    Latest("Credit_History_Age", "financials", hidden=True),
    Latest("Type_of_Loan", "financials", hidden=True),
    *(
        Latest(column.name, "financials", description=SHORT_NAMES.get(column.name, column.description))
        for kinds in ((INTEGER, COUNT), (DECIMAL,))
        for column in FINANCIALS.columns
        if column.kind in kinds
    ),
    Window("hist_total_paid", "loan_daily", "paid_amt", "sum", description="Early payments, total"),
    Window("hist_total_due", "loan_daily", "due_amt", "sum", description="Amount due before scoring"),
    Window(
        "hist_total_overdue_amount", "loan_daily", "overdue_amt", "sum", description="Overdue amounts before scoring"
    ),
    Computed(
        "hist_Loan_Payment_Ratio",
        ("hist_total_paid", "hist_total_due"),
        share_or_one,
        "Early payments, paid / due",
    ),
    *(
        Window(f"fe_{n}_mean", "clickstream", f"fe_{n}", "mean", "loan_start", description=f"Click feature {n}, mean")
        for n in range(1, 21)
    ),
    Window(
        "fe_10_std",
        "clickstream",
        "fe_10",
        "deviation",
        "loan_start",
        description="Click feature 10, std. dev.",
    ),
    Computed("Credit_History_Months", ("Credit_History_Age",), months_of_text, "Credit history (months)"),
    Computed("Loan_Types", ("Type_of_Loan",), different_parts, "Different types of loans"),
    Computed("DTI", ("Total_EMI_per_month", "Monthly_Inhand_Salary"), ratio, "Debt-to-income ratio"),
    Computed(
        "Savings_Ratio",
        ("Amount_invested_monthly", "Monthly_Inhand_Salary"),
        ratio,
        "Savings ratio",
    ),
    Computed(
        "Monthly_Surplus",
        ("Monthly_Inhand_Salary", "Total_EMI_per_month", "Amount_invested_monthly"),
        remainder,
        "Salary left over",
    ),
    Computed("Debt_to_Annual_Income", ("Outstanding_Debt", "Annual_Income"), ratio, "Debt / annual income"),
)

SAFE15 = (
    "Credit_History_Months",
    "Credit_Mix",
    "Age",
    "Monthly_Inhand_Salary",
    "Occupation",
    "loan_amt",
    "tenure",
    "Interest_Rate",
    "fe_10_mean",
    "fe_10_std",
    "Savings_Ratio",
    "DTI",
    "Num_Bank_Accounts",
    "Num_Credit_Card",
    "Amount_invested_monthly",
)
SAFE14 = tuple(name for name in SAFE15 if name != "Age")  # what leaving Age out costs
# All that is known at scoring but the loan history.
FULL = tuple(one.name for one in FEATURES if not one.hidden and not one.name.startswith("hist_"))

BOOK = Book(
    name="retail",
    loan_source="loan_daily",
    loan_id="loan_id",
    customer_id="Customer_ID",
    loan_start="loan_start_date",
    exposure="loan_amt",
    prediction=3,
    observation=6,
    bad_loan=BadLoan(
        "loan_daily",
        "overdue_amt",
        above=0,
        first=3,
        last=6,
        month="installment_num",
        description="Early arrears: any overdue amount at installments 3 to 6, which is not 90 days past due",
    ),
    sources=(CLICKSTREAM, ATTRIBUTES, FINANCIALS, LOANS),
    features=FEATURES,
    feature_sets=MappingProxyType(
        {
            "safe15": SAFE15,
            "behavioural": (*SAFE15, "hist_total_paid", "hist_Loan_Payment_Ratio"),
            "full": FULL,
            "safe14": SAFE14,
        }
    ),
    candidates=(  # the slowest first: they are fitted side by side
        Candidate(
            "sklearn.ensemble.GradientBoostingClassifier",
            {"n_estimators": 100, "max_depth": 5, "random_state": 42},
        ),
        Candidate(
            "sklearn.ensemble.RandomForestClassifier",
            {"n_estimators": 100, "max_depth": 10, "class_weight": "balanced", "random_state": 42},
        ),
        Candidate(
            "sklearn.linear_model.LogisticRegression",
            {"max_iter": 1000, "class_weight": "balanced", "random_state": 42},
            scaled=True,
        ),
        Candidate(
            "jobs.modelling.scorecard.estimator.Scorecard",
            {"bins": 5, "base_points": 600, "base_odds": 50, "points_to_double": 20},
            keeps_missing=True,
            optional=True,
        ),
    ),
    segments=(Segment("Age", (18, 25, 35, 45)), Segment("Occupation"), Segment("tenure"), Segment("loan_amt")),
)
