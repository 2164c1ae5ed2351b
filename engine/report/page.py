"""The page: title, contents and sections of the report, as one HTML document."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from markupsafe import Markup

from engine.deployment import Deployment
from engine.report.damage import error_in_words
from engine.report.facts import Facts, Parts, facts_of
from engine.report.markup import join, paragraph, part, section
from engine.report.sections import (
    calibration,
    candidates,
    champions,
    data,
    decisions,
    label,
    limits,
    purpose,
    segments,
    stability,
)
from engine.report.sections.purpose import role
from engine.report.style import SHEET

SECTIONS: Mapping[str, tuple[str, Parts]] = {
    "purpose": ("Purpose", purpose.PARTS),
    "data": ("Data", data.PARTS),
    "label": ("Label", label.PARTS),
    "limits": ("Limits", limits.PARTS),
    "candidates": ("Candidates", candidates.PARTS),
    "calibration": ("Calibration", calibration.PARTS),
    "stability": ("Stability", stability.PARTS),
    "segments": ("Segments and expected loss", segments.PARTS),
    "decisions": ("Decisions and overrides", decisions.PARTS),
    "champions": ("Champion history", champions.PARTS),
}
PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>{0}</title>{1}</head>\n'
    '<body><header><h1>{0}</h1><p class="lead">{2}</p></header>\n<nav aria-label="Contents"><ol>{3}</ol></nav>\n'
    "<main>{4}</main></body></html>\n"
)
ENTRY = Markup('<li><a href="#{}">{}</a></li>')


def report(deployment: Deployment, version: str | None = None, day: date | None = None) -> bytes:
    """The report on a version, on the champion of a date, or on the champion of today, as HTML in UTF-8.

    The same ledger, files and time zone give the same bytes. Other settings count only where an earlier release kept
    none: for the thresholds of its monitoring run, and for a model without a promotion test. Raises the errors of
    `facts_of`.
    """
    facts = facts_of(deployment, version, day)
    contents = join(ENTRY.format(anchor, title) for anchor, (title, _) in SECTIONS.items())
    parts = join((_section(facts, number, anchor) for number, anchor in enumerate(SECTIONS, 1)), "\n")
    title = f"Model report: {facts.version}"
    return str(PAGE.format(title, SHEET, _lead(facts), contents, parts)).encode()


def sections_html(facts: Facts, anchors: Sequence[str]) -> Markup:
    """Some sections of the report as HTML, with their titles and without numbers."""
    return join(
        section(anchor, SECTIONS[anchor][0], *(part(name, _written(write, facts)) for name, write in parts.items()))
        for anchor in anchors
        for parts in [SECTIONS[anchor][1]]
    )


def _section(facts: Facts, number: int, anchor: str) -> Markup:
    title, parts = SECTIONS[anchor]
    return section(anchor, f"{number}. {title}", *(part(name, _written(write, facts)) for name, write in parts.items()))


def _written(write: Callable[[Facts], Markup], facts: Facts) -> Markup:
    """A part of a section; where what an earlier release kept has another form, a sentence that says so."""
    try:
        return write(facts)
    except Exception as error:  # noqa: BLE001 - a page without this part is better than none
        told = error_in_words(facts.deployment, error)
        return paragraph(f"This part can't be written from what is kept ({type(error).__name__}: {told}).")


def file_name(version: str | None = None, day: date | None = None) -> str:
    """The name under which the console offers the report."""
    return f"model_report_{version or f'{day:%Y%m%d}'}.html"


def _lead(facts: Facts) -> str:
    return f"{facts.row.model_name} of book {facts.book.name}, {role(facts)}. As of {facts.as_of}."
