"""The command `profile`: what the columns of the deliveries held, and what changed."""

from typing import Annotated

import typer
from rich.text import Text

from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, deployment_at
from engine.documents.profiles import datasets_document, deliveries_document, number_in_words, rows_sentence
from engine.documents.values import Document

app = typer.Typer()

EMPTY = "No deliveries yet. Run `python -m engine run training`."
COLUMNS = ("column", "kind", "missing", "unreadable", "distinct", "median", "mean", "low", "high", "most_frequent")
MOST_COMPARED = 10  # deliveries that are read to find the last one that was used


@app.command()
def profile(
    dataset: Annotated[str | None, typer.Argument(metavar="[DATASET]", help="A dataset of the book.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show what each column of a dataset held in the newest delivery and what changed since the one before.

    Without a dataset, list the datasets that have deliveries. --json gives all deliveries of a dataset.
    """
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        if dataset is None:
            documents = datasets_document(connection)
        else:
            limit = None if as_json else MOST_COMPARED
            documents = deliveries_document(connection, deployment.book, dataset, limit)
    if as_json:
        print_json(documents)
    elif not documents:
        console_for().print(EMPTY)
    elif dataset is None:
        listed = [{**each, "newest": rows_sentence(each)} for each in documents]
        console_for().print(listing(listed, ("dataset", "deliveries", "last_read_at", "newest", "changes", "rejected")))
    else:
        delivery = documents[-1]
        console_for().print(headline(dataset, delivery), *_remarks(delivery), sep="\n", soft_wrap=True)
        console_for().print(listing(map(column_row, delivery["columns"]), COLUMNS))


def headline(dataset: str, delivery: Document) -> Text:
    """Dataset, files, rows and first run of a delivery."""
    files = delivery["files"]
    named = ", ".join(files) if len(files) <= 3 else f"{len(files)} files"
    first = f"first read by {delivery['run_id']} as of {delivery['as_of']}"
    return Text.assemble((dataset, "bold"), f"  {named}  {delivery['rows']:,} rows  {first}")


def column_row(column: Document) -> Document:
    """The numbers of a column as text. `~` marks an estimate."""
    return {
        "column": column["name"],
        "kind": column["kind"],
        "missing": f"{column['missing_share']:.1%}",
        "unreadable": f"{column['unreadable_share']:.1%}",
        **{name: number_in_words(column, name) for name in ("distinct", "median", "mean", "low", "high")},
        "most_frequent": ", ".join(level for level, _ in column.get("levels", ())[:3]),
    }


def _remarks(delivery: Document) -> list[Text]:
    rejected = [Text(f"rejected: {delivery['rejected']}", "red")] if delivery["rejected"] else []
    if delivery["compared_with"] is None:
        return [*rejected, Text("The first delivery: there is none to compare it with.")]
    changed = [Text(f"! {change['sentence']}", "yellow") for change in delivery["changes"]]
    return [*rejected, *(changed or [Text("No column changed much since the delivery before.")])]
