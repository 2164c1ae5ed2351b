"""Data: the deliveries, what was kept aside, and what each column held."""

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from engine.documents.profiles import number_in_words
from engine.documents.values import Document
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, code, items, join, note, paragraph, table
from jobs.accounting.account import Account, verdict_on
from jobs.book.declaration import Book
from jobs.statistics.rounding import count, percent

NUMBERS = ("distinct", "median", "low", "high")
COLUMNS = ("Column", "Kind", "Missing", "Unreadable", "Distinct", "Median", "Lowest", "Highest", "Most frequent")
ACCOUNTS = ("Counted", "Total", "Went to")
LEVELS = 3  # most frequent levels of a column that are named


def _deliveries(facts: Facts) -> Markup:
    if not facts.deliveries and not facts.details.get("extracts"):
        return paragraph("The extracts of this model are not known.")
    used = facts.deliveries
    rows = [(name, ", ".join(one["files"]), count(one["rows"]), one["as_of"]) for name, one in used.items()]
    heads = ("Dataset", "Files", "Rows", "First read as of")
    extracts = facts.details.get("extracts", {})
    named = {path.rpartition("/")[2]: sha256 for path, sha256 in sorted(extracts.items())}
    missing = [name for name in facts.book.by_dataset if name not in used]
    told = f"The ledger keeps no delivery of {', '.join(missing)}." if missing else ""
    files = table("Extracts, each with the SHA-256 of its bytes", ("File", "SHA-256"), _coded(named))
    return join([table("Deliveries", heads, rows, numbers=["Rows"]), note(told), files])


def _coded(named: Mapping[str, str]) -> Iterable[Sequence[Text]]:
    return ((name, code(sha256)) for name, sha256 in named.items())


def _kept_aside(facts: Facts) -> Markup:
    return join([_accounts(facts.training), _rejected(facts.rejected)])


def _accounts(accounts: Sequence[Account]) -> Markup:
    """What the run read and left out, without the single columns."""
    shown = [one for one in accounts if one.kind != "columns"]
    if not shown:
        return paragraph("The row accounts of the training are not known.")
    rows = [(one.name, one.counted, ", ".join(one.parts_in_words)) for one in shown]
    return join([table("Records, rows, customers and loans of the training", ACCOUNTS, rows), note(_verdict(accounts))])


def _verdict(accounts: Sequence[Account]) -> str:
    return f"{verdict_on(accounts)[1]}, those of the single columns included."


def _rejected(rejected: Sequence[Document]) -> Markup:
    if not rejected:
        return paragraph("No delivery was rejected up to this date.")
    told = (f"{one['dataset']}, read as of {one['as_of']}, was rejected: {one['rejected']}" for one in rejected)
    return items(told)


def _profiles(facts: Facts) -> Markup:
    if not facts.deliveries:
        return paragraph("No profile of the columns was kept.")
    tables = [
        table(f"{name}, {one['rows']:,} rows", COLUMNS, map(_column, one["columns"]), numbers=COLUMNS[2:8])
        for name, one in facts.deliveries.items()
    ]
    return join([*tables, note(f"~ marks an estimate. {_personal(facts.book)}")])


def _personal(book: Book) -> str:
    """Which columns the report shows no value of; '' where the book declares none as personal."""
    *names, last = dict.fromkeys(name for source in book.sources for name in source.personal) or ("",)
    told = f"{', '.join(names)} and {last}" if names else last
    return f"This report shows no value of {told}." if told else ""


def _column(column: Document) -> Sequence[Text]:
    levels = ", ".join(level for level, _ in column.get("levels", ())[:LEVELS])
    shares = (percent(column[f"{what}_share"]) for what in ("missing", "unreadable"))
    return (code(column["name"]), column["kind"], *shares, *(number_in_words(column, name) for name in NUMBERS), levels)


PARTS: Parts = {
    "Deliveries of the training": _deliveries,
    "What was kept aside": _kept_aside,
    "Columns as they were delivered": _profiles,
}
