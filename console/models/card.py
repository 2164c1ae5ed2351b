"""The model card and the segments of a version: the same parts that its report has."""

from markupsafe import Markup

from console.app.deployment import deployment
from console.components.elements import callout, note, write_html
from console.models.query import ModelView
from engine.report.facts import facts_of
from engine.report.page import sections_html
from storage.errors import LoanwatchError

CARD = ("purpose", "label", "limits")
SEGMENTS = ("segments",)
CARD_SHEET = Markup("""<style>
div.lw-card { max-width: 62rem; }
div.lw-card :is(h2, h3) { font-size: 1.05rem; font-weight: 650; margin: 1rem 0 0.3rem; padding: 0; letter-spacing: 0; }
div.lw-card h3 { font-size: 0.95rem; }
div.lw-card p, .lw-card ul { margin: 0.3rem 0; }
div.lw-card li { margin: 0.15rem 0; }
div.lw-card dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.15rem 1rem;
  margin: 0.3rem 0; padding: 0; }
div.lw-card dt { color: var(--lw-quiet); }
div.lw-card dd { margin: 0; overflow-wrap: anywhere; }
div.lw-card .note { color: var(--lw-quiet); font-size: 0.87rem; }
div.lw-card .wide { overflow-x: auto; }
div.lw-card .wide:focus-visible { outline: 2px solid var(--lw-link); outline-offset: 2px; }
div.lw-card table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
div.lw-card caption { text-align: left; color: var(--lw-quiet); font-size: 0.87rem; }
div.lw-card :is(th, td) { padding: 0.25rem 1.1rem 0.25rem 0; text-align: left; vertical-align: top; border: 0;
  border-bottom: 1px solid var(--lw-line); white-space: nowrap; }
div.lw-card th { color: var(--lw-quiet); font-weight: 500; }
div.lw-card tbody th { color: var(--lw-ink); font-weight: 650; padding-top: 0.7rem; }
div.lw-card :is(th, td).number { text-align: right; }
div.lw-card .light.green { color: var(--lw-good); }
div.lw-card .light.amber { color: var(--lw-warn); }
div.lw-card .light.red { color: var(--lw-bad); }
@media (max-width: 640px) {
  div.lw-card dl { grid-template-columns: 1fr; gap: 0; }
  div.lw-card dd { margin-bottom: 0.4rem; } }
</style>""")


def show_card(view: ModelView) -> None:
    """Shows what the version is for, what it predicts, how it does, and its limits."""
    _show(view, CARD)


def show_segments(view: ModelView) -> None:
    """Shows how the version judges groups of borrowers, as its newest monitoring found it, and its expected loss."""
    _show(view, SEGMENTS)


def _show(view: ModelView, anchors: tuple[str, ...]) -> None:
    try:
        sections = sections_html(facts_of(deployment(), view.version), anchors)
    except LoanwatchError as error:
        callout("warn", "This part can't be shown", str(error))
        return
    write_html(CARD_SHEET + Markup('<div class="lw-card">{}</div>').format(sections))
    note("The report has these sections, and those on data, candidates, calibration, stability and decisions.")
