"""Stability: AUC and PSI over time, the drift of the features, their importance, and the stability of reasons."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from engine.documents.movement import Moved, moved_between, score_sentence, since_words
from engine.report.drawing import figure as drawing
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, day, join, named, note, paragraph, table
from jobs.charts.history import auc_over_time
from jobs.charts.importance import importance_chart, importance_frame, importance_words
from jobs.charts.kit import STATUS_WORDS
from jobs.charts.report import psi_over_time
from jobs.governance.sentences import not_judged
from jobs.modelling.explanation.words import importance_in_words, stability_in_words
from jobs.monitoring.movement import WITHIN_NOISE
from jobs.statistics.rounding import count, figure

HISTORY = (
    "Date", "Model", "Status", "AUC", "95% interval", "Defaults", "AUC, all outcomes", "PSI", "Noise level", "Loans",
)  # fmt: skip
DRIFT = ("Feature", "CSI", "Noise level", "Band", "Moved", "Importance", "Change x importance")
MOST_DATES = 60  # in the table of the history
IMPORTANCE = ("Feature", "Loss of AUC", "95% interval")
APART = ("Not in arrears", "Its 95% interval")


def _history(facts: Facts) -> Markup:
    found = facts.monitored
    if not found.rows:
        return paragraph("Nothing was monitored up to this date.")
    frame, limits = found.frame, found.thresholds
    newest = list(found.rows.values())[-MOST_DATES:]
    left = f" The table has the newest {MOST_DATES} dates, the charts have all." if len(frame) > MOST_DATES else ""
    breach = f"A breach is an AUC below {limits.auc:.2f} or a PSI of at least {limits.psi:g}{found.by_settings}."
    words = f"at {len(frame)} monitoring dates up to {frame['monitoring_date'].iloc[-1]}; the table has the numbers."
    return join(
        [
            drawing(auc_over_time(frame, limits.auc), f"AUC {words}"),
            drawing(psi_over_time(frame, limits), f"PSI {words}"),
            table("Monitoring dates of all champions", HISTORY, map(_date, newest), numbers=HISTORY[3:]),
            note(f"{breach}{left}"),
        ]
    )


def _date(row: Mapping[str, Any]) -> Sequence[Text]:
    low, high = row["auc_low"], row["auc_high"]
    return (
        day(row["monitoring_date"]),
        row["model_version"],
        STATUS_WORDS.get(row["status"], row["status"]),
        join([figure(row["auc"]), not_judged(row) and " (not judged)"]),
        "-" if low is None or high is None else f"{low:.3f} to {high:.3f}",
        count(row.get("defaults")),
        figure(row.get("auc_pooled")),
        figure(row["psi"]),
        figure(row["psi_chance_level"]),
        count(row["window_rows"]),
    )


def _drift(facts: Facts) -> Markup:
    features = facts.monitored.run.values.get("features", [])
    measured = [one for one in features if one["csi"] is not None]
    if not measured:
        return paragraph("The drift of the features is not measured.")
    moved = _moved(facts)
    by_name = {one.feature: one for one in moved.features}
    rows = sorted(
        measured,
        key=lambda one: (-(getattr(by_name.get(one["feature"]), "weight", None) or 0.0), -one["csi"], one["feature"]),
    )
    cells = [
        (
            named(facts.book.plain_name(one["feature"]), one["feature"]),
            figure(one["csi"]),
            figure(one["chance_level"]),
            _band(one),
            *_movement(by_name.get(one["feature"])),
        )
        for one in rows
    ]
    weight = "times importance" if moved.weighted else "alone, because no importance is known"
    caption = f"Features on {facts.monitored.day}, by change {since_words(moved.since)} {weight}"
    return join([table(caption, DRIFT, cells, numbers=(*DRIFT[1:3], *DRIFT[5:])), note(score_sentence(moved))])


def _band(feature: Mapping[str, Any]) -> str:
    """The band of the CSI of a feature; `within noise` where it is not above its noise level."""
    return WITHIN_NOISE if feature["csi"] <= (feature["chance_level"] or 0.0) else str(feature["band"])


def _movement(found: Any) -> tuple[str, str, str]:
    if found is None:
        return "-", "-", "-"
    return found.words or "-", figure(found.importance, 4), figure(found.weight, 4)


def _moved(facts: Facts) -> Moved:
    """What moved since the model's last healthy date, or since its baseline."""
    found = facts.monitored
    return moved_between(facts.details, found.run.values, found.since, found.before.values)


def _importance(facts: Facts) -> Markup:
    found = facts.details.get("importance", [])
    if not found:
        return paragraph("No importance is known: an earlier release trained this version.")
    frame = importance_frame(found, facts.book.plain_name)
    chart = importance_chart(frame).properties(title="Loss of AUC by feature, with its 95% interval")
    known = any(one.get("not_in_arrears") for one in found)
    heads = (*IMPORTANCE, *(APART if known else ()))
    rows = [(named(facts.book.plain_name(one["feature"]), one["feature"]), *_losses(one, known=known)) for one in found]
    return join(
        [
            drawing(chart, importance_words(frame), None),
            table("The features by their importance", heads, rows, numbers=heads[1:]),
            note(importance_in_words(facts.details)),
        ]
    )


def _losses(one: Mapping[str, Any], *, known: bool) -> Sequence[str]:
    """The loss of AUC with its interval; where it is `known` also that of the loans not in arrears at scoring."""
    apart = one.get("not_in_arrears") or {"importance": None, "low": None, "high": None}
    cells = []
    for found in (one, apart) if known else (one,):
        interval = "-" if found["low"] is None else f"{found['low']:.4f} to {found['high']:.4f}"
        cells += [figure(found["importance"], 4), interval]
    return cells


def _reasons(facts: Facts) -> Markup:
    known = stability_in_words(facts.details.get("reason_stability"))
    return paragraph(known or "The stability of reasons is not known.")


PARTS: Parts = {
    "AUC and PSI by monitoring date": _history,
    "Drift of the features": _drift,
    "Importance of the features": _importance,
    "Stability of reasons": _reasons,
}
