"""The verdict of a monitoring date in one sentence, with its numbers, its loans and its noise level."""

from markupsafe import Markup

from console.app.navigation import run_link
from console.components.elements import Text, join, state_html, with_code, write_html
from console.components.times import day
from console.drift.query import View
from jobs.accounting.flagged import flagged_remark
from jobs.charts.kit import STATUS_WORDS
from jobs.governance.breaches import OF_DATA
from jobs.governance.verdict import verdict
from storage.db.ledger import LedgerRow


def show_verdict(view: View) -> None:
    """Shows the verdict, the model, the links to the runs, and the decision."""
    status = view.row["status"]
    note = join([flagged_remark(view.row), _model_sentence(view), _links(view)], " ")
    write_html(
        Markup(
            '<div class="lw-verdict"><p class="lw-verdict-sentence">{} on {}: {}</p><p class="lw-note">{}</p>{}</div>'
        ).format(
            state_html(status, STATUS_WORDS.get(status, status).capitalize()),
            day(view.filters.day),
            verdict(view.row, view.decision, view.thresholds),
            note,
            _reason(view.decision),
        )
    )


def _model_sentence(view: View) -> str:
    version = view.row["model_version"]
    after = view.monitoring_run.values.get("after_imputation", "")
    hint = f" {after}" if after else ""
    if version == view.champion:
        return f"Model {version}, the champion.{hint}"
    now = f"; now it is {view.champion}" if view.champion else ""
    return f"Model {version}, champion then{now}.{hint}"


def _links(view: View) -> Text:
    requested = view.decision.requested_run_id if view.decision is not None else None
    links = [run_link(view.monitoring_run.run_id, "the monitoring run"), run_link(requested, "the training")]
    sentence = join(links, " and ")
    return Markup("See {}.").format(sentence) if sentence else ""


def _reason(decision: LedgerRow | None) -> Text:
    """The stored reason of a decision that had an action, or that is about the data."""
    if decision is not None and decision.action == "none" and decision.status not in OF_DATA:
        return ""
    if decision is None:
        return Markup('<p class="lw-note">No retraining decision was recorded for this date.</p>')
    return Markup('<p class="lw-note">Retraining rule: {}</p>').format(with_code(decision.reason))
