"""The command `validation`: backtest by cohort, segments and expected loss."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at, print_json
from engine.documents.validation import LOANS_OF, losses_in_words, validation_document

app = typer.Typer()

EMPTY = "No monitoring results yet. Run `python -m engine run monitoring`."
BACKTEST = ("cohort", "loans", "defaults", "mean_PD", "bad_rate", "95%_interval", "light")
SEGMENTS = ("segment", "group", "loans", "AUC", "bad_rate", "mean_PD", "light", "approved", "of_the_highest")
CONCENTRATION = ("riskiest", "of_the_loans", "loans", "PD_from", "exposure", "expected_loss", "defaults")

Row = Mapping[str, Any]


@app.command()
def validation(
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="A monitoring date [the newest].")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show how the champion's probabilities compare with the defaults: by cohort, by segment, and in money."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        document = validation_document(connection, day_of(day, "--date"))
    console = console_for()
    if as_json:
        print_json(document)
    elif document is None:
        console.print(EMPTY)
    else:
        console.print(Text(f"Model {document['version']} on {document['monitoring_date']}", "bold"))
        console.print(listing(map(_backtest, document["backtest"]), BACKTEST))
        if document["segments"]:
            console.print(listing(map(_segment, document["segments"]), SEGMENTS))
        if document["losses"] is not None:
            for words in losses_in_words(document["losses"]):
                console.print(words, soft_wrap=True)
            rows = [
                _concentration(what, row)
                for what in ("waiting", "known")
                for row in document["losses"][what]["concentration"]
            ]
            console.print(listing(rows, CONCENTRATION))


def _backtest(row: Row) -> Row:
    light = f"{row['light']}: PD {row['direction']}" if row["direction"] else row["light"]
    return {
        "cohort": row["cohort"] or "all",
        "loans": row["n"],
        "defaults": row["defaults"],
        "mean_PD": _percent(row["mean_pd"]),
        "bad_rate": _percent(row["bad_rate"]),
        "95%_interval": f"{_percent(row['low'])} to {_percent(row['high'])}",
        "light": light,
    }


def _segment(row: Row) -> Row:
    below = " (below 4/5)" if row["below_four_fifths"] else ""
    return {
        "segment": row["segment"],
        "group": row["band"],
        "loans": row["loans"],
        "AUC": "-" if row["auc"] is None else f"{row['auc']:.3f}",
        "bad_rate": _percent(row["bad_rate"]),
        "mean_PD": _percent(row["mean_pd"]),
        "light": row["light"] or "-",
        "approved": _percent(row["approval"]),
        "of_the_highest": f"{_percent(row['approval_ratio'])}{below}",
    }


def _concentration(what: str, row: Row) -> Row:
    return {
        "riskiest": f"{row['share']:.0%}",
        "of_the_loans": LOANS_OF[what],
        "loans": row["loans"],
        "PD_from": _percent(row["least_pd"]),
        "exposure": _percent(row["exposure"]),
        "expected_loss": _percent(row["expected_loss"]),
        "defaults": _percent(row["defaults"]),
    }


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
