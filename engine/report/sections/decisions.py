"""Decisions and overrides: what people and the rules decided, when, why, and who."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from engine.documents.champions.history import Event
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, day, join, note, paragraph, table
from engine.report.sections.words import day_and_time
from jobs.charts.kit import STATUS_WORDS
from jobs.modelling.promotion.outcome import is_passed
from storage.ledger.approvals import REQUESTED, SUPERSEDED

OF_TESTS = {"champion": "promotion", REQUESTED: "request for approval", SUPERSEDED: "end of the request"}
HEADS = ("Logical date", "When", "Who", "What", "Subject", "Why")
RULE = ("Monitoring date", "Status", "Action", "Run", "Reason")


def _of_people(facts: Facts) -> Markup:
    events = facts.history.actions
    if not events:
        return paragraph("No person decided on a model or a training up to this date.")
    shown = table(
        "Actions of people, oldest first", HEADS, (_row(one, _what(facts, one)) for one in events), stacked=True
    )
    overrides = sum(bool(_override(facts, one)) for one in events)
    told = f"{overrides} of {len(events)} are overrides: they set aside what a rule had decided."
    return join([shown, note(told if overrides else "None of them sets aside what a rule had decided.")])


def _what(facts: Facts, event: Event) -> Text:
    told = _override(facts, event)
    return Markup("{}<br><strong>Override: {}</strong>").format(event.what, told) if told else event.what


def _override(facts: Facts, event: Event) -> str:
    """Which rule an action sets aside; '' for none."""
    if event.what in ("promote", "approve", "request approval"):
        verdict = facts.verdicts.get(event.subject)
        if verdict and not is_passed(verdict):
            return "it did not pass its promotion test"
    if event.what == "reject" and is_passed(facts.verdicts.get(event.subject)):
        return "it passed its promotion test"
    if event.what.startswith("cancel") and event.what.endswith("requested"):
        return "the retraining rule had requested it"
    return {
        "rollback": "the champion was replaced",
        "pause of the schedule": "trainings of the schedule do not run",
    }.get(event.what, "")


def _of_tests(facts: Facts) -> Markup:
    """What runs decided: promotions, and requests for the approval of a second person."""
    every = (*facts.history.champions, *facts.history.approvals)
    runs = [one for one in every if one.run_id or one.what == SUPERSEDED]
    if not runs:
        return paragraph("No run promoted a model up to this date.")
    rows = (_row(one, OF_TESTS.get(one.what, one.what)) for one in sorted(runs, key=lambda one: one.at))
    return table("Promotions and requests of runs, oldest first", HEADS, rows, stacked=True)


def _row(event: Event, what: Text) -> Sequence[Text]:
    return day(event.day), day_and_time(event.at), event.who, what, event.subject, event.why or "no reason was given"


def _of_rule(facts: Facts) -> Markup:
    if not facts.decisions:
        return paragraph("The retraining rule decided nothing up to this date.")
    rows = list(_decided(facts))
    quiet = len(facts.decisions) - len(rows)
    told = f"{quiet} more decisions requested nothing, because nothing had to be done." if quiet else ""
    return join([table("Decisions with an action, oldest first", RULE, rows, stacked=True), note(told)])


def _decided(facts: Facts) -> Iterator[Sequence[Text]]:
    for row in reversed(facts.decisions):
        if row.action != "none":
            status = STATUS_WORDS.get(row.status, row.status)
            yield day(row.monitoring_date), status, row.action, row.requested_run_id or "-", row.reason


PARTS: Parts = {
    "Of people": _of_people,
    "Of promotion tests": _of_tests,
    "Of the retraining rule": _of_rule,
}
