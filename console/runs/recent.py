"""The recent runs of each pipeline side by side: how they ended and how long they took, at a glance."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from console.app.deployment import ledger
from console.components.theme import STATES
from console.components.times import exact, span
from engine.definitions.pipelines import PIPELINES
from storage.db.ledger import LedgerRow
from storage.db.schema import ACTIVE_STATES
from storage.ledger.run_search import RunFilter, runs_page

RECENT = 30
HIGHEST, LOWEST = 38, 3  # pixels of the bar of the longest run, and of one that took no time

HISTORY_STYLE = f"""<style>
.lw-history {{ display: flex; align-items: flex-end; gap: 2px; min-height: {HIGHEST + 20}px; padding: 2px;
  overflow-x: auto; margin: 0; }}
.lw-history a {{ flex: 0 0 11px; display: flex; flex-direction: column; align-items: center; font-size: 0.7rem;
  line-height: 1.2; text-decoration: none; font-weight: 700; }}
.lw-history a i {{ display: block; width: 9px; background: currentColor; border-radius: 2px 2px 0 0; }}
.lw-history a:hover i {{ outline: 2px solid light-dark(#1f2933, #f0f2f5); }}
.lw-past h2 {{ margin: 0; padding: 0; font-size: 0.95rem; font-weight: 600; }}
</style>"""


def history() -> None:
    """Draws the newest runs of each pipeline, the newest on the right."""
    for column, pipeline in zip(st.columns(len(PIPELINES)), PIPELINES, strict=True):
        with ledger().reading() as connection:
            rows = runs_page(connection, RECENT, RunFilter(pipeline))
        with column:
            st.html(history_html(pipeline, rows[::-1]))


def history_html(pipeline: str, rows: Sequence[LedgerRow]) -> str:
    """A bar for each run with the sign of its state under it, oldest first; the height is how long it took."""
    if not rows:
        return f'<div class="lw-past"><h2>{escape(pipeline)}</h2><span class="lw-note">no run yet</span></div>'
    longest = max(map(took, rows))
    bars = "".join(_bar(row, longest) for row in rows)
    label = f"The newest {len(rows)} runs of {escape(pipeline)}"
    return (
        f'<div class="lw-past"><h2>{escape(pipeline)}</h2><div class="lw-history" role="group" tabindex="0" '
        f'aria-label="{label}">{bars}</div><span class="lw-note">{in_words(rows, longest)}</span></div>'
    )


def in_words(rows: Sequence[LedgerRow], longest: float) -> str:
    """How many of the runs went well, and how long the longest took."""
    ended = [row for row in rows if row.state not in (*ACTIVE_STATES, "skipped")]
    well = sum(row.state == "succeeded" for row in ended)
    return f"{well} of {len(ended)} succeeded, the longest took {span(longest)}" if ended else "none has ended yet"


def took(row: LedgerRow) -> float:
    """Seconds that a run took; 0 for one that has not ended or was never begun."""
    return float((row.finished_at - row.started_at).total_seconds()) if row.started_at and row.finished_at else 0.0


def _bar(row: LedgerRow, longest: float) -> str:
    sign, tone, word = STATES.get(row.state, ("?", "quiet", row.state))
    height = LOWEST + (HIGHEST - LOWEST) * (took(row) / longest if longest else 0)
    told = f"{row.run_id}: {word}, as of {row.as_of}, {exact(row.requested_at)}"
    told += f", took {span(took(row))}" if took(row) else ""
    return (
        f'<a class="lw-{tone}" href="/run?run_id={row.run_id}" title="{escape(told)}" '
        f'aria-label="{escape(told)}"><i style="height:{height:.0f}px"></i>{sign}</a>'
    )
