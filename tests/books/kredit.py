"""The extracts of a second lender, invented: a German bank with its own names, encoding, separators and dates.

`kunden.csv` has a row for each customer and quarter, `konten.csv` one for each loan and month, `zahlungen.csv` one for
each customer and month. They are Latin-1 with semicolons, decimal commas, CRLF line ends and ISO dates; only the income
has thousands points. One customer in four has two loans. The same seed gives the same bytes.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

FIRST_MONTH, COHORTS = (2023, 1), 21  # loans start from January 2023 to September 2024
LAST_DAY = date(2025, 9, 30)
MONTHS = 14  # of a loan that are reported
MONTHS_BEFORE = 6  # of payments before the first loan
SECOND_LOAN_SHARE = 0.25
MEAN_LOGIT = -2.3

KUNDEN = (
    "Kundennummer", "Name", "E-Mail", "Steuernummer", "Alter", "Beruf", "Familienstand", "Anzahl_Kinder",
    "Jahreseinkommen", "Bonität", "Stichtag",
)  # fmt: skip
KONTEN = (
    "Kontonummer", "Kundennummer", "Vertragsbeginn", "Laufzeit", "Kreditbetrag", "Sollzins", "Rate", "Restschuld",
    "tage_verzug", "Stichtag",
)  # fmt: skip
ZAHLUNGEN = (
    "Buchungsnummer", "Kundennummer", "Buchungstag", "Eingang", "Ausgang", "Anzahl_Rücklastschriften", "Zahlungsart",
    "Verwendungszweck",
)  # fmt: skip
FIRST_NAMES = ("Anja", "Björn", "Cornelia", "Dieter", "Elke", "Götz", "Hannelore", "Jürgen", "Käthe", "Lars", "Sören")
LAST_NAMES = ("Ackermann", "Böhme", "Dörfler", "Eichhorn", "Grünwald", "Hölzer", "Kröger", "Müllerschön", "Weißhaupt")
JOBS = ("Angestellte", "Arbeiter", "Beamte", "Rentner", "Selbstständig")
JOB_RISK = (0.0, 0.25, -0.5, -0.2, 0.5)
STATUS = ("ledig", "verheiratet", "geschieden", "verwitwet")
MEANS = ("Überweisung", "Lastschrift", "Dauerauftrag")
PURPOSES = ("Miete; Nebenkosten", "Strom", "Kredit und Rücklage", "Einkauf", 'Verein "Alte Mühle"', "Versicherung")
TERMS = (12, 24, 36, 48, 60)

Row = tuple[str, ...]


@dataclass(frozen=True)
class Loan:
    """One loan: its start, terms, and in which month it is 90 days past due (0 for never)."""

    number: str
    start: date
    term: int
    amount: float
    interest: float
    bad_month: int
    late_at_once: bool

    @property
    def instalment(self) -> float:
        monthly = self.interest / 1200
        return float(self.amount * monthly / (1 - (1 + monthly) ** -self.term))


@dataclass(frozen=True)
class Customer:
    """One customer with their loans. `risk` is in standard deviations, higher is riskier."""

    number: str
    name: str
    age: int
    job: int
    income: float
    risk: float
    score: float
    loans: tuple[Loan, ...]

    @property
    def first_start(self) -> date:
        return self.loans[0].start

    @property
    def last_day(self) -> date:
        return min(later(self.loans[-1].start, MONTHS), LAST_DAY)


def write_kredit(folder: Path, customers: int = 800, seed: int = 7) -> dict[str, int]:
    """The rows written to each of the three extracts, malformed ones included, by the name of the file's dataset."""
    rng = np.random.default_rng(seed)
    people = [drawn_customer(rng, number) for number in range(customers)]
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "kunden": _written(folder / "kunden.csv", KUNDEN, (row for one in people for row in kunden_rows(rng, one))),
        "konten": _written(folder / "konten.csv", KONTEN, (row for one in people for row in konten_rows(rng, one))),
        "zahlungen": _written(folder / "zahlungen.csv", ZAHLUNGEN, zahlungen_rows(rng, people)),
    }


def drawn_customer(rng: np.random.Generator, place: int) -> Customer:
    """A customer and their loans. Score, job, income, returned debits and early arrears tell of the risk."""
    risk, age, job = float(rng.normal()), int(rng.integers(19, 78)), int(rng.integers(len(JOBS)))
    income = float(np.exp(rng.normal(10.55 - 0.12 * risk, 0.35)))
    score = float(np.clip(88 - 7 * risk + rng.normal(0, 3), 20, 99.9))
    name = f"{FIRST_NAMES[rng.integers(len(FIRST_NAMES))]} {LAST_NAMES[rng.integers(len(LAST_NAMES))]}"
    start = later(date(*FIRST_MONTH, int(rng.integers(1, 29))), int(rng.integers(COHORTS)))
    starts = [start]
    if rng.random() < SECOND_LOAN_SHARE:
        starts.append(later(start, int(rng.integers(2, 9))))
    loans = tuple(
        drawn_loan(rng, f"KR-{place + 1:06d}-{number}", begin, (risk, JOB_RISK[job], income))
        for number, begin in enumerate(starts, 1)
    )
    return Customer(f"{place * 37 + 10_201:08d}", name, age, job, income, risk, score, loans)


def drawn_loan(rng: np.random.Generator, number: str, start: date, of: tuple[float, float, float]) -> Loan:
    """A loan of a customer of this risk, job risk and income."""
    risk, job_risk, income = of
    amount = float(np.round(np.clip(income * rng.uniform(0.05, 0.9), 1_000, 60_000), -2))
    interest = float(np.round(np.clip(6 + 1.2 * risk + rng.normal(0, 0.8), 1.9, 14.9), 2))
    logit = MEAN_LOGIT + 1.9 * risk + job_risk + 1.2 * (amount / income - 0.45)
    bad = bool(rng.random() < 1 / (1 + np.exp(-logit)))
    late_at_once = bool(rng.random() < (0.3 if bad else 0.04))
    bad_month = int(rng.integers(4, 13)) if bad else 0
    return Loan(number, start, int(rng.choice(TERMS)), amount, interest, bad_month, late_at_once)


def kunden_rows(rng: np.random.Generator, one: Customer) -> Iterator[Row]:
    """A row for each quarter, from the one before the first loan on."""
    month = later(date(one.first_start.year, (one.first_start.month - 1) // 3 * 3 + 1, 1), 0)
    tax, status, children = _tax_number(rng), STATUS[rng.integers(len(STATUS))], str(rng.integers(0, 4))
    mail = f"{one.name.split()[1].lower()}.{one.number[-5:]}@example.de".translate(str.maketrans("öüßä", "ousa"))
    wild = {0: "-1", 1: "999"}.get(int(rng.integers(120)))  # about one customer in sixty
    while month <= one.last_day:
        age = wild or str(one.age + month.year - one.first_start.year)
        income = "k.A." if rng.random() < 0.03 else grouped(one.income * rng.uniform(0.97, 1.03))
        job = "k.A." if rng.random() < 0.05 else JOBS[one.job]
        score = "" if rng.random() < 0.02 else decimal(min(one.score + rng.normal(0, 0.5), 99.99))
        shown_mail = mail if rng.random() > 0.04 else ""
        yield (
            one.number, one.name, shown_mail, tax, age, job, status, children, income, score, month.isoformat(),
        )  # fmt: skip
        month = later(month, 3)


def _tax_number(rng: np.random.Generator) -> str:
    if rng.random() < 0.02:
        return "unbekannt"
    return f"{rng.integers(10, 100)}/{rng.integers(100, 1000)}/{rng.integers(10_000, 100_000)}"


def konten_rows(rng: np.random.Generator, one: Customer) -> Iterator[Row]:
    """A row for each loan and month, on the day of the month on which the loan started."""
    for loan in one.loans:
        for month in range(MONTHS + 1):
            day = later(loan.start, month)
            if day > LAST_DAY:
                break
            left = decimal(max(loan.amount - loan.instalment * month * 0.8, 0))
            interest = "n.v." if rng.random() < 0.01 else decimal(loan.interest)
            yield (
                loan.number, one.number, loan.start.isoformat(), str(loan.term), decimal(loan.amount), interest,
                decimal(loan.instalment), left if rng.random() > 0.01 else "", str(arrears(rng, loan, month)),
                day.isoformat(),
            )  # fmt: skip


def arrears(rng: np.random.Generator, loan: Loan, month: int) -> int:
    """The days past due of a loan in a month on book."""
    if loan.bad_month and month >= loan.bad_month - 2:
        return 30 * (month - loan.bad_month + 3) + int(rng.integers(1, 10))
    if month == 1 and loan.late_at_once:
        return int(rng.integers(3, 26))
    return int(rng.integers(1, 45)) if month > 1 and rng.random() < 0.04 else 0


def zahlungen_rows(rng: np.random.Generator, people: Iterable[Customer]) -> Iterator[Row]:
    """A row for each customer and month, with some rows twice and a few with a field too few."""
    number = 700_000
    for one in people:
        month = later(date(one.first_start.year, one.first_start.month, 1), -MONTHS_BEFORE)
        while month <= one.last_day:
            number += 1
            paid_in = one.income / 12 * 0.65 * rng.uniform(0.9, 1.1)
            returned = rng.poisson(np.exp(-1.6 + 0.8 * one.risk))
            means, purpose = MEANS[rng.integers(len(MEANS))], PURPOSES[rng.integers(len(PURPOSES))]
            row = (
                str(number), one.number, month.isoformat(), decimal(paid_in),
                decimal(-paid_in * (0.9 + 0.05 * one.risk + rng.normal(0, 0.06))), str(returned), means,
                f"{purpose} {one.name}" if rng.random() < 0.5 else purpose,
            )  # fmt: skip
            yield row
            if rng.random() < 0.003:
                yield row
            if rng.random() < 0.0005:
                yield row[:-2]
            month = later(month, 1)


def later(day: date, months: int) -> date:
    """The same day so many months later; days up to the 28th exist in every month."""
    place = day.year * 12 + day.month - 1 + months
    return date(place // 12, place % 12 + 1, day.day)


def decimal(number: float) -> str:
    """Such as `-1234,50`."""
    return f"{number:.2f}".replace(".", ",")


def grouped(number: float) -> str:
    """Such as `41.234,50`."""
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def _written(path: Path, header: Row, rows: Iterable[Row]) -> int:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    path.write_bytes(text.getvalue().encode("latin-1"))
    return count
