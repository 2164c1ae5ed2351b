"""Candidates: what was trained, why this one was chosen, and how it compares with the champion and the anchor then."""

from collections.abc import Sequence

from markupsafe import Markup

from engine.documents.candidates import (
    FIGURES,
    Metrics,
    arrears_note,
    auc_without_arrears,
    by_rank,
    comparison_words,
    figure_text,
    interval_text,
    measures_note,
    verdict_numbers,
)
from engine.report.drawing import figure as drawing
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, items, join, note, pairs, paragraph, table
from jobs.charts.candidates import SELECTED, interval_chart, interval_frame, interval_words
from jobs.modelling.promotion.outcome import outcome_of_test
from jobs.statistics.rounding import figure

MEASURES = ("Test AUC", "95% interval", "Test AUC, not in arrears", *FIGURES.values(), "Cut-off")


def _table(facts: Facts) -> Markup:
    found: dict[str, Metrics] = facts.details.get("candidates", {})
    if not found:
        return paragraph("The registry has no candidates of this version.")
    ranked = by_rank(found)
    rows = [_row(name, found[name], facts.row.model_name) for name in ranked]
    frame = interval_frame({name: found[name] for name in ranked}, facts.row.model_name)
    threshold = _threshold(facts)
    chart = Markup()
    if not frame.empty:
        drawn = interval_chart(frame, threshold).properties(title="Test AUC with its 95% interval")
        chart = drawing(drawn, interval_words(frame, threshold), None)
    heads = ("Candidate", *MEASURES)
    return join([table("The candidates of the training, the best one first", heads, rows, numbers=MEASURES), chart])


def _row(name: str, metrics: Metrics, selected: str) -> Sequence[Text]:
    return (
        Markup("<strong>{}</strong>, {}").format(name, SELECTED) if name == selected else name,
        figure(metrics.get("test_auc")),
        interval_text(metrics),
        auc_without_arrears(metrics),
        *(figure_text(metrics, key) for key in FIGURES),
        figure(metrics.get("cut_off")),
    )


def _comparisons(facts: Facts) -> Markup:
    return items(
        dict.fromkeys(comparison_words(one, facts.book.plain_name) for one in facts.details.get("comparisons", []))
    )


def _choice(facts: Facts) -> Markup:
    found, name = facts.details.get("candidates", {}), facts.row.model_name
    if not found:
        return paragraph("Why this one was chosen is not known.")
    best, kept = by_rank(found)[0], facts.details.get("cut_off")
    measure = "out-of-fold AUC" if all("out_of_fold_auc" in one for one in found.values()) else "test AUC"
    why = f"{name} has the highest {measure} of {len(found)} candidates." if name == best else ""
    return join([paragraph(why), paragraph(measures_note(kept)), note(arrears_note(facts.metrics))])


def _test(facts: Facts) -> Markup:
    verdict = facts.details.get("promotion")
    if not verdict:
        return paragraph("No promotion test was recorded for this version.")
    found = outcome_of_test(verdict, facts.approval)
    anchor = ""
    if facts.anchor is not None:
        own = "This model is the anchor" if facts.anchor == facts.version else f"The anchor is {facts.anchor}"
        anchor = f"{own} of {facts.as_of}: the champion that a person chose last, else the first."
    return join([paragraph(found.sentence), pairs(verdict_numbers(verdict)), note(anchor)])


def _threshold(facts: Facts) -> float:
    verdict = facts.details.get("promotion") or {}
    return float(verdict.get("threshold") or facts.deployment.settings.auc_threshold)


PARTS: Parts = {
    "": _table,
    "Why this one": _choice,
    "Against the champion and the anchor": _test,
    "Feature sets compared": _comparisons,
}
