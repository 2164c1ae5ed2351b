"""Every finding about a declaration: what it says, and that it names the line."""

from pathlib import Path

import pytest

from jobs.book import retail
from jobs.book.validation import declaration_findings, findings
from tests.jobs.book.lender import LENDER, changed, line_of, module

NAMES = [
    ('"acme"', '"acme/../x"', "not safe", "BOOK = Book"),
    ('dataset="konten"', 'dataset="../konten"', "not safe", "LOANS ="),
    ('silver="people"', 'silver="people;drop"', "not safe", "PEOPLE ="),
    ('dataset="kunden"', 'dataset="Konten"', "already taken in line", "PEOPLE ="),
    ('bronze="kunden"', 'bronze="konten"', "already taken in line", "PEOPLE ="),
    ('Column("birth"', 'Column("Customer"', "already taken in line", ""),
    ('Column("birth"', f'Column("{"b" * 61}"', "at most 60 characters", ""),
    ('"Days past due"', '"Days", received="Vertrag"', "received as 'Vertrag' too", ""),
    ('Computed("capped"', 'Computed("share"', "already taken in line 68", 'Computed("share", ("share'),
    ('Computed("capped"', 'Computed("split"', "every loan has a column of that name", ""),
    ('Computed("capped"', 'Computed("loan"', "every loan has a column of that name", ""),
    ('name="forest"', 'name="LogisticRegression"', "already taken in line", ""),
    ('name="forest"', 'name="my forest"', "not safe", ""),
]
SHAPES = [
    ("Kind.CATEGORY", "...", "`kind` is still `...`; write a Kind", ""),
    ("Kind.CATEGORY", '"category"', "`kind` is 'category'; write a Kind, such as Kind.IDENTIFIER", ""),
    ('"Day of birth"', "...", "column birth: `description` is still `...`; write a text", ""),
    ('"latin-1"', "...", "`dialect.encoding` is still `...`", "LOANS ="),
    ("above=89", "above=...", "the bad loan: `above` is still `...`; write a number", ""),
    ("above=89", "above=True", "the bad loan: `above` is True; write a number", ""),
    ("prediction=1", "prediction=1.5", "`prediction` is 1.5; write a whole number", "BOOK = Book"),
    ("loan_start=", "loan_start=... or ", "`loan_start` is still `...`; write a text", "BOOK = Book"),
    ('key=("customer", "month")', 'key=("customer", ...)', "`key` still holds `...`", "PEOPLE ="),
    ("sources=(LOANS, PEOPLE)", "sources=(LOANS, PEOPLE, ...)", "`sources` still holds `...`", "BOOK = Book"),
    ("sources=(LOANS, PEOPLE)", "sources=[LOANS, PEOPLE]", "write a tuple, each element a Source", "BOOK = Book"),
    ("bad_loan=BAD", "bad_loan=...", "`bad_loan` is still `...`; write a BadLoan", "BOOK = Book"),
    ('"accounts", "paid", "sum"', '"accounts", "paid", "median"', "write one of 'count', 'sum', 'mean'", ""),
    ('"loan_start")', '"observation")', "a window that ends later would see the future", ""),
    ("ratio)", "3)", "`function` is 3; write a function", ""),
    ('{"C": 0.5}', '{"C": ...}', "`parameters`", ""),
]
SOURCES = [
    ('loan_source="accounts"', 'loan_source="konten"', "is no source; write the silver name of one", "BOOK = Book"),
    ('loan_id="loan"', 'loan_id="paid"', "`loan_id`: paid is of kind decimal; name a column of kind", "BOOK = Book"),
    ('loan_start="start"', 'loan_start="begin"', "konten has no column 'begin'", "BOOK = Book"),
    ('known_on="month"', 'known_on="job"', "`known_on`: job is of kind category", "PEOPLE ="),
    ('known_on="month"', 'known_on="day"', "`known_on`: kunden has no column 'day'", "PEOPLE ="),
    ('"Month of the record"', '"Month", optional=True', "`known_on`: month is optional", "PEOPLE ="),
    ('known_on="month"', 'known_on="month", cadence=0', "`cadence` is 0; write a number of days of at", "PEOPLE ="),
    ('key=("customer", "month")', "key=()", "`key` is empty", "PEOPLE ="),
    ('key=("customer", "month")', 'key=("customer", "day")', "`key`: kunden has no column 'day'", "PEOPLE ="),
    ('"Age in years", optional=True', '"Age", pattern="x"', "`pattern` is for texts", ""),
    ('pattern="[0-9]+"', 'pattern="[0-9"', "is no regular expression", ""),
    ('"Profession"', '"Profession", minimum=1', "`minimum` is for numbers", ""),
    ('"Profession"', '"Profession", maximum=1', "`maximum` is for numbers", ""),
    ('"Profession"', '"Profession", median=True', "`median` is for numbers", ""),
    ("minimum=0, maximum=9999", "minimum=1, maximum=0", "`minimum` is above `maximum`", ""),
    ("unreadable=0.02", "unreadable=2", "`unreadable` is 2; write a share from 0 to 1", ""),
    ('Dialect(";"', 'Dialect(";;"', "`delimiter` is ';;'; write one ASCII character", "LOANS ="),
    ('";", ","', '";", ""', "`decimal_char` is ''; write one character", "LOANS ="),
    ('";", ",", "."', '";", ",", ".."', "`thousands_char` is '..'", "LOANS ="),
    ('";", ",", "."', '";", ",", ","', "`decimal_char` and `thousands_char` are both ','", "LOANS ="),
    ('"latin-1"', '"latin-99"', "the encoding 'latin-99' is unknown", "LOANS ="),
    ('"latin-1"', '"rot13"', "the encoding 'rot13' is unknown", "LOANS ="),
    ('"yyyy-MM-dd"', '"%Y-%m-%d"', "the date format '%Y-%m-%d' is unknown", "LOANS ="),
    ('("yyyy-MM-dd",)', "()", "`date_formats` is empty", "LOANS ="),
]
LABELS = [
    ("prediction=1", "prediction=-1", "`prediction` is -1", "BOOK = Book"),
    ("prediction=1", "prediction=12", "`observation` (12) is not after `prediction` (12)", "BOOK = Book"),
    ("last=12", "last=13", "month 13 is after the observation (month 12)", ""),
    ("prediction=1", "prediction=11", "", ""),
    ("first=1, last=12", "first=0, last=1", "month 1 is known at the prediction (month 1)", ""),
    ("first=1", "first=-1", "`first` is -1", ""),
    ("first=1, last=12", "first=12, last=11", "`last` (11) is before `first` (12)", ""),
    ('BadLoan("accounts"', 'BadLoan("konten"', "'konten' is no source", ""),
    ('"accounts", "days"', '"accounts", "dpd"', "`column`: konten has no column 'dpd'", ""),
    ('"accounts", "days"', '"accounts", "start"', "`column`: start is of kind date", ""),
    ("last=12", 'last=12, month="start"', "`month`: start is of kind date", ""),
    ("last=12", 'last=12, month="days"', "", ""),
    ('BadLoan("accounts", "days"', 'BadLoan("people", "age"', "`column`: age is optional", ""),
]
FEATURES = [
    ('Latest("job", "people")', 'Latest("job", "kunden")', "'kunden' is no source", ""),
    ('Latest("job", "people")', 'Latest("job", "people", "work")', "kunden has no column 'work'", ""),
    ('Latest("job", "people")', 'Latest("job", "people", "name")', "name is personal", ""),
    ('Latest("job", "people")', 'Latest("job", "people", "name", hidden=True)', "job is hidden", "BOOK = Book"),
    ('Latest("job", "people")', 'Latest("job", "people", "birth")', "can't learn from the date birth", ""),
    ('Latest("job", "people")', 'Latest("job", "people", "customer")', "can't learn from the identifier", ""),
    ('Window("due", "accounts", "due"', 'Window("due", "accounts", "start"', "is of kind date and has no sum", ""),
    ('Window("due", "accounts", "due", "sum"', 'Window("due", "accounts", "start", "count"', "", ""),
    ("months=6", "months=0", "a window of 0 months would see the future", ""),
    ("months=6", "months=-3", "a window of -3 months would see the future", ""),
    ('("paid", "due"), ratio', '("paid", "share"), ratio', "it depends on itself", ""),
    ('("paid", "due"), ratio', '("paid", "capped"), ratio', "it depends on capped, which is declared after it", ""),
    ('("paid", "due"), ratio', '("paid", "debt"), ratio', "there is no feature 'debt'", ""),
    ('("share",)', "()", "`of` is empty", ""),
    ('("paid", "due"), ratio', '("paid", "due"), lambda a, b: a', "its function is a lambda", ""),
    ('("paid", "due"), ratio', '("paid",), ratio', "can't be called with the 1 columns", ""),
    ('("share",), capped', '("share",), (lambda: lambda x: x)()', "its function is a lambda", ""),
    ('("share",), capped', '("share",), "".join', "can't be imported by name", ""),
    ('"few": ("age",)', '"few": ()', "feature set few: it is empty", "BOOK = Book"),
    ('{"all": ("age", "job", "share"), "few": ("age",)}', "{}", "it has no feature set", "BOOK = Book"),
    ('"few": ("age",)', '"few": ("rage",)', "feature set few: there is no feature 'rage'", "BOOK = Book"),
    ('"few": ("age",)', '"few": ("capped",)', "feature set few: capped is hidden", "BOOK = Book"),
    ('"few": ("age",)', '"few": ("age", "age")', "age is in it 2 times", "BOOK = Book"),
    ('"few": ("age",)', '"a few": ("age",)', "the feature set's name 'a few' is not safe", "BOOK = Book"),
]
CANDIDATES = [
    ("ensemble.RandomForestClassifier", "ensemble.RandomWoodClassifier", "can't be imported", ""),
    ("sklearn.ensemble.RandomForestClassifier", "skwood.Forest", "can't be imported", ""),
    ("sklearn.ensemble.RandomForestClassifier", "sklearn.svm.LinearSVC", "gives no probabilities", ""),
    ("sklearn.ensemble.RandomForestClassifier", "sklearn.svm.SVC", "gives no probabilities", ""),
    ("sklearn.ensemble.RandomForestClassifier", "sklearn.ensemble.HistGradientBoostingClassifier", "", ""),
    ('{"C": 0.5}', '{"D": 0.5}', "has no parameter D; it has penalty, C", ""),
    ('{"C": 0.5}', '{"C": object()}', "the parameter C has no stable text (object)", ""),
]


@pytest.mark.parametrize(
    ("old", "new", "message", "anchor"), [*NAMES, *SHAPES, *SOURCES, *LABELS, *FEATURES, *CANDIDATES]
)
def test_a_wrong_word_is_found_in_its_line(old: str, new: str, message: str, anchor: str, tmp_path: Path) -> None:
    text = changed(old, new)
    found = findings(module(tmp_path, text).BOOK)
    if not message:
        assert found == []
        return
    hits = [finding for finding in found if message in finding.message]
    assert [finding.line for finding in hits] == [line_of(text, anchor or new)], found
    assert hits[0].file == str(tmp_path / "acme.py")


def test_the_default_book_and_the_small_one_have_no_findings(tmp_path: Path) -> None:
    assert findings(retail.BOOK) == []
    assert findings(module(tmp_path, LENDER).BOOK) == []


def test_a_nested_function_is_refused(tmp_path: Path) -> None:
    text = changed(
        "def bounded(share):",
        "def outer():\n    def inner(share):\n        return share\n    return inner\n\n\ndef bounded(share):",
    )
    text = text.replace('("share",), capped', '("share",), outer()')
    (found,) = findings(module(tmp_path, text).BOOK)
    assert "outer.<locals>.inner can't be imported by name" in found.message


def test_a_source_must_say_whose_its_rows_are(tmp_path: Path) -> None:
    text = LENDER.replace('key=("customer", "month")', 'key=("month",)').replace(
        'month",),\n    columns=(\n        Column("customer"', 'month",),\n    columns=(\n        Column("someone"'
    )
    (found,) = findings(module(tmp_path, text).BOOK)
    assert "no column loan or customer says whose the rows are" in found.message
    assert found.line == line_of(text, "PEOPLE =")


def test_an_id_of_another_kind_is_refused_where_it_stands(tmp_path: Path) -> None:
    text = LENDER.replace(
        'columns=(\n        Column("customer", Kind.IDENTIFIER', 'columns=(\n        Column("customer", Kind.INTEGER'
    )
    (found,) = findings(module(tmp_path, text).BOOK)
    assert "customer is of kind integer; name a column of kind identifier" in found.message
    assert found.line == line_of(text, 'Column("customer", Kind.INTEGER')


def test_the_label_needs_a_source_that_names_the_loan(tmp_path: Path) -> None:
    text = LENDER.replace('BadLoan("accounts", "days"', 'BadLoan("people", "age"').replace(", optional=True", "")
    (found,) = findings(module(tmp_path, text).BOOK)
    assert "kunden has no column loan" in found.message


def test_no_declaration_can_read_the_label_column_without_a_cut_by_the_day_it_became_known(tmp_path: Path) -> None:
    """A feature of the label's column is a Latest or a Window: neither has a way to name an instalment or a month."""
    for cut in ("loan_start", "prediction"):
        text = changed('"accounts", "due", "sum", "loan_start"', f'"accounts", "days", "sum", "{cut}"')
        assert findings(module(tmp_path, text).BOOK) == []
    for cut in ("observation", "", None, 12):
        text = changed('"accounts", "due", "sum", "loan_start"', f'"accounts", "days", "sum", {cut!r}')
        assert ["would see the future" in one.message for one in findings(module(tmp_path, text).BOOK)] == [True]
    with pytest.raises(Exception, match="unexpected keyword argument 'month'"):
        module(tmp_path, changed("months=6", 'month="days"'))


def test_every_finding_is_told_at_once_and_in_line_order(tmp_path: Path) -> None:
    text = LENDER.replace("Kind.CATEGORY", "...").replace('"latin-1"', '"latin-99"').replace("months=6", "months=0")
    text = text.replace("prediction=1", "prediction=-1").replace('"Amount due"', "...").replace("Random", "Rondom")
    found = findings(module(tmp_path, text).BOOK)
    assert len(found) == 6
    assert found == sorted(found, key=lambda finding: finding.line)
    assert "latin-99" in found[0].message
    assert "RondomForest" in found[-1].message


def test_a_book_full_of_ellipses_is_told_so_without_an_exception(tmp_path: Path) -> None:
    text = "from jobs.book.declaration import Book\nBOOK = Book(" + "..., " * 12 + ")\n"
    found = declaration_findings(module(tmp_path, text).BOOK)
    assert len(found) == 12
    assert all("still `...`" in finding.message and finding.line == 2 for finding in found)


def test_a_book_without_sources_features_or_candidates_is_told_so(tmp_path: Path) -> None:
    text = LENDER.replace("sources=(LOANS, PEOPLE)", "sources=()")
    told = " ".join(finding.message for finding in declaration_findings(module(tmp_path, text).BOOK))
    assert "it has no source" in told
    text = LENDER[: LENDER.index("    candidates=(")] + "    candidates=(),\n)\n"
    (found,) = declaration_findings(module(tmp_path, text).BOOK)
    assert "it has no candidate" in found.message
