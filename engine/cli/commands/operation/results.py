"""Commands about results: `metrics`, `tables`."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated

import typer

from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, deployment_at
from engine.definitions.task import function_named
from engine.documents.tables import metrics_document, tables_document
from engine.documents.values import Document
from engine.errors import UnusableRequest
from jobs.accounting.flagged import flagged_remark
from jobs.governance.breaches import UNHEALTHY
from jobs.governance.sentences import arrears_sentence, auc_loans, months_text, window_sentence
from storage.settings import load_settings

app = typer.Typer()

OF_METRICS = (
    *("monitoring_date", "status", "auc", "auc_low", "auc_high", "auc_of", "auc_pooled", "auc_not_in_arrears"),
    *("psi", "psi_chance_level", "window_rows", "window", "stale", "model_version"),
)
WHICH_AUC = "auc: of the newest mature cohorts (auc of), which the gate judges; auc pooled: of all known outcomes."
# By name, because the client of Prometheus is slow to import and seldom needed.
METRICS_TEXT = "engine.metrics.collector:metrics_text"


@app.command()
def metrics(
    home: Home = None,
    as_json: Json = False,
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print what a worker serves at LOANWATCH_METRICS_PORT instead.")
    ] = False,
) -> None:
    """Show the monitoring history.

    With --prometheus, print runs, queue, processes, datasets, model and disk as metrics in Prometheus' text format, for
    example into a file for the textfile collector of a node exporter. `loanwatch_ledger_up` is 0 when the ledger can't
    be read.
    """
    if prometheus:
        if as_json:
            raise UnusableRequest("--prometheus and --json exclude each other; give one of them.")
        typer.echo(function_named(METRICS_TEXT)(load_settings(home=home)), nl=False)
        return
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        documents = metrics_document(connection, deployment)
    rows = [
        {**row, "window": months_text(row["window_from"], row["window_to"]), "auc_of": auc_loans(row)}
        for row in documents
    ]
    empty = "No monitoring results yet. Run `python -m engine run monitoring`."
    _show(documents if as_json else rows, OF_METRICS, empty, as_json=as_json)
    if rows and not as_json:
        for told in (WHICH_AUC, *_remarks(rows[-1])):
            console_for().print(told, highlight=False, soft_wrap=True)


def _remarks(newest: Document) -> Iterator[str]:
    """The sentences about the newest monitoring date."""
    day, status, cut_off = newest["monitoring_date"], newest["status"], newest["cut_off"]
    if told := window_sentence(newest, date.fromisoformat(day)):
        yield told
    if cut_off is not None:
        yield f"From a probability of default of {cut_off:.3f} on, {newest['model_version']} predicts default."
    yield from filter(None, (arrears_sentence(newest), flagged_remark(newest)))
    if status in UNHEALTHY and status != "stale" and newest["reason"]:
        yield f"{day}  {newest['reason']}"
        yield "`python -m engine drift` ranks what moved since the last healthy date."
    if newest["stale"]:
        yield f"Stale on {day}: {newest['stale']}. `python -m engine doctor` says what to do."


@app.command()
def tables(home: Home = None, as_json: Json = False) -> None:
    """List the published tables."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        documents = tables_document(connection, deployment)
    empty = "No tables yet. Run `python -m engine run training`."
    _show(documents, ("table", "rows", "bytes", "version", "published_at"), empty, as_json=as_json)


def _show(documents: Sequence[Document], columns: Sequence[str], empty: str, *, as_json: bool) -> None:
    if as_json:
        print_json(documents)
    else:
        console_for().print(listing(documents, columns) if documents else empty)
