"""Purpose: what the model is for, which model it is, and how it does."""

from markupsafe import Markup

from engine.documents.candidates import calibration_text, interval_text, loans_text
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, join, note, pairs, paragraph
from engine.report.sections.words import day_and_time
from jobs.book.summary import months
from jobs.charts.kit import STATUS_WORDS
from jobs.governance.verdict import verdict
from jobs.modelling.promotion.outcome import outcome_of_test
from jobs.statistics.cut_off import cut_off_words
from jobs.statistics.rounding import figure


def role(facts: Facts) -> str:
    """Whether the model was champion on the date, and since when; whether another one followed on the same date."""
    if facts.is_champion:
        since = facts.history.champions[-1]
        return f"champion since {since.day}"
    held = [one for one in facts.history.champions if one.subject == facts.version]
    if not held:
        return "registered, never champion"
    after = next(one for one in facts.history.champions if one.at > held[-1].at)
    return f"champion from {held[-1].day} to {after.day}, replaced by {after.subject}"


def _what(facts: Facts) -> Markup:
    book = facts.book
    told = (
        f"The model gives each loan of book {book.name} a probability of default {months(book.prediction)} after the "
        f"loan's start, from what is known then. Whether the loan is bad is known {months(book.observation)} after its "
        "start."
    )
    return paragraph(told)


def _model(facts: Facts) -> Markup:
    return join([pairs(_numbers(facts)), _damage(facts)])


def _numbers(facts: Facts) -> dict[str, Text]:
    details, metrics = facts.details, facts.metrics
    rows, features = details.get("rows", {}), details.get("features")
    count = f", {len(features)} features" if features else ""
    auc = f"{figure(metrics.get('test_auc'))}, 95% interval {interval_text(metrics)}"
    verdict_of = details.get("promotion")
    book = details.get("book", {})
    return {
        "Model": f"{facts.version}, {facts.row.model_name}",
        "Role": role(facts),
        "Promotion test": outcome_of_test(verdict_of, facts.approval).words if verdict_of else "none was recorded",
        "Feature set": f"{details.get('feature_set', 'not known')}{count}",
        "Test AUC": join([auc, loans_text(rows.get("test"))], ", on "),
        "Calibration error": calibration_text(metrics),
        "Predicts default at": cut_off_words(details.get("cut_off")),
        "Trained on": loans_text(rows.get("train")) or "not known",
        "Data up to": str(details.get("as_of", "not known")),
        "Made": join([day_and_time(facts.row.created_at), facts.row.run_id], " by "),
        "Book": f"{book['name']}, SHA-256 {book['digest']}" if book else "not known",
    }


def _damage(facts: Facts) -> Markup:
    if not facts.damage:
        return Markup()
    return Markup(
        '<p class="warning">The metadata of this version can\'t be read, so parts of it are missing. {}</p>'
    ).format(facts.damage)


def _newest(facts: Facts) -> Markup:
    row = facts.monitored.row
    if row is None:
        return paragraph("The model was not monitored up to this date.")
    status = STATUS_WORDS.get(row["status"], row["status"])
    decision = next((one for one in facts.decisions if one.monitoring_date == facts.monitored.day), None)
    words = verdict(row, decision, facts.monitored.thresholds)
    text = f"Monitored on {facts.monitored.day}, status {status}: {words}"
    by = facts.monitored.by_settings
    today = f"The thresholds are told{by.removeprefix(',')}." if by else ""
    return join([paragraph(text), note(today), note(decision.reason if decision is not None else "")])


PARTS: Parts = {
    "": _what,
    "The model": _model,
    "Newest monitoring": _newest,
}
