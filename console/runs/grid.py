"""The newest runs of one pipeline as a grid: a column for each run, a row for each task, and durations above."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment, ledger
from console.app.navigation import address, run_address
from console.components.elements import empty, join, note_html, unseen_html, write_html
from console.components.theme import STATES
from console.components.times import day, span
from engine.documents.running.grid import grid_document
from engine.documents.values import Document

HIGHEST, LOWEST = 44, 3  # pixels of the bar of the longest run, and of the shortest possible one

GRID_SHEET = Markup("""<style>
table.lw-grid { border-collapse: collapse; font-size: 0.78rem; margin: 0; font-variant-numeric: tabular-nums; }
.lw-grid th, .lw-grid td { border: 0; border-bottom: 1px solid var(--lw-line); padding: 0.15rem 0.25rem;
  text-align: center; white-space: nowrap; }
.lw-grid th[scope="row"] { position: sticky; left: 0; background: var(--lw-paper); text-align: left; font-weight: 500;
  padding-right: 1rem; color: var(--lw-ink); }
.lw-grid th[scope="col"], .lw-grid td { min-width: 2.5rem; }
.lw-grid a { text-decoration: none; font-weight: 700; display: block; }
.lw-grid a span { color: var(--lw-quiet); font-weight: 400; font-size: 0.7rem; }
.lw-grid a:hover, .lw-grid a:focus-visible { outline: 2px solid var(--lw-ink); }
.lw-grid .lw-took { height: 46px; vertical-align: bottom; padding: 0; background-repeat: no-repeat; }
.lw-grid .lw-took a { display: flex; height: 46px; align-items: flex-end; justify-content: center; }
.lw-grid .lw-took i { display: block; width: 14px; background: currentColor; border-radius: 2px 2px 0 0; }
.lw-grid .lw-took i.lw-hollow { background: none; border: 2px dashed currentColor; border-bottom: 0; min-height: 8px; }
@media (max-width: 640px) {
  .lw-grid th[scope="row"] { max-width: 8.5rem; white-space: normal; overflow-wrap: anywhere; }
}
</style>""")


def grid_choice() -> str:
    """The pipeline whose grid is shown. It is in the address."""
    names = list(deployment().pipelines)
    chosen = st.segmented_control(
        "Tasks of the newest runs of", names, default=names[0], required=True, key="grid", bind="query-params"
    )
    return str(chosen or names[0])


def grid(pipeline: str) -> None:
    """Draws the grid of a pipeline."""
    with ledger().reading() as connection:
        document = grid_document(connection, pipeline)
    if document["runs"]:
        write_html(grid_html(document))
    else:
        empty(f"No runs of {pipeline} yet", f"Start one with a button above, or `python -m engine run {pipeline}`.")


def grid_html(document: Document) -> Markup:
    """The table: durations of the runs with the usual one as a line, then a row of states for each task."""
    runs = document["runs"]
    usual = f"usually {span(document['usual_s'])}" if document["usual_s"] is not None else "no success yet"
    head = join(
        [Markup('<th scope="row">Run <span class="lw-note">{}</span></th>').format(usual), *_durations(document)]
    )
    rows = join(Markup("<tr>{}</tr>").format(_row(task, runs)) for task in document["tasks"])
    dates = join(Markup('<th scope="col">{}</th>').format(_date(run)) for run in runs)
    label = f"Tasks of the newest {len(runs)} runs of {document['pipeline']}, the newest on the right"
    hollow = " Hollow bars are trials, which publish nothing." if any(run["trial"] for run in runs) else ""
    return Markup(
        '<div class="lw-scroll" tabindex="0" role="region" aria-label="{}"><table class="lw-grid">'
        '<thead><tr><th scope="row">As of</th>{}</tr></thead><tbody><tr>{}</tr>{}</tbody></table></div>{}'
    ).format(label, dates, head, rows, note_html(f"The line is the usual duration. Durations are in seconds.{hollow}"))


def _durations(document: Document) -> list[Markup]:
    times = [run["duration_s"] or 0.0 for run in document["runs"]]
    longest = max([*times, document["usual_s"] or 0.0]) or 1.0
    line = Markup()
    if document["usual_s"] is not None:
        height = LOWEST + (HIGHEST - LOWEST) * document["usual_s"] / longest
        line = Markup(
            ' style="background-image:linear-gradient(var(--lw-ink),var(--lw-ink));background-size:100% 1px;'
            'background-position:0 {}px"'
        ).format(round(HIGHEST + 2 - height))
    heights = [LOWEST + (HIGHEST - LOWEST) * took / longest for took in times]
    return [_bar(run, height, line) for run, height in zip(document["runs"], heights, strict=True)]


def _bar(run: dict[str, Any], height: float, line: Markup) -> Markup:
    _, tone, word = STATES.get(run["state"], ("?", "quiet", run["state"]))
    took = f", took {span(run['duration_s'])}" if run["duration_s"] is not None else ""
    words = f"{run['run_id']}: {_marked(run, word)}, as of {run['as_of']}{took}"
    hollow = Markup(' class="lw-hollow"') if run["trial"] else ""
    return Markup(
        '<td class="lw-took"{}><a class="lw-{}" href="{}" title="{words}" aria-label="{words}">'
        '<i{} style="height:{}px"></i></a></td>'
    ).format(line, tone, run_address(run["run_id"]), hollow, round(height), words=words)


def _marked(run: dict[str, Any], word: str) -> str:
    """The word for a state, behind the mark of a trial."""
    return f"{run['trial']}, {word}" if run["trial"] else word


def _row(task: dict[str, Any], runs: Sequence[dict[str, Any]]) -> Markup:
    usual = note_html(span(task["usual_s"])) if task["usual_s"] is not None else ""
    head = Markup('<th scope="row">{} {}</th>').format(task["task"], usual)
    return join([head, *(_cell(task, run, task["cells"].get(run["run_id"])) for run in runs)])


def _cell(task: dict[str, Any], run: dict[str, Any], cell: dict[str, Any] | None) -> Markup:
    """The sign of a task's state with its duration, as a link to its lines in the run's log."""
    if cell is None:
        return Markup("<td></td>")
    sign, tone, word = STATES.get(cell["state"], ("?", "quiet", cell["state"]))
    took = cell["duration_s"] if cell["state"] in ("succeeded", "failed") else None
    words = f"{task['task']}, as of {run['as_of']}: {_marked(run, word)}" + (
        f", {span(took)}" if took is not None else ""
    )
    number = (
        Markup(" <span>{}</span>").format(f"{took:.1f}" if took < 10 else f"{took:.0f}") if took is not None else ""
    )
    shown = Markup('<b aria-hidden="true">{}{}</b>{}').format(sign, number, unseen_html(words))
    where = address("run", run_id=run["run_id"], task=task["task"])
    return Markup('<td><a class="lw-{}" href="{}" title="{}">{}</a></td>').format(tone, where, words, shown)


def _date(run: dict[str, Any]) -> Markup:
    """Day and month of the as-of date, the year under it, and under that the mark of a trial."""
    words, _, year = day(date.fromisoformat(run["as_of"])).rpartition(" ")
    words = words.replace(" ", "\N{NO-BREAK SPACE}")
    return join([words, *(note_html(part) for part in (year, run["trial"]) if part)], Markup("<br>"))
