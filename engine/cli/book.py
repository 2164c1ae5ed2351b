"""Commands about the declaration of a lender's data: `book check`, `book draft`, `book features`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.text import Text

from engine.cli.render import listing
from engine.cli.terminal import AsOf, Home, Json, console_for, print_json, tell_error
from engine.errors import Refused
from jobs.book.loading import examined
from jobs.book.summary import summary
from jobs.errors import BookRejected

commands = typer.Typer(help="Declare, check and explain the data of a lender.", no_args_is_help=True)
app = typer.Typer()
app.add_typer(commands, name="book")

BookReference = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        envvar="LOANWATCH_BOOK",
        help="A `.py` file or a module that has BOOK; without it, the default book.",
    ),
]


@commands.command()
def check(
    reference: BookReference = "",
    home: Home = None,  # noqa: ARG001 - every command takes it; a declaration does not depend on it
    as_json: Json = False,
) -> None:
    """Validate a book and show all that it declares, or every finding with file and line."""
    try:
        book = examined(reference)
    except BookRejected as error:
        _tell_findings(error, as_json=as_json)
        raise typer.Exit(error.exit_code) from None
    document = summary(book)
    if as_json:
        print_json(document)
        return
    for part in book_view(document):
        console_for().print(part, highlight=False)


@commands.command()
def draft(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of the extracts.")],
    home: Home = None,  # noqa: ARG001 - every command takes it; a draft depends on the folder alone
    as_json: Json = False,  # noqa: ARG001 - connected with the draft
) -> None:
    """Write a declaration to start from, with the evidence for every column, by reading the extracts of a lender."""
    # CONNECT: jobs.book.draft.draft(folder); print its text, or {"folder", "declaration"} with --json.
    raise Refused(f"Drafts are not available yet; write the declaration of {folder} by hand.")


@commands.command()
def features(
    loan: Annotated[str, typer.Argument(metavar="LOAN", help="The id of a loan.")],
    as_of: AsOf = None,  # noqa: ARG001 - connected with the features
    home: Home = None,  # noqa: ARG001 - connected with the features
    as_json: Json = False,  # noqa: ARG001 - connected with the features
) -> None:
    """Show the features of one loan, each with the rows that it came from."""
    # CONNECT: the features of one loan with the rows that they came from.
    raise Refused(f"The features of loan {loan} can't be shown yet; read the table `gold.features`.")


def _tell_findings(error: BookRejected, *, as_json: bool) -> None:
    if as_json:
        print_json({"error": str(error), "exit_code": error.exit_code, "findings": list(error.findings)})
    tell_error(Console(stderr=True, markup=False), str(error))


def book_view(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """A book for people: label, sources with columns, features, feature sets and candidates."""
    yield Text.assemble((document["book"], "bold"), f"  digest {document['digest'][:12]}")
    yield Text(document["label"])
    for source in document["sources"]:
        yield Text.assemble("\n", (source["dataset"], "bold"), f"  {source_line(source)}")
        yield listing(
            [_words(row) for row in source["columns"]], ("column", "received", "kind", "flags", "description")
        )
    yield Text("\nFeatures", "bold")
    yield listing([_words(row) for row in document["features"]], ("feature", "from", "known", "description"))
    yield Text("\nFeature sets", "bold")
    yield listing([_words(row) for row in document["feature_sets"]], ("feature_set", "features"))
    yield Text("\nCandidates", "bold")
    yield listing([_words(row) for row in document["candidates"]], ("candidate", "estimator", "parameters"))


def source_line(source: Mapping[str, Any]) -> str:
    """The tables, key and dialect of a source in one line."""
    dialect = source["dialect"]
    return (
        f"bronze.{source['bronze']}, silver.{source['silver']}; rows known on {source['known_on']}, "
        f"key {' '.join(source['key'])}; {dialect['encoding']}, delimiter {dialect['delimiter']!r}, "
        f"decimal {dialect['decimal_char']!r}, dates {' or '.join(dialect['date_formats'])}"
    )


def _words(row: Mapping[str, Any]) -> dict[str, str]:
    """A row whose lists and dictionaries are one text each; hidden features and the default are marked.

    The name in the files is shown where it is another one.
    """
    texts = {name: _text(value) for name, value in row.items()}
    if row.get("received") == row.get("column"):
        texts["received"] = ""
    if row.get("hidden"):
        texts["description"] = f"{texts['description']} (hidden)".strip()
    if row.get("default"):
        texts["feature_set"] += " (default)"
    return texts


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={one}" for name, one in value.items())
    return str(value)
