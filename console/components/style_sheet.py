"""The style sheet of every page. Colours are variables that hold the light and the dark one of `theme.COLOURS`."""

from markupsafe import Markup

from console.components.elements import join
from console.components.theme import COLOURS, TONES

_VARIABLES = join(
    (Markup("--lw-{}: light-dark({}, {});").format(name, *pair) for name, pair in COLOURS.items()), between=" "
)
_TONE_RULES = join((Markup(".lw-{0} {{ color: var(--lw-{0}); }}").format(name) for name in TONES), between="\n")
_TONED = join((f".lw-{name}" for name in TONES), between=", ")

_RULES = Markup("""
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p,
[data-testid="stSpinner"] [role="status"] + span { opacity: 1; color: var(--lw-quiet); }
[data-selected="true"] p { color: var(--lw-link); }
button:is([kind="primary"], [kind="primaryFormSubmit"]):enabled { background-color: var(--lw-button);
  border-color: var(--lw-button); }
button[kind="tertiary"]:is(:hover, :focus, :active, [aria-expanded="true"]) { color: var(--lw-link); }
[data-testid="stHtml"] a:where(:not(TONED)) { color: var(--lw-link); }
.lw-state { font-weight: 600; white-space: nowrap; }
.lw-sign { display: inline-block; min-width: 1.1em; text-align: center; }
.lw-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.lw-note { color: var(--lw-quiet); font-size: 0.87rem; }
.lw-mono { font-family: "Source Code Pro", monospace; font-size: 0.85rem; overflow-wrap: anywhere; }
.lw-raw { color: var(--lw-quiet); font-family: "Source Code Pro", monospace; font-size: 0.85em;
  overflow-wrap: anywhere; }
.lw-figure { font-size: 1.7rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.lw-pair { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; align-items: baseline; }
.lw-headline { font-size: 1.1rem; }
.lw-status { font-size: 1.35rem; margin: 0 0 0.5rem; }
.lw-status .lw-state { white-space: normal; }
.lw-parts { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.5rem 1.4rem; }
.lw-steps { margin: 0; padding-left: 1.4rem; }
.lw-steps li { margin: 0.15rem 0; padding: 0; }
.lw-scores { margin: 0.7rem 0 0; overflow-wrap: anywhere; }
.lw-digest { display: inline-block; max-width: 9ch; overflow: hidden; text-overflow: clip; vertical-align: bottom;
  white-space: nowrap; user-select: all; font-family: "Source Code Pro", monospace; font-size: 0.85em; cursor: copy; }
.stMainBlockContainer { padding-top: 4.2rem; padding-bottom: 3rem; max-width: 1500px; }

.lw-callout { border: 1px solid var(--lw-edge); border-left-width: 4px; border-radius: 0.4rem; padding: 0.7rem 0.9rem; }
.lw-callout.lw-bad { border-left-color: var(--lw-bad); }
.lw-callout.lw-warn { border-left-color: var(--lw-warn); }
.lw-callout.lw-quiet { border-left-color: var(--lw-wire); }
.lw-callout h2 { margin: 0; padding: 0; font-size: 1rem; font-weight: 650; color: inherit; overflow-wrap: anywhere; }
.lw-callout p { margin: 0.25rem 0 0; color: var(--lw-ink); overflow-wrap: anywhere; }
.lw-callout ul { margin: 0.3rem 0 0; padding-left: 1.2rem; font-size: 0.87rem; color: var(--lw-ink); }
.lw-callout code { font-size: 0.85rem; }

dl.lw-descriptions { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; margin: 0; padding: 0; }
.lw-descriptions dt { color: var(--lw-quiet); }
.lw-descriptions dd { margin: 0; overflow-wrap: anywhere; }

.lw-scroll { overflow-x: auto; }
.lw-scroll:focus-visible { outline: 2px solid var(--lw-link); outline-offset: 2px; }
table.lw-table { border-collapse: collapse; font-size: 0.9rem; margin: 0; font-variant-numeric: tabular-nums; }
.lw-table th, .lw-table td { padding: 0.3rem 1.1rem 0.3rem 0; text-align: left; vertical-align: top; border: 0;
  border-bottom: 1px solid var(--lw-line); }
.lw-table th { color: var(--lw-quiet); font-weight: 500; white-space: nowrap; }
.lw-table td { overflow-wrap: break-word; }
.lw-table .lw-number { text-align: right; white-space: nowrap; }
.lw-table time { white-space: nowrap; }
.lw-table .lw-note { font-size: 0.96em; }
.lw-table tr.lw-strong td { font-weight: 650; }
.lw-table tr.lw-part th { color: var(--lw-ink); font-weight: 650; padding-top: 0.9rem; }
table.lw-stacked { width: 100%; }
.lw-stacked td:last-child { overflow-wrap: anywhere; }
@media (min-width: 901px) { .lw-table .lw-line { white-space: nowrap; } }

@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  dl.lw-descriptions { grid-template-columns: 1fr; gap: 0; }
  .lw-descriptions dd { margin-bottom: 0.4rem; }
  .lw-scroll table:not(.lw-stacked) { font-size: 0.8rem; }
  .lw-scroll table:not(.lw-stacked) :is(th, td) { padding-right: 0.6rem; max-width: 9.5rem; overflow-wrap: break-word; }
  .lw-scroll table:not(.lw-stacked) .lw-mono { overflow-wrap: break-word; }
  .lw-scroll table:not(.lw-stacked) th { white-space: normal; }
}
@media (max-width: 900px) {
  .lw-stacked thead { display: none; }
  table.lw-stacked, .lw-stacked tbody { display: block; }
  .lw-stacked tr { display: flex; flex-wrap: wrap; gap: 0 0.8rem; padding: 0.45rem 0;
    border-bottom: 1px solid var(--lw-line); }
  .lw-stacked td { border: none; padding: 0; }
  .lw-stacked td:empty { display: none; }
  .lw-stacked td:last-child:not(.lw-line) { flex-basis: 100%; }
}
@media (prefers-reduced-motion: reduce) {
  * { animation: none !important; transition: none !important; }
  /* Streamlit fades what it computes anew; without the transition it would flash. */
  [data-stale="true"] { opacity: 1 !important; }
}
""").replace("TONED", _TONED)

SHEET = Markup("<style>:root {{ {} }}\n{}\n{}</style>").format(_VARIABLES, _TONE_RULES, _RULES)
