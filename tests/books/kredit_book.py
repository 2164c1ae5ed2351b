"""The book of the second lender: quarterly customers, monthly loans with days past due, monthly payments."""

from types import MappingProxyType

from jobs.book.columns import Column, Dialect, Kind, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan, Candidate, Computed, Feature, Latest, Window
from jobs.book.functions import ratio

ID, TEXT, CATEGORY, DATE = Kind.IDENTIFIER, Kind.TEXT, Kind.CATEGORY, Kind.DATE
INTEGER, COUNT, DECIMAL = Kind.INTEGER, Kind.COUNT, Kind.DECIMAL
GERMAN = Dialect(delimiter=";", decimal_char=",", encoding="latin-1", date_formats=("yyyy-MM-dd",))
WITH_POINTS = Dialect(
    delimiter=";", decimal_char=",", thousands_char=".", encoding="latin-1", date_formats=("yyyy-MM-dd",)
)
TAX_NUMBER = r"[0-9]{2}/[0-9]{3}/[0-9]{5}"

KUNDEN = Source(
    dataset="kunden",
    bronze="kunden",
    silver="customers",
    known_on="Stichtag",
    key=("Kundennummer", "Stichtag"),
    dialect=WITH_POINTS,
    every_loan=True,
    cadence=120,  # delivered once a quarter
    columns=(
        Column("Kundennummer", ID, "Customer"),
        Column("Name", TEXT, "Name of the customer", personal=True),
        Column("E_Mail", TEXT, "E-mail address", received="E-Mail", personal=True),
        Column("Steuernummer", Kind.CODE, "Tax number", personal=True, pattern=TAX_NUMBER),
        Column("Alter", INTEGER, "Age in years", median=True, required=True, minimum=18, maximum=100),
        Column("Beruf", CATEGORY, "Occupation", missing_values=("k.A.",)),
        Column("Familienstand", CATEGORY, "Marital status"),
        Column("Anzahl_Kinder", COUNT, "Number of children", median=True),
        Column("Jahreseinkommen", DECIMAL, "Income of a year, euros", missing_values=("k.A.",), median=True, minimum=0),
        Column("Bonitaet", DECIMAL, "External credit score, 0 to 100", received="Bonität", median=True),
        Column("Stichtag", DATE, "First day of the quarter that the row describes"),
    ),
)

KONTEN = Source(
    dataset="konten",
    bronze="konten",
    silver="accounts",
    known_on="Stichtag",
    key=("Kontonummer", "Stichtag"),
    dialect=GERMAN,
    columns=(
        Column("Kontonummer", ID, "Loan"),
        Column("Kundennummer", ID, "Customer"),
        Column("Vertragsbeginn", DATE, "Start of the loan"),
        Column("Laufzeit", INTEGER, "Term in months"),
        Column("Kreditbetrag", DECIMAL, "Amount of the loan, euros", minimum=0),
        Column("Sollzins", DECIMAL, "Interest rate, percent a year", missing_values=("n.v.",), median=True),
        Column("Rate", DECIMAL, "Monthly instalment, euros", minimum=0),
        Column("Restschuld", DECIMAL, "Amount that remains to be paid, euros"),
        Column("tage_verzug", INTEGER, "Days past due", minimum=0),
        Column("Stichtag", DATE, "Day on which the row became known"),
    ),
)

ZAHLUNGEN = Source(
    dataset="zahlungen",
    bronze="zahlungen",
    silver="payments",
    known_on="Buchungstag",
    key=("Buchungsnummer",),
    dialect=GERMAN,
    columns=(
        Column("Buchungsnummer", ID, "Row"),
        Column("Kundennummer", ID, "Customer"),
        Column("Buchungstag", DATE, "First day of the month that the row describes"),
        Column("Eingang", DECIMAL, "Money received in the month, euros"),
        Column("Ausgang", DECIMAL, "Money spent in the month, euros, negative"),
        Column(
            "Anzahl_Ruecklastschriften", COUNT, "Returned direct debits of the month",
            received="Anzahl_Rücklastschriften",
        ),
        Column("Zahlungsart", CATEGORY, "Most frequent means of payment"),
        Column("Verwendungszweck", TEXT, "Purpose of the largest payment", personal=True),
    ),
)  # fmt: skip

FEATURES: tuple[Feature, ...] = (
    Latest("Kreditbetrag", "accounts", description="Amount of the loan"),
    Latest("Laufzeit", "accounts", description="Term in months"),
    Latest("Sollzins", "accounts", description="Interest rate, percent a year"),
    Latest("Rate", "accounts", description="Monthly instalment"),
    Latest("Verzug", "accounts", "tage_verzug", description="Days past due one month after the start"),
    Latest("Alter", "customers", description="Age in years"),
    Latest("Beruf", "customers", description="Occupation"),
    Latest("Familienstand", "customers", description="Marital status"),
    Latest("Bonitaet", "customers", description="External credit score"),
    Latest("Jahreseinkommen", "customers", description="Income of a year"),
    Window("Eingang_3M", "payments", "Eingang", "mean", "loan_start", 3, description="Mean receipts of 3 months"),
    Window(
        "Ruecklastschriften_6M", "payments", "Anzahl_Ruecklastschriften", "sum", months=6,
        description="Returned direct debits of 6 months",
    ),
    Computed("Belastung", ("Rate", "Eingang_3M"), ratio, "Instalment as a share of the monthly receipts"),
    Computed("Kredit_zu_Einkommen", ("Kreditbetrag", "Jahreseinkommen"), ratio, "Loan as a share of the income"),
)  # fmt: skip

STANDARD = (
    "Laufzeit", "Sollzins", "Alter", "Beruf", "Bonitaet", "Jahreseinkommen", "Eingang_3M", "Ruecklastschriften_6M",
    "Belastung", "Kredit_zu_Einkommen",
)  # fmt: skip

BOOK = Book(
    name="kredit",
    loan_source="accounts",
    loan_id="Kontonummer",
    customer_id="Kundennummer",
    loan_start="Vertragsbeginn",
    prediction=1,
    observation=12,
    bad_loan=BadLoan("accounts", "tage_verzug", above=89, first=2, last=12),
    sources=(KUNDEN, KONTEN, ZAHLUNGEN),
    features=FEATURES,
    feature_sets=MappingProxyType({"standard": STANDARD, "with_arrears": (*STANDARD, "Verzug")}),
    candidates=(
        Candidate(
            "sklearn.ensemble.HistGradientBoostingClassifier",
            {"max_iter": 60, "max_depth": 3, "learning_rate": 0.08, "random_state": 42},
        ),
        Candidate(
            "sklearn.ensemble.RandomForestClassifier",
            {"n_estimators": 60, "max_depth": 6, "class_weight": "balanced", "random_state": 42},
        ),
        Candidate(
            "sklearn.linear_model.LogisticRegression",
            {"max_iter": 1000, "class_weight": "balanced", "random_state": 42},
            scaled=True,
        ),
    ),
)
