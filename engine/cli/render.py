"""Tables and text for the terminal, from the same documents that --json prints."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engine.control.approval import approve_command, reject_command
from engine.documents.candidates import CALIBRATION_ERROR, figure_text
from engine.documents.running.request import request_in_words
from jobs.modelling.promotion.outcome import outcome_of_test
from jobs.modelling.promotion.sets import sets_in_words
from jobs.statistics.cut_off import cut_off_words

# A sign and a style for each state of a run, task or process and each status of a model: colour is never the only sign.
SIGNS = {
    "queued": ("·", "dim"),
    "running": ("▶", "cyan"),
    "retrying": ("↻", "yellow"),
    "succeeded": ("✓", "green"),
    "cached": ("≡", "green"),
    "skipped": ("-", "dim"),
    "failed": ("✗", "bold red"),
    "upstream_failed": ("⊘", "dim"),
    "cancelled": ("■", "magenta"),
    "crashed": ("✗", "bold red"),
    "open": ("!", "bold red"),
    "acknowledged": ("·", "yellow"),
    "resolved": ("✓", "green"),
    "pending": ("·", "dim"),
    "sending": ("▶", "cyan"),
    "sent": ("✓", "green"),
    "alive": ("✓", "green"),
    "stopped": ("-", "dim"),
    "silent": ("✗", "bold red"),
    "gone": ("✗", "bold red"),
    "healthy": ("✓", "green"),
    "watch": ("!", "yellow"),
    "breach": ("✗", "bold red"),
    "insufficient": ("·", "dim"),
    "stale": ("▼", "yellow"),
    "data fault": ("⊗", "bold red"),
    "no model": ("-", "dim"),
}


def state_text(state: str) -> Text:
    """A state with its sign."""
    sign, style = SIGNS[state]
    return Text(f"{sign} {state}", style)


def run_view(document: Mapping[str, Any], elapsed: Mapping[str, float] | None = None) -> Group:
    """A run: a headline, and a line for each task with state, attempts, rows and time."""
    head = Text.assemble(
        (document["pipeline"], "bold"), "  ", document["run_id"], "  as of ", document["as_of"], "  "
    ).append_text(state_text(document["state"]))
    if document["duration_s"] is not None:
        head.append(f"  {document['duration_s']:.1f} s")
    return Group(head, tasks_view(document, elapsed or {}))


def tasks_view(document: Mapping[str, Any], elapsed: Mapping[str, float]) -> Table:
    """A line for each task of a run."""
    table = Table(box=None, padding=(0, 2, 0, 1), pad_edge=False)
    for name, side in (("task", "left"), ("state", "left"), ("attempts", "right"), ("rows in", "right")):
        table.add_column(name, justify=side, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("rows out", justify="right", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("", ratio=1)
    for task in document["tasks"]:
        done, total = task["parts"]
        name = f"{task['name']} {done}/{total} partitions" if total > 1 else task["name"]
        seconds = task["duration_s"] if task["duration_s"] is not None else elapsed.get(task["name"])
        table.add_row(
            name,
            state_text(task["state"]),
            str(task["attempts"]) if task["attempts"] > 1 else "",
            number(task["rows_in"]),
            number(task["rows_out"]),
            "" if seconds is None or task["state"] in ("cached", "skipped") else f"{seconds:.1f} s",
            remark(task) or request_in_words(task, document),
        )
    return table


def remark(task: Mapping[str, Any]) -> str:
    """The remark on a task: its error, its failed upstream task, or the run it is cached from."""
    if task["upstream"]:
        return f"{task['upstream']} failed"
    if task["error"] and task["state"] in ("failed", "retrying"):
        return str(task["error"])
    if task["state"] == "cached":
        return f"cached from {task['cached_from']}"
    return ""


def listing(documents: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> RenderableType:
    """A table of these columns. Headings wrap between words; cells of numbers, states and of the first column never."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    rows = list(documents)
    for column in columns:
        numeric = any(isinstance(row[column], int | float) for row in rows)
        whole = numeric or column in (columns[0], "state", "status", "model", "model_version", "95%_interval")
        heading = column.replace("_", " ")
        words = [*heading.split(), *(_text(column, row).plain for row in rows)]
        width = max(map(len, words)) if whole else None
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold", width=width)
    for row in rows:
        table.add_row(*(_text(name, row) for name in columns))
    return table


def _text(column: str, row: Mapping[str, Any]) -> Text:
    return state_text(row[column]) if column in ("state", "status") else Text(cell(row[column]))


def models_view(documents: Sequence[Mapping[str, Any]]) -> RenderableType:
    """A line for each candidate of each model, the best one first, with the alias of the champion.

    The best has the highest out-of-fold AUC; of a model of an earlier release, which has none, the highest test AUC.
    Below are the cut-offs, the comparisons of feature sets and the reasons why models were not promoted.
    """
    rows: list[dict[str, Any]] = []
    for model in documents:
        names = sorted(model["candidates"], key=lambda name: -_rank(model["candidates"][name]))
        roles = [*model["aliases"], *(["anchor"] if model["anchor"] else [])]
        first_column = [model["version"], ", ".join(roles), f"on {model['feature_set']}"]
        for name, text in zip_longest(names, first_column, fillvalue=""):
            cells = _candidate_cells(model, name) if name else dict.fromkeys(list(rows[0])[1:], "")
            rows.append({"version": text, **cells})
    remarks = [Text(f"{model['version']}  {text}") for model in documents for text in model_remarks(model)]
    return Group(listing(rows, list(rows[0]) if rows else []), *remarks)


def _candidate_cells(model: Mapping[str, Any], name: str) -> dict[str, Any]:
    numbers = model["candidates"][name]
    return {
        "model": f"{SIGNS['succeeded'][0] if name == model['model_name'] else ' '} {name}",
        "out_of_fold": numbers.get("out_of_fold_auc"),
        "AUC": numbers["test_auc"],
        "95%_interval": interval(numbers["auc_low"], numbers["auc_high"]),
        "not_in_arrears": (numbers.get("not_in_arrears") or {}).get("test_auc"),
        "train": numbers["train_auc"],
        "precision": numbers["precision"],
        "recall": numbers["recall"],
        "F1": numbers["f1"],
        "calibration_error": figure_text(numbers, CALIBRATION_ERROR),
    }


def _rank(numbers: Mapping[str, Any]) -> float:
    return float(numbers.get("out_of_fold_auc") or numbers["test_auc"] or 0.0)


def model_remarks(model: Mapping[str, Any]) -> list[str]:
    """Cut-off, comparison of the best models of two feature sets, why the model was not promoted, its approval."""
    remarks = [
        f"It predicts default for loans with {cut_off_words(model['cut_off'])}.",
        *_set_remarks(model),
        *(f"{name}: {fit['why']}" for name, fit in model.get("fits", {}).items()),
    ]
    verdict, approval = model["promotion"], model["approval"]
    if verdict and not verdict["promote"]:
        remarks.append(outcome_of_test(verdict, approval).sentence)
    if approval and approval["state"] == "waiting":
        remarks.append(
            f"Waits for the approval of a second person, requested by {approval['who']}: "
            f"`{approve_command(model['version'])}` or `{reject_command(model['version'])}`."
        )
    elif approval:
        remarks.append(f"{approval['state'].capitalize()} by {approval['who']}: {approval['why']}")
    return remarks


def _set_remarks(model: Mapping[str, Any]) -> list[str]:
    return [
        f"{_sets(one)}{one['a']} against {one['b']}, on the same {one['n']:,} test loans: AUC "
        f"{one['difference']:+.3f}, 95% interval {interval(one['low'], one['high'], '+.3f')}.{_without_arrears(one)}"
        for one in model["comparisons"]
        if one["compared"] == "best"
    ]


def _sets(comparison: Mapping[str, Any]) -> str:
    words = sets_in_words(comparison)
    return f"{words[:1].upper()}{words[1:]}: " if words else ""


def _without_arrears(comparison: Mapping[str, Any]) -> str:
    """The same comparison on the loans not in arrears at scoring; '' when it is not known."""
    one = comparison.get("not_in_arrears")
    if not one or one["difference"] is None:
        return ""
    return (
        f" On the {one['n']:,} not in arrears at scoring: {one['difference']:+.3f}, 95% interval "
        f"{interval(one['low'], one['high'], '+.3f')}."
    )


def interval(low: float | None, high: float | None, form: str = ".3f") -> str:
    """An interval, by default with three decimals; a dash when it is missing."""
    return "-" if low is None or high is None else f"{low:{form}} to {high:{form}}"


def number(value: int | None) -> str:
    """A count with thousands separators; empty for None."""
    return "" if value is None else f"{value:,}"


def cell(value: Any) -> str:
    """The text of a value in a table."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
