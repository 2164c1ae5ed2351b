"""The command `drift`: does the model rank, has the population moved, are the levels right; and what moved."""

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at
from engine.documents.drift.ranking import RANKING, ranking_texts
from engine.documents.drift.summary import drift_document
from engine.documents.movement import RANKED, UNRANKED, since_words
from engine.documents.values import Document
from jobs.monitoring.movement import WITHIN_NOISE

app = typer.Typer()

EMPTY = "No monitoring results yet. Run `python -m engine run monitoring`."
COLUMNS = ("feature", "direction", "change", "noise_level", "importance", "change_x_importance", "CSI", "CSI_noise")


@app.command()
def drift(
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="A monitoring date (default: the latest).")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show whether the model ranks, whether the population moved, whether the levels are right, and what moved."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        document = drift_document(connection, deployment, day_of(day, "--date"))
    console = console_for()
    if as_json:
        print_json(document)
        return
    if document is None:
        console.print(EMPTY)
        return
    console.print(Text(f"Model {document['version']} on {document['monitoring_date']}", "bold"))
    for each in document["questions"]:
        told = Text.assemble((each["question"], "bold"), f" {each['answer']}. {each['sentence']}")
        console.print(told, highlight=False, soft_wrap=True)
    console.print(_ranking(document))
    console.print(_features(document))
    since = since_words(day_of(document["since"]))
    console.print((RANKED if document["weighted"] else UNRANKED).format(since), highlight=False, soft_wrap=True)


def _ranking(document: Document) -> RenderableType:
    return listing([dict(zip(RANKING, cells, strict=True)) for cells in ranking_texts(document["ranking"])], RANKING)


def _features(document: Document) -> RenderableType:
    rows = [
        {
            "feature": one["feature"],
            "direction": WITHIN_NOISE if one["within_noise"] else one["moved"] or "-",
            "change": f"{one['change']:.3f}",
            "noise_level": f"{one['noise_level']:.3f}",
            "importance": "-" if one["importance"] is None else f"{one['importance']:.4f}",
            "change_x_importance": "-" if one["weight"] is None else f"{one['weight']:.5f}",
            "CSI": one["csi"],
            "CSI_noise": one["chance_level"],
        }
        for one in document["features"]
    ]
    return listing(rows, COLUMNS)
