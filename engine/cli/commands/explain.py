"""The commands about one customer or loan: `explain`, why a loan has its score, and `lookup`, all that is known."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from engine.cli.look_ups import looked_up
from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for
from engine.documents.explanation import (
    explanation_document,
    prediction_sentence,
    sum_sentence,
    typical_sentence,
    value_text,
)
from engine.documents.lookup.document import lookup_document
from engine.documents.lookup.sentences import (
    OUTCOMES,
    checks_sentence,
    history_sentence,
    loan_sentence,
    origin_text,
    score_sentence,
    subject_sentence,
)
from engine.documents.values import Document
from engine.errors import UnusableRequest

app = typer.Typer()


@app.command()
def explain(
    loan: Annotated[str, typer.Argument(metavar="LOAN", help="The id of a loan that was scored.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Explain a loan's prediction: the four features that raise its risk most against a typical good payer."""
    document = looked_up(home, loan, "explain", explanation_document, as_json=as_json)
    if as_json:
        print_json(document)
    else:
        console_for().print(Group(*_told(document)), highlight=False)


@app.command()
def lookup(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="The id of a customer or of a loan.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Look up a customer or a loan: score, reasons, features with their origin, payments, checks and past scores.

    Personal values are hidden. Every look-up is recorded in the audit log.
    """
    document = looked_up(home, wanted, "lookup", lookup_document, as_json=as_json)
    if as_json:
        print_json(document)
    elif document["kind"] != "unknown" or document["quarantined"]:
        console_for().print(Group(*_found(document)), highlight=False)
    if document["kind"] == "unknown" and not document["quarantined"]:
        raise UnusableRequest(subject_sentence(document))


def _found(document: Document) -> Iterator[RenderableType]:
    """Whom the id is about, checks and loans, and everything about the one that was chosen."""
    yield Text(subject_sentence(document), style="bold")
    yield Text(checks_sentence(document))
    if document["quarantined"]:
        yield listing(document["quarantined"], ("dataset", "file", "line", "reason", "text"))
    loan = document["loan"]
    if loan is None:
        if document["loans"]:
            rows = [
                {**one, "outcome": OUTCOMES.get(one["outcome"] or "", "not known yet")} for one in document["loans"]
            ]
            yield listing(rows, ("loan", "start", "outcome", "predicted_proba", "predicted_label", "model_version"))
        return
    yield Text(loan_sentence(loan))
    if loan["explanation"]:
        yield from _told(loan["explanation"])
    else:
        yield Text(" ".join(filter(None, (score_sentence(loan), loan["not_explained"]))))
    yield from _tables(loan)


def _tables(loan: Document) -> Iterator[RenderableType]:
    """The features of the model with their origin, the payments, and the past scores."""
    features = [
        {"feature": one["name"], "value": value_text(one["value"]), "from": origin_text(one)}
        for one in loan["features"]
        if one["in_model"] or loan["explanation"] is None
    ]
    for title, rows in (("Features", features), ("Payments", loan["payments"]), ("Past scores", loan["scores"])):
        if rows:
            yield Text(f"\n{title}", style="bold")
            yield listing(rows, list(rows[0]))
    yield Text(history_sentence(loan))


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
