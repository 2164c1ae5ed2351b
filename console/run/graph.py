"""A run's tasks as a graph: boxes in columns by depth, with links between them.

It is HTML and CSS only: columns in a wide window, a list in a narrow one. Streamlit's HTML does not allow SVG, so the
links are a CSS mask in a data URL.
"""

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup, escape

from console.app.navigation import log_link, run_link
from console.components.elements import Text, count, join, note_html, state_html, write_html
from console.components.theme import STATES
from console.components.times import span
from console.run.query import RunView
from engine.documents.running.critical_path import links
from engine.documents.running.request import DONE, REQUESTS, no_request
from storage.db.ledger import LedgerRow

BOX, GAP, LINK = 108, 14, 30  # pixels: height of a box, between two boxes, width of the links between two columns
FIRST_WORDS = 72  # letters of an error that fit in a box
LABELS = {REQUESTS: "Request retraining"}  # shown instead of the name, which is then in small
PARTITIONS = {"train_evaluate_select_model": "fits"}  # the name of a task's partitions, if they have one

GRAPH_SHEET = Markup("""<style>
.lw-graph { display: flex; align-items: stretch; overflow-x: auto; padding: 2px; margin: 0; }
.lw-level { display: flex; flex-direction: column; justify-content: center; gap: 14px; flex: 1 1 0; min-width: 168px; }
.lw-links { flex: 0 0 30px; background: var(--lw-wire); align-self: center; }
.lw-task { box-sizing: border-box; height: 108px; padding: 0.45rem 0.65rem; overflow: hidden;
  border: 1px solid var(--lw-edge); border-radius: 0.4rem; border-top: 3px solid; font-size: 0.83rem;
  line-height: 1.35; }
.lw-task.lw-quiet { border-style: dashed; border-top-width: 1px; }
.lw-task a { font-weight: 600; color: var(--lw-ink); text-decoration: none; display: block; overflow-wrap: anywhere; }
.lw-task a:hover, .lw-task a:focus-visible { text-decoration: underline; }
.lw-task .lw-note { font-size: 0.8rem; font-variant-numeric: tabular-nums; display: block; overflow: hidden;
  text-overflow: ellipsis; }
.lw-task .lw-note a { display: inline; font-weight: 400; font-size: 0.75rem; }
.lw-why { font-size: 0.78rem; display: block; overflow-wrap: anywhere; }
@media (max-width: 760px) {
  .lw-graph { flex-direction: column; gap: 0.4rem; }
  .lw-level { flex: none; gap: 0.4rem; }
  .lw-level + .lw-links + .lw-level::before { content: "\\2193"; text-align: center; line-height: 1;
    color: var(--lw-quiet); }
  .lw-links { display: none; }
  .lw-task { height: auto; }
}
</style>""")


def graph(view: RunView) -> None:
    """Draws the graph of a run's tasks."""
    write_html(graph_html(view))


def graph_html(view: RunView) -> Markup:
    """The boxes of a run's tasks, column by column, with the links between them."""
    columns, by_name = view.levels, view.by_name
    parts: list[Markup] = []
    height = max(map(len, columns), default=0) * (BOX + GAP) - GAP
    for number, names in enumerate(columns):
        if number:
            pairs = [pair for pair in links(view.upstream) if pair[0] in columns[number - 1] and pair[1] in names]
            parts.append(_links_html(columns[number - 1], names, pairs, height))
        level = Markup('<div class="lw-level" role="list" aria-label="Step {}">{}</div>')
        parts.append(level.format(number + 1, join(task_html(view, name, by_name.get(name)) for name in names)))
    return Markup(
        '<div class="lw-graph" role="group" tabindex="0" aria-label="The tasks of the run by depth">{}</div>'
    ).format(join(parts))


def task_html(view: RunView, name: str, row: LedgerRow | None) -> Markup:
    """One box: name, state with partitions and attempts, rows and duration, and an error or the cached run."""
    state = row.state if row else "queued"
    tone = STATES.get(state, ("", "quiet", ""))[1]
    broken = escape(name).replace("_", Markup("_<wbr>"))
    link = log_link(view.run.run_id, name, LABELS.get(name, broken))
    decided = _decided(view, row)
    shown, numbers = decided or (state_html(state), _numbers(view, row) if row else [])
    lines = [*([name] if name in LABELS else []), *numbers]
    notes = join(note_html(line) for line in lines if line)
    return Markup('<div class="lw-task lw-{}" role="listitem">{}{} {}{}</div>').format(
        tone, link, shown, notes, _reason(row)
    )


def _decided(view: RunView, row: LedgerRow | None) -> tuple[Markup, Sequence[Text]] | None:
    """State and line of the task that requests a retraining: what the run decided; None for other tasks.

    That task has succeeded also where the decision is to request no run.
    """
    if row is None or row.task != REQUESTS or row.state not in DONE:
        return None
    if view.decision is None or view.decision.action == "none":
        return state_html(row.state), [", ".join(filter(None, (_time(view, row), no_request(view.run.state))))]
    run = view.decision.requested_run_id
    led = run_link(run, "the run that it requested") if run else no_request(view.run.state)
    state = " in ".join(filter(None, (STATES[row.state][2], _time(view, row))))
    return state_html(view.decision.action), [Markup("task {}; {}").format(state, led)]


def _numbers(view: RunView, row: LedgerRow) -> Sequence[Text]:
    attempts = f"{row.attempts} attempts" if row.attempts > 1 else ""
    kind = PARTITIONS.get(row.task, "partitions")
    partitions = f"{row.parts_done} of {row.parts_total} {kind}" if row.parts_total > 1 else ""
    rows = f"{count(row.rows_in)} → {count(row.rows_out)} rows" if row.rows_out is not None else ""
    return [", ".join(filter(None, (_time(view, row), partitions, attempts))), rows]


def _time(view: RunView, row: LedgerRow) -> str:
    if row.started_at is None or row.cached_from:
        return ""
    return span(max(0.0, ((row.finished_at or view.now) - row.started_at).total_seconds()))


def _reason(row: LedgerRow | None) -> Text:
    """The failed upstream task, the first words of an error, or the run that the result is cached from."""
    if row is None:
        return ""
    why = Markup('<span class="lw-why lw-{}" title="{}">{}</span>')
    if row.failed_upstream:
        words = f"because {row.failed_upstream} failed"
        return why.format("quiet", words, words)
    if row.error and row.state in ("failed", "retrying"):
        message = str(row.error["message"])
        short = message if len(message) <= FIRST_WORDS else f"{message[:FIRST_WORDS].rstrip()}..."
        return why.format("bad", message, short)
    if row.cached_from:
        return note_html(Markup("cached from {}").format(run_link(row.cached_from, "an earlier run")))
    return ""


def _links_html(left: Sequence[str], right: Sequence[str], pairs: Sequence[tuple[str, str]], height: int) -> Markup:
    """The curves between two columns, as the mask of an area in the colour of links."""
    curves = join(_curve(_middle(left, first, height), _middle(right, second, height)) for first, second in pairs)
    drawing = Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" fill="none" stroke="black" '
        'stroke-width="1.5">{}</svg>'
    ).format(LINK, height, curves)
    mask = Markup("url('data:image/svg+xml,{}') no-repeat").format(quote(str(drawing)))
    style = Markup("height:{}px;mask:{mask};-webkit-mask:{mask}").format(height, mask=mask)
    return Markup('<div class="lw-links" aria-hidden="true" style="{}"></div>').format(style)


def _curve(start: float, end: float) -> Markup:
    path = f"M0 {start}C{LINK / 2} {start} {LINK / 2} {end} {LINK - 5} {end}m-3 -4l6 4l-6 4"
    return Markup('<path d="{}"/>').format(path)


def _middle(names: Sequence[str], name: str, height: int) -> float:
    """Pixels from the top to the middle of a box of a column."""
    top = (height - len(names) * (BOX + GAP) + GAP) / 2
    return top + names.index(name) * (BOX + GAP) + BOX / 2
