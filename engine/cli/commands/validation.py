"""The command `validation`: backtest by cohort, segments and expected loss."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Annotated, Any

import typer
from rich.text import Text

from engine.cli.output import print_json
from engine.cli.render import interval, listing
from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at
from engine.documents.models import cost_in_words, left_out_costs
from engine.documents.validation import (
    LOANS_OF,
    calibration_in_words,
    losses_in_words,
    uncalibrated_in_words,
    validation_document,
)
from jobs.modelling.candidates import word_for_every_set
from jobs.statistics.rounding import percent

app = typer.Typer()

EMPTY = "No monitoring results yet. Run `python -m engine run monitoring`."
BACKTEST = ("cohort", "loans", "defaults", "mean_PD", "bad_rate", "95%_interval", "light")
SEGMENTS = (
    "segment", "group", "loans", "AUC", "95%_interval", "bad_rate", "mean_PD", "light", "approved", "of_the_highest",
)  # fmt: skip
CONCENTRATION = ("riskiest", "of_the_loans", "loans", "PD_from", "exposure", "expected_loss", "defaults")

NOT_IN_ARREARS = "- not in arrears"  # the name of the row under the one of all loans

Row = Mapping[str, Any]


@app.command()
def validation(
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="A monitoring date (default: the latest).")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show how the champion's probabilities compare with the defaults: by cohort, by segment, and in money.

    Under the figures of all loans stand those of the loans not in arrears at scoring.
    """
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        document = validation_document(connection, day_of(day, "--date"))
        costs = left_out_costs(connection, deployment.book)
    if as_json:
        print_json(document and {**document, "left_out_costs": costs})
    elif document is None:
        console_for().print(EMPTY)
    else:
        _print(document, [cost_in_words(cost, word_for_every_set(deployment.book)) for cost in costs])


def _print(document: Row, costs: Sequence[str]) -> None:
    console = console_for()
    console.print(Text(f"Model {document['version']} on {document['monitoring_date']}", "bold"))
    if words := uncalibrated_in_words(document, document["version"]):
        console.print(words, highlight=False, soft_wrap=True)
    console.print(listing(_with_apart(document["backtest"], _backtest, "cohort"), BACKTEST))
    if document["backtest"]:
        console.print(calibration_in_words(document["backtest"][0]), highlight=False, soft_wrap=True)
    if document["segments"]:
        console.print(listing(_with_apart(document["segments"], _segment, "group"), SEGMENTS))
    for cost in costs:
        console.print(cost, highlight=False, soft_wrap=True)
    if document["losses"] is not None:
        for words in losses_in_words(document["losses"], document["flagged"]):
            console.print(words, highlight=False, soft_wrap=True)
        rows = [row for what in ("waiting", "known") for row in _concentrations(what, document["losses"][what])]
        console.print(listing(rows, CONCENTRATION))


def _with_apart(rows: Iterable[Row], cells: Callable[[Row], Row], name: str) -> Iterator[Row]:
    """The cells of each row, and under them those of its loans not in arrears, where others were in arrears."""
    for row in rows:
        whole, apart = cells(row), row.get("not_in_arrears")
        yield whole
        if apart and _loans(apart) != _loans(row):
            yield {**cells(apart), name: NOT_IN_ARREARS}


def _loans(row: Row) -> int:
    """The scored loans of a band, or the loans with a known outcome of a cohort."""
    return int(row["loans"] if "loans" in row else row["n"])


def _backtest(row: Row) -> Row:
    light = f"{row['light']}: PD {row['direction']}" if row["direction"] else row["light"] or "-"
    return {
        "cohort": row.get("cohort") or "all",
        "loans": row["n"],
        "defaults": row["defaults"],
        "mean_PD": percent(row["mean_pd"]),
        "bad_rate": percent(row["bad_rate"]),
        "95%_interval": "-" if row["low"] is None else f"{percent(row['low'])} to {percent(row['high'])}",
        "light": light,
    }


def _segment(row: Row) -> Row:
    below = " (below 4/5)" if row.get("below_four_fifths") else ""
    decided = "approval" in row
    return {
        "segment": row.get("segment", ""),
        "group": row.get("band", ""),
        "loans": row["loans"],
        "AUC": "-" if row["auc"] is None else f"{row['auc']:.3f}",
        "95%_interval": interval(row["auc_low"], row["auc_high"]),
        "bad_rate": percent(row["bad_rate"]),
        "mean_PD": percent(row["mean_pd"]),
        "light": row["light"] or "-",
        "approved": percent(row["approval"]) if decided else "",
        "of_the_highest": f"{percent(row['approval_ratio'])}{below}" if decided else "",
    }


def _concentrations(what: str, losses: Row) -> Iterator[Row]:
    apart = losses.get("not_in_arrears")
    others = apart["concentration"] if apart and apart["loans"] != losses["loans"] else []
    for row, other in zip_longest(losses["concentration"], others):
        yield _concentration(LOANS_OF[what], row)
        if other:
            yield {**_concentration(NOT_IN_ARREARS, other), "riskiest": ""}


def _concentration(of: str, row: Row) -> Row:
    return {
        "riskiest": f"{row['share']:.0%}",
        "of_the_loans": of,
        "loans": row["loans"],
        "PD_from": percent(row["least_pd"]),
        "exposure": percent(row["exposure"]),
        "expected_loss": percent(row["expected_loss"]),
        "defaults": percent(row["defaults"]),
    }
