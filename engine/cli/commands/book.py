"""Commands about the lender's book: `book check`, `book draft`, `book features`."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection

from engine.cli.look_ups import looked_up
from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import AsOf, Home, Json, console_for, day_of
from engine.deployment import Deployment, pipelines_at
from engine.documents.book import features_document
from engine.documents.values import Document
from engine.errors import Refused, UnusableRequest
from jobs.book.draft import draft as drafted
from jobs.book.loading import examined
from jobs.book.summary import summary
from storage.settings import load_settings

app = typer.Typer()
book = typer.Typer(help="Check, draft and explain the declaration of a lender's data.", no_args_is_help=True)
app.add_typer(book, name="book")

MOST_ROWS = 12  # of a feature on the terminal; --json has all


@book.command()
def check(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="A .py file or a module [LOANWATCH_BOOK, the default book].")
    ] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Check a book: list every problem with its line, or else show what the book declares."""
    reference = file or load_settings(home=home).book
    console = console_for(as_json=as_json)
    with console.status("Checking the book") if console.is_terminal else nullcontext():
        document = summary(examined(reference))
        pipelines_at(reference)
    if as_json:
        print_json(document)
    else:
        console.print(Group(*_declared(document)))


@book.command()
def draft(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of a lender's extracts.")],
    output: Annotated[Path | None, typer.Option("--output", help="The new file for the draft.")] = None,
    home: Home = None,  # noqa: ARG001 - every command takes it
    as_json: Json = False,
) -> None:
    """Draft a book from extracts: dialects, kinds, dates and keys, with the evidence as comments.

    Whatever the extracts do not show is `...`; `book check` lists it.
    """
    if output is not None and output.exists():
        raise Refused(f"{output} exists already; give another --output.")
    result = drafted(folder)
    if output is not None:
        try:
            output.write_text(result.text, encoding="utf-8")
        except OSError as error:
            raise UnusableRequest(f"{output} can't be written ({error.strerror}); give another --output.") from error
    if as_json:
        print_json({"text": result.text, "datasets": result.datasets, "problems": result.problems})
    elif output is None:
        typer.echo(result.text)
    notes = console_for(as_json=True) if output is None else console_for(as_json=as_json)
    for problem in result.problems:
        notes.print(f"Left out: {problem}.", highlight=False, soft_wrap=True)
    if output is not None:
        notes.print(f"{output}: {len(result.datasets)} sources. Next: `python -m engine book check {output}`.")


@book.command()
def features(
    loan: Annotated[str, typer.Argument(metavar="LOAN", help="The id of a loan.")],
    as_of: AsOf = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show the features of a loan, each with the rows that it was made of. Personal values are hidden."""
    day = day_of(as_of)

    def load(connection: Connection, deployment: Deployment, loan: str) -> Document:
        return features_document(connection, deployment, loan, day or deployment.today())

    document = looked_up(home, loan, "book features", load, as_json=as_json)
    if as_json:
        print_json(document)
    else:
        console_for().print(Group(*_explained(document)))


def _declared(document: Document) -> Iterator[RenderableType]:
    """What a valid book declares, section by section."""
    yield Text.assemble("Book ", (document["book"], "bold"), f", digest {document['digest'][:12]}: no problems.")
    yield Text(document["label"])
    for source in document["sources"]:
        written = ", ".join(f"{name} {value!r}" for name, value in source["dialect"].items() if value not in ("", []))
        yield _heading(f"Source {source['dataset']}")
        yield Text(f"{source['silver']}: known on {source['known_on']}, key {' and '.join(source['key'])}; {written}")
        yield Text(f"expected: {source['expected']}")
        columns = [{**each, "flags": ", ".join(each["flags"])} for each in source["columns"]]
        received = any(each["received"] != each["column"] for each in columns)
        yield listing(columns, ("column", *(("received",) if received else ()), "kind", "flags", "description"))
    yield _heading("Features")
    features = [
        {**each, "sets": ", ".join(each["feature_sets"]) or ("hidden" if each["hidden"] else "-")}
        for each in document["features"]
    ]
    yield listing(features, ("feature", "from", "known", "sets", "description"))
    yield _heading("Candidates")
    candidates = [
        {**each, "parameters": ", ".join(f"{name}={value}" for name, value in each["parameters"].items())}
        for each in document["candidates"]
    ]
    yield listing(candidates, ("candidate", "estimator", "parameters"))


def _explained(document: Document) -> Iterator[RenderableType]:
    """A loan's features with their rows."""
    yield Text(
        f"Loan {document['loan']} of customer {document['customer']}, started on {document['start']}, "
        f"prediction date {document['prediction_date']}."
    )
    if document["left_out"]:
        yield Text(f"The loan is left out: {document['left_out']}.")
    for feature in document["features"]:
        hidden = " (hidden)" if feature["hidden"] else ""
        yield Text.assemble("\n", (feature["feature"], "bold"), f"{hidden} = {_shown(feature['value'])}")
        yield Padding(Text(f"{feature['from']}; {feature['known']}"), (0, 0, 0, 2))
        if feature["note"]:
            yield Padding(Text(f"Note: {feature['note']}."), (0, 0, 0, 2))
        if feature["inputs"]:
            inputs = ", ".join(f"{name} = {_shown(value)}" for name, value in feature["inputs"].items())
            yield Padding(Text(f"made of {inputs}"), (0, 0, 0, 2))
        if feature["rows"]:
            yield Padding(_rows(feature["rows"]), (0, 0, 0, 2))


def _rows(rows: list[Mapping[str, Any]]) -> RenderableType:
    """The newest rows, under the names of their columns."""
    table = Table(*rows[0], box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for row in rows[-MOST_ROWS:]:
        table.add_row(*(_shown(value) for value in row.values()))
    if len(rows) <= MOST_ROWS:
        return table
    return Group(table, Text(f"and {len(rows) - MOST_ROWS} rows before; --json shows all"))


def _heading(words: str) -> Text:
    return Text(f"\n{words}", style="bold")


def _shown(value: Any) -> str:
    return "null" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
