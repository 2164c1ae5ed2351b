"""How the console looks: signs and tones of states, its style sheet, and charts in the theme that is on.

A state has a sign and a word besides its tone. Tones are pairs of colours, for light and for dark, each at least
4.5 to 1 against its paper.
"""

from typing import Literal, TypeVar

import altair as alt
import streamlit as st

from jobs.charts.kit import theme as chart_theme

Chart = TypeVar("Chart", alt.Chart, alt.LayerChart, alt.VConcatChart, alt.HConcatChart)

TONES = {
    "good": ("#146c43", "#5cc9a0"),
    "busy": ("#1f5fae", "#8ab8f2"),
    "warn": ("#7a4f00", "#e6ba5e"),
    "bad": ("#b3261e", "#ff9488"),
    "quiet": ("#56606c", "#a9b3bf"),
    "ended": ("#6b4fa0", "#bfa8f0"),
}

# Sign, tone and words of everything that has a state: runs, tasks, processes, verdicts.
STATES = {
    "queued": ("·", "quiet", "queued"),
    "running": ("▶", "busy", "running"),
    "retrying": ("↻", "warn", "retrying"),
    "succeeded": ("✓", "good", "succeeded"),
    "cached": ("≡", "good", "cached"),
    "skipped": ("-", "quiet", "skipped"),
    "failed": ("✗", "bad", "failed"),
    "upstream_failed": ("⊘", "bad", "upstream failed"),
    "cancelled": ("■", "ended", "cancelled"),
    "crashed": ("✗", "bad", "crashed"),
    "alive": ("✓", "good", "alive"),
    "stopped": ("-", "quiet", "stopped"),
    "silent": ("✗", "bad", "silent"),
    "gone": ("✗", "bad", "gone"),
    "absent": ("✗", "bad", "not there"),
    "never": ("○", "quiet", "not started yet"),
    "starting": ("↻", "warn", "starting"),
    "paused": ("❚❚", "warn", "paused"),
    "missed": ("!", "warn", "missed"),
    "waiting": ("·", "quiet", "waiting"),
    "requested": ("✓", "good", "requested"),
    "healthy": ("●", "good", "healthy"),
    "watch": ("◆", "warn", "watch"),
    "breach": ("▲", "bad", "breach"),
    "insufficient": ("○", "quiet", "insufficient"),
    "suppressed": ("-", "quiet", "suppressed"),
    "escalated": ("!", "bad", "a person is asked"),
    "none": ("-", "quiet", "nothing to do"),
    "champion": ("★", "good", "champion"),
}

_TONE_RULES = "\n".join(
    f".lw-{name} {{ color: light-dark({light}, {dark}); }}" for name, (light, dark) in TONES.items()
)

_TONED = ", ".join(f".lw-{name}" for name in TONES)

SHEET = f"""<style>
{_TONE_RULES}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {{ opacity: 1;
  color: light-dark({TONES["quiet"][0]}, {TONES["quiet"][1]}); }}
[data-selected="true"] p {{ color: light-dark(#1f5fae, #8ab8f2); }}
[data-testid="stHtml"] a:where(:not({_TONED})) {{ color: light-dark(#1f5fae, #8ab8f2); }}
.lw-state {{ font-weight: 600; white-space: nowrap; }}
.lw-sign {{ display: inline-block; min-width: 1.1em; text-align: center; }}
.lw-note {{ color: light-dark({TONES["quiet"][0]}, {TONES["quiet"][1]}); font-size: 0.87rem; }}
.lw-mono {{ font-family: "Source Code Pro", monospace; font-size: 0.85rem; overflow-wrap: anywhere; }}
.lw-figure {{ font-size: 1.7rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }}
.lw-pair {{ display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; align-items: baseline; }}
.lw-headline {{ font-size: 1.1rem; }}
.lw-box {{ border: 1px solid light-dark(#d5dae1, #353c48); border-left-width: 4px; border-radius: 0.4rem;
  padding: 0.7rem 0.9rem; }}
.lw-box.lw-bad {{ border-left-color: light-dark(#b3261e, #ff9488); }}
.lw-box.lw-warn {{ border-left-color: light-dark(#b07a12, #e6ba5e); }}
.lw-box.lw-quiet {{ border-left-color: light-dark(#9aa3af, #5b6673); }}
.lw-box h4 {{ margin: 0; padding: 0; font-size: 1rem; }}
.lw-box p {{ margin: 0.25rem 0 0; color: light-dark(#1f2933, #f0f2f5); overflow-wrap: anywhere; }}
.lw-box code {{ font-size: 0.85rem; }}
dl.lw-facts {{ display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; margin: 0; padding: 0; }}
.lw-facts dt {{ color: light-dark({TONES["quiet"][0]}, {TONES["quiet"][1]}); }}
.lw-facts dd {{ margin: 0; overflow-wrap: anywhere; }}
.stMainBlockContainer {{ padding-top: 4.2rem; padding-bottom: 3rem; max-width: 1500px; }}
@media (max-width: 640px) {{ .stMainBlockContainer {{ padding-left: 1rem; padding-right: 1rem; }}
  dl.lw-facts {{ grid-template-columns: 1fr; gap: 0; }} .lw-facts dd {{ margin-bottom: 0.4rem; }} }}
@media (prefers-reduced-motion: reduce) {{ * {{ animation: none !important; transition: none !important; }} }}
</style>"""


def appearance() -> Literal["light", "dark"]:
    """The theme that the viewer has on."""
    return "dark" if st.context.theme.type == "dark" else "light"


def drawn(chart: Chart, *, plain: bool = False) -> Chart:
    """The chart in the theme that is on, on the page's own paper; `plain` leaves out the margin round it.

    Who can't see it is told by the `alt` of its place on the page: its hundreds of marks have no names of their own.
    """
    config = {**chart_theme(appearance()), "background": "transparent"}
    config["mark"] = {**config.get("mark", {}), "aria": False}
    if plain:
        config["padding"] = 4
    return chart.properties(config=config)
