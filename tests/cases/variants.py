"""Own variants of the kinds of the collected cases: what can be read, by what it changes, and what is refused."""

from collections.abc import Callable, Iterable, Mapping

from tests.cases.exports import (
    Export,
    both,
    chosen,
    parts,
    reversed_rows,
    share,
    shuffled,
    table,
    text,
    twice,
    with_first_starts,
    with_older_versions,
)
from tests.cases.rewritten import DATES, MONEY, Change, Row, date_as, each, german, grouped
from tests.fuzz.bases import day_of

LEDGER, CLICKS = "lms_loan_daily", "feature_clickstream"
ATTRIBUTES, FINANCIALS = "features_attributes", "features_financials"
ALL = (LEDGER, CLICKS, ATTRIBUTES, FINANCIALS)
Variants = Mapping[str, Mapping[str, Export]]  # by name, the export of each dataset that is changed
ISO, US = date_as("{y}-{m:02}-{d:02}"), date_as("{m}/{d}/{y}")


def money(write: Callable[[str], str]) -> Mapping[str, Export]:
    return {LEDGER: table(each(MONEY, write))}


def dates(write: Callable[[str], str], *datasets: str) -> Mapping[str, Export]:
    return {name: table(each(DATES, write)) for name in datasets or (LEDGER,)}


def ids(column: str, form: str, *datasets: str) -> Mapping[str, Export]:
    return {name: table(each((column,), form.format)) for name in datasets}


def own(column: str, write: Callable[[str], str], *datasets: str) -> Mapping[str, Export]:
    """Changes of the chosen customers alone."""
    return {name: table(chosen(column, write)) for name in datasets}


def negative(form: str) -> Mapping[str, Export]:
    return own("paid_amt", lambda value: form.format(f"{abs(float(value)) + 5:.0f}"), LEDGER)


def level(column: str, value: str, dataset: str) -> Mapping[str, Export]:
    return {dataset: table(each((column,), lambda _: value))}


def ending(day: str) -> Mapping[str, Export]:
    return {LEDGER: table(lambda rows: (row for row in rows if day_of(row["snapshot_date"]) <= day_of(day)))}


def joined(before: str, totals: str) -> Mapping[str, Export]:
    """The ledger as months that were joined, each with its header and a line behind it."""

    def change(written: str) -> str:
        header, *lines = written.splitlines(keepends=True)
        months = [lines[start : start + 300] for start in range(0, len(lines), 300)]
        return "".join(f"{before}{header}{''.join(month)}{totals}" for month in months)

    return {LEDGER: text(change)}


def header(change: Callable[[str], str]) -> Mapping[str, Export]:
    """The ledger with another first line."""
    return {LEDGER: text(lambda written: "\n".join((change(written.split("\n", 1)[0]), written.split("\n", 1)[1])))}


def wider(first: str, more: str) -> Mapping[str, Export]:
    """The ledger with something before or behind each line."""
    return {LEDGER: text(lambda written: "".join(f"{first}{line}{more}\n" for line in written.splitlines()))}


def every_third(column: str, write: Callable[[str], str]) -> Change:
    def change(rows: list[Row]) -> Iterable[Row]:
        return ({**row, column: write(row[column])} if place % 3 == 2 else row for place, row in enumerate(rows))

    return change


LATER_ISO = {"2024-9": both(share(0, 60)), "2024-10": both(share(60, 100), each(DATES, ISO))}
WHOLE = share(0, 100)
SAME: Mapping[str, Variants] = {
    "thousands-separator": {
        "commas": money(grouped),
        "points and a decimal comma": money(german),
        "apostrophes": money(lambda value: grouped(value).replace(",", "'")),
        "narrow spaces": money(lambda value: grouped(value).replace(",", "\u202f")),
    },
    "cents-in-every-amount": {
        "two digits": money(lambda value: f"{float(value):.2f}"),
        "three digits": money(lambda value: f"{float(value):.3f}"),
        "a decimal comma": money(lambda value: f"{float(value):.2f}".replace(".", ",")),
        "cents of a few": {LEDGER: table(each(("due_amt", "paid_amt"), lambda value: f"{float(value) + 0.25:.2f}"))},
    },
    "dates-with-time": {
        "minutes": dates(date_as("{d}/{m}/{y} 00:00")),
        "milliseconds": dates(date_as("{y}-{m:02}-{d:02} 00:00:00.000"), LEDGER, ATTRIBUTES),
        "UTC": dates(date_as("{y}-{m:02}-{d:02}T00:00:00Z"), FINANCIALS),
    },
    "iso-dates-one-file": {
        "clickstream": dates(ISO, CLICKS),
        "financials": dates(ISO, FINANCIALS),
        "ledger without dashes": dates(date_as("{y}{m:02}{d:02}")),
    },
    "iso-dates-later": {
        "second part of the ledger": {LEDGER: parts(LATER_ISO)},
        "second part of the clickstream": {CLICKS: parts(LATER_ISO)},
        "second part of the attributes": {ATTRIBUTES: parts(LATER_ISO)},
    },
    "us-dates": {
        "ledger": dates(US),
        "all files": dates(US, *ALL),
        "two digits and a time": dates(date_as("{m:02}/{d:02}/{y} 12:00:00 AM"), LEDGER, CLICKS),
    },
    "padded-ids": {
        "attributes, behind": ids("Customer_ID", "{:<14}", ATTRIBUTES),
        "ledger, before": ids("Customer_ID", "{:>14}", LEDGER),
        "no-break space": ids("Customer_ID", "{}\u00a0", FINANCIALS, CLICKS),
        "loan ids": ids("loan_id", "{:<30}", LEDGER),
    },
    "restated-newest-first": {
        "newest first": {LEDGER: table(both(with_older_versions))},
        "newest last": {LEDGER: table(both(with_older_versions, reversed_rows))},
        "shuffled": {LEDGER: table(both(with_older_versions, shuffled))},
    },
    "start-date-corrected-desc": {
        "descending": {LEDGER: table(both(with_first_starts, reversed_rows))},
        "ascending": {LEDGER: table(both(with_first_starts))},
        "shuffled": {LEDGER: table(both(with_first_starts, shuffled))},
    },
    "concatenated-months": {
        "headers": joined("", ""),
        "byte order marks": joined("\ufeff", ""),
        "totals": joined("\ufeff", "TOTAL,,,,,,,34000,,,\n"),
    },
    "same-month-twice": {
        "all of it": {LEDGER: parts({"loans": WHOLE, "loans (1)": WHOLE})},
        "a part of it": {LEDGER: parts({"loans": WHOLE, "loans (1)": share(30, 60)})},
        "three files of the clickstream": {CLICKS: parts({"a": share(0, 70), "b": share(40, 100), "b (1)": WHOLE})},
    },
    "retry-doubles-rows": {
        "each row twice in a file": {name: table(both(twice)) for name in ALL},
        "the rows again behind": {LEDGER: table(lambda rows: [*rows, *rows])},
        "as two parts": {name: parts({"sent": WHOLE, "sent again": WHOLE}) for name in ALL},
        "as two parts in another order": {LEDGER: parts({"sent": WHOLE, "sent again": shuffled})},
    },
    "file-level": {
        "a byte order mark": {LEDGER: text("\ufeff{}".format)},
        "CRLF": {LEDGER: text(lambda written: written.replace("\n", "\r\n"))},
        "no end of the last line": {LEDGER: text(str.rstrip)},
    },
}
LOST: Mapping[str, Variants] = {  # the chosen customers are lost
    "negative-in-parentheses": {"whole": negative("({})"), "cents": negative("({}.00)"), "dollars": negative("($ {})")},
    "negative-with-minus": {"before": negative("-{}"), "behind": negative("{}-"), "a long minus": negative("\u2212{}")},
    "null-text-customer": {
        "NULL": own("Customer_ID", lambda _: "NULL", LEDGER, ATTRIBUTES, FINANCIALS),
        "#N/A": own("Customer_ID", lambda _: "#N/A", LEDGER),
        "nan": own("Customer_ID", lambda _: "nan", LEDGER, ATTRIBUTES, FINANCIALS),
        "blanks": own("Customer_ID", lambda _: "  ", LEDGER),
    },
    "sentinel-0001": {
        "1/1/0001": own("loan_start_date", lambda _: "1/1/0001", LEDGER),
        "zeros": own("loan_start_date", lambda _: "01/01/0001", LEDGER),
        "31/12/0001": own("loan_start_date", lambda _: "31/12/0001", LEDGER),
    },
    "sentinel-9999-snapshot": {
        "attributes": own("snapshot_date", lambda _: "31/12/9999", ATTRIBUTES),
        "financials": own("snapshot_date", lambda _: "31/12/9999", FINANCIALS),
        "both": own("snapshot_date", lambda _: "31/12/9999", ATTRIBUTES, FINANCIALS),
    },
}
EARLY: Mapping[str, Variants] = {  # the ledger ends early
    "stale-ledger": {day: ending(day) for day in ("1/3/2024", "15/6/2024", "1/11/2024")},
}
LEVELS: Mapping[str, Variants] = {  # the column alone differs
    "empty-category-later": {
        "Credit_Mix": level("Credit_Mix", "", FINANCIALS),
        "Occupation": level("Occupation", "", ATTRIBUTES),
        "Credit_Mix, a placeholder": level("Credit_Mix", "_", FINANCIALS),
    },
    "new-category-later": {
        "Occupation": level("Occupation", "Data_Scientist", ATTRIBUTES),
        "Credit_Mix": level("Credit_Mix", "Excellent", FINANCIALS),
        "Occupation, other letters": level("Occupation", "\u00c9leveur", ATTRIBUTES),
    },
}
RATE, LOAN = "features_financials.csv, line {}, column Interest_Rate", "lms_loan_daily.csv, line {}, column loan_id"
BEGAN = "lms_loan_daily.csv, line 2, column loan_start_date"
START, NEWEST = "loan_start_date", "snapshot_date"  # of the ledger and of the attributes
ISO_0001 = {LEDGER: table(both(each(DATES, ISO), chosen(START, lambda _: "0001-01-01")))}
TIME_0001 = {LEDGER: table(both(each(DATES, "{} 00:00".format), chosen(START, lambda _: "1/1/0001 00:00")))}
ISO_9999 = {ATTRIBUTES: table(both(each(DATES, ISO), chosen(NEWEST, lambda _: "9999-12-31")))}
FIRST = "lms_loan_daily.csv, line 1"
PERCENT, NO_SIGN, NAMES = ("Interest_Rate",), "without a percent sign", ("only in case or blanks", "restore the names")
REFUSED: Mapping[str, Mapping[str, tuple[Mapping[str, Export], tuple[str, ...]]]] = {
    "percent-signs-later": {
        "27%": (
            {FINANCIALS: table(each(PERCENT, "{}%".format))},
            (RATE.format(2), NO_SIGN),
        ),
        "27 %": (
            {FINANCIALS: table(each(PERCENT, "{} %".format))},
            (RATE.format(2), NO_SIGN),
        ),
        "every third": (
            {FINANCIALS: table(every_third(*PERCENT, "{}%".format))},
            (RATE.format(4), NO_SIGN),
        ),
    },
    "scientific-ids": {
        "4.10000E+14": ({LEDGER: table(each(("loan_id",), lambda _: "4.10000E+14"))}, (LOAN.format(2), "as text")),
        "4,1E+14": ({LEDGER: table(each(("loan_id",), lambda _: "4,1E+14"))}, (LOAN.format(2), "as text")),
        "every third": ({LEDGER: table(every_third("loan_id", lambda _: "4.1e+14"))}, (LOAN.format(4), "as text")),
    },
    "sentinel-0001": {
        "ISO": (
            ISO_0001,
            ("lms_loan_daily.csv, line 2, column loan_start_date", "declare `date_formats=('yyyy-MM-dd',)`"),
        ),
        "a time": (TIME_0001, (BEGAN, "declare `date_formats=")),
    },
    "sentinel-9999-snapshot": {
        "ISO": (ISO_9999, ("features_attributes.csv, line 2, column snapshot_date", "declare `date_formats=")),
    },
    "file-level": {
        "semicolons": ({LEDGER: text(str, ";")}, (FIRST, "separated by semicolons", "declare `delimiter=';'`")),
        "tabs": ({LEDGER: text(str, "\t")}, (FIRST, "separated by tabs", "declare `delimiter=")),
        "a title line": ({LEDGER: text("Loans of the month\n{}".format)}, (FIRST, "title line", "remove the line")),
        "small letters": (header(str.lower), (FIRST, *NAMES)),
        "blanks": (
            header(lambda line: line.replace(",", ", ")),
            (FIRST, *NAMES),
        ),
        "an index": (wider(",", ""), (FIRST, "without a name", "remove the column")),
        "a trailing comma": (wider("", ","), (FIRST, "without a name", "remove the column")),
    },
}
