"""The command `explain`: why a loan has its probability of default."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, deployment_at, print_json
from engine.documents.explanation import (
    explanation_document,
    prediction_sentence,
    sum_sentence,
    typical_sentence,
    value_text,
)
from engine.documents.values import Document

app = typer.Typer()


@app.command()
def explain(
    loan: Annotated[str, typer.Argument(metavar="LOAN", help="The id of a loan that was scored.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Explain a loan's prediction: the four features that raise its risk most against a typical good payer."""
    deployment = deployment_at(home)
    console = console_for(as_json=as_json)
    with (
        console.status("Opening the model") if console.is_terminal else nullcontext(),
        deployment.ledger.reading() as connection,
    ):
        document = explanation_document(connection, deployment, loan)
    if as_json:
        print_json(document)
    else:
        console.print(Group(*_told(document)), highlight=False)


def _told(document: Document) -> Iterator[RenderableType]:
    yield Text(prediction_sentence(document))
    if document["flagged_reason"]:
        yield Text(f"Its customer is flagged: {document['flagged_reason']}.")
    if not document["reasons"]:
        yield Text("No feature raises its risk against a typical good payer.")
        return
    yield Text(f"{typical_sentence(document)} What raises the risk of the loan most:\n")
    rows = [
        {
            "feature": one["name"],
            "loan": value_text(one["value"]),
            "typical_good_payer": value_text(one["typical"]),
            "risk": one["effect"],
            "log-odds": f"{one['contribution']:+.2f}",
        }
        for one in document["reasons"]
    ]
    yield listing(rows, list(rows[0]))
    yield Text(f"\n{sum_sentence(document)}")
