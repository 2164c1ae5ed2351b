"""The feature table of the second lender in plain pandas, made from its extracts alone: what the pipelines must equal.

Nothing of the project is imported. A slow loop over the loans is used where the product joins arrays.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

KEYS = {
    "kunden": ["Kundennummer", "Stichtag"],
    "konten": ["Kontonummer", "Stichtag"],
    "zahlungen": ["Buchungsnummer"],
}
KNOWN_ON = {"kunden": "Stichtag", "konten": "Stichtag", "zahlungen": "Buchungstag"}
NUMBERS = {
    "kunden": ["Alter", "Anzahl_Kinder", "Jahreseinkommen", "Bonität"],
    "konten": ["Laufzeit", "Kreditbetrag", "Sollzins", "Rate", "Restschuld", "tage_verzug"],
    "zahlungen": ["Eingang", "Ausgang", "Anzahl_Rücklastschriften"],
}
DATES = {"kunden": ["Stichtag"], "konten": ["Vertragsbeginn", "Stichtag"], "zahlungen": ["Buchungstag"]}
NOT_KNOWN = {"kunden": {"Jahreseinkommen": "k.A.", "Beruf": "k.A."}, "konten": {"Sollzins": "n.v."}, "zahlungen": {}}
MEDIANS = {"kunden": ["Alter", "Jahreseinkommen", "Bonität"], "konten": ["Sollzins"], "zahlungen": []}
PERSONAL = {"kunden": ["Name", "E-Mail", "Steuernummer"], "konten": [], "zahlungen": ["Verwendungszweck"]}
GOOD_TAX_NUMBER = r"\d{2}/\d{3}/\d{5}"
FIELDS = ';(?=(?:[^"]*"[^"]*")*[^"]*$)'


@dataclass(frozen=True)
class Records:
    """The records of an extract as texts, and the physical lines (from 1) of the malformed ones."""

    rows: pd.DataFrame
    malformed: list[int]


def records(folder: Path, dataset: str) -> Records:
    """The records of an extract. No value of the second lender spans lines."""
    lines = (folder / f"{dataset}.csv").read_text("latin-1").splitlines()
    cells = pd.Series(lines).str.split(FIELDS, regex=True)
    header = cells.iloc[0]
    right = cells.map(len) == len(header)
    plain = ([cell.strip('"').replace('""', '"') for cell in row] for row in cells[right].iloc[1:])
    return Records(pd.DataFrame(plain, columns=header), (np.flatnonzero(~right) + 1).tolist())


def cleaned(folder: Path, dataset: str) -> pd.DataFrame:
    """The records with numbers, dates and nulls."""
    frame = records(folder, dataset).rows
    for name, text in NOT_KNOWN[dataset].items():
        frame[name] = frame[name].mask(frame[name] == text)
    for name in NUMBERS[dataset]:
        texts = frame[name].str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        frame[name] = texts.mask(texts == "").astype(float)
    for name in DATES[dataset]:
        frame[name] = pd.to_datetime(frame[name], format="%Y-%m-%d")
    return frame


def checked(folder: Path, as_of: date) -> tuple[dict[str, pd.DataFrame], set[str]]:
    """(the rows known at as-of, the last of each key, without those of flagged customers; the flagged customers)."""
    tables = {}
    for dataset, keys in KEYS.items():
        frame = cleaned(folder, dataset)
        known = frame[frame[KNOWN_ON[dataset]] <= pd.Timestamp(as_of)]
        tables[dataset] = known.drop_duplicates(keys, keep="last")
    kunden, konten = tables["kunden"], tables["konten"]
    wild = ~kunden["Alter"].between(18, 100) | (kunden["Jahreseinkommen"] < 0)
    wild |= ~kunden["Steuernummer"].str.fullmatch(GOOD_TAX_NUMBER)
    flagged = set(kunden.loc[wild, "Kundennummer"])
    negative = (konten[["Kreditbetrag", "Rate", "tage_verzug"]] < 0).any(axis=1)
    flagged |= set(konten.loc[negative, "Kundennummer"])
    return {name: frame[~frame["Kundennummer"].isin(flagged)] for name, frame in tables.items()}, flagged


def feature_table(folder: Path, as_of: date) -> pd.DataFrame:
    """One row for each loan: its ids, dates, label (NaN where no month from 2 to 12 was reported), split, features."""
    tables, _ = checked(folder, as_of)
    filled = {name: frame.copy() for name, frame in tables.items()}
    for name, columns in MEDIANS.items():
        filled[name][columns] = filled[name][columns].fillna(filled[name][columns].median())
    by_customer = {name: dict(iter(filled[name].groupby("Kundennummer"))) for name in ("kunden", "zahlungen")}
    none, newest_row = filled["zahlungen"].iloc[:0], filled["konten"]["Stichtag"].max()
    rows = [
        loan_row(of_loan, by_customer["kunden"][customer], by_customer["zahlungen"].get(customer, none), newest_row)
        for (_, customer), of_loan in filled["konten"].groupby(["Kontonummer", "Kundennummer"])
        if customer in by_customer["kunden"]
    ]
    return pd.DataFrame([row for row in rows if row])


def loan_row(
    months: pd.DataFrame, customer: pd.DataFrame, payments: pd.DataFrame, newest_row: pd.Timestamp
) -> dict[str, Any]:
    """The row of a loan from its months, and from the quarters and payments of its customer."""
    first = months.iloc[0]
    start = first["Vertragsbeginn"]
    prediction, observation = start + pd.DateOffset(months=1), start + pd.DateOffset(months=12)
    quarters = customer[customer["Stichtag"] <= prediction].sort_values("Stichtag")
    if quarters.empty:
        return {}
    newest, known = quarters.iloc[-1], months[months["Stichtag"] <= prediction].sort_values("Stichtag").iloc[-1]
    day = payments["Buchungstag"]
    received = payments.loc[(day >= start - pd.DateOffset(months=3)) & (day < start), "Eingang"]
    half_year = (day >= prediction - pd.DateOffset(months=6)) & (day < prediction)
    returned = payments.loc[half_year, "Anzahl_Rücklastschriften"]
    number = int.from_bytes(hashlib.sha256(first["Kundennummer"].encode()).digest()[:8], "big")
    return {
        "Kontonummer": first["Kontonummer"],
        "Kundennummer": first["Kundennummer"],
        "Vertragsbeginn": start.date(),
        "Kreditbetrag": known["Kreditbetrag"],
        "Laufzeit": known["Laufzeit"],
        "Sollzins": known["Sollzins"],
        "Rate": known["Rate"],
        "Verzug": known["tage_verzug"],
        "prediction_date": prediction.date(),
        "observation_date": observation.date(),
        "label": label(months, start, newest_row),
        "split": "test" if number % 100 < 20 else "train",
        "in_arrears": bool((months.loc[months["Stichtag"] < prediction, "tage_verzug"] >= 90).any()),
        "Alter": newest["Alter"],
        "Beruf": newest["Beruf"],
        "Familienstand": newest["Familienstand"],
        "Bonitaet": newest["Bonität"],
        "Jahreseinkommen": newest["Jahreseinkommen"],
        "Eingang_3M": received.mean(),
        "Ruecklastschriften_6M": returned.sum() if len(returned) else np.nan,
        "Belastung": known["Rate"] / received.mean(),
        "Kredit_zu_Einkommen": known["Kreditbetrag"] / newest["Jahreseinkommen"],
    }


def label(months: pd.DataFrame, start: pd.Timestamp, newest: pd.Timestamp) -> float:
    """1 when the loan was 90 days past due in a month from 2 to 12 on book, 0 when it never was.

    NaN when that is not known: a value is missing, or month 12 is not on record and the newest row of all loans is from
    before it.
    """
    numbers = months_on_book(start, months["Stichtag"])
    within = months[(numbers >= 2) & (numbers <= 12)]
    if (within["tage_verzug"] >= 90).any():
        return 1.0
    complete = (numbers == 12).any() or newest >= start + pd.DateOffset(months=12)
    return 0.0 if len(within) and complete and within["tage_verzug"].notna().all() else np.nan


def months_on_book(start: pd.Timestamp, days: "pd.Series[Any]") -> Any:
    """The numbers of the months after the start in which days lie; a month ends on the start's day of the month."""
    ends = pd.DatetimeIndex([start + pd.DateOffset(months=number) for number in range(24)])
    return ends.searchsorted(days)


def personal_values(folder: Path) -> Iterator[str]:
    """Every value of a personal column, once."""
    for dataset, columns in PERSONAL.items():
        frame = records(folder, dataset).rows
        for name in columns:
            yield from (value for value in frame[name].unique() if value)


def assert_same(table: Any, expected: pd.DataFrame) -> None:
    """An Arrow table has the loans, columns, nulls and values of a frame, up to the last digits of sums."""
    found = table.to_pandas(date_as_object=True)
    assert set(found.columns) == set(expected.columns)
    assert found["Kontonummer"].is_unique
    pd.testing.assert_frame_equal(
        found.sort_values("Kontonummer", ignore_index=True),
        expected[found.columns].sort_values("Kontonummer", ignore_index=True),
        check_dtype=False,
        rtol=1e-12,
    )
