"""The document of a validation: backtest by cohort, segments and expected loss of a monitoring date."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.documents.values import Document
from engine.errors import UnusableRequest
from storage.ledger.runs import dates_of_success, newest_success, success_for
from storage.ledger.tasks import task_rows

TASK = "calculate_monitoring_metrics"
LOANS_OF = {"waiting": "without an outcome yet", "known": "with a known outcome"}


def validation_document(connection: Connection, day: date | None = None) -> Document | None:
    """Backtest, segments and losses of a monitoring date, by default the latest, from its newest monitoring run.

    None before the first monitoring run. Raises UnusableRequest when that date was not monitored, or by an earlier
    release, which kept no validation.
    """
    if day is None:
        run = newest_success(connection, "monitoring")
        if run is None:
            return None
    else:
        run = success_for(connection, "monitoring", day)
        if run is None:
            raise UnusableRequest(_not_monitored(day, dates_of_success(connection, "monitoring")))
    outcomes = {row.task: row.outcome["outcome"] for row in task_rows(connection, run.run_id) if row.outcome}
    values = outcomes.get(TASK, {}).get("values", {})
    if "validation" not in values:
        advice = f"run `python -m engine run monitoring --as-of {run.as_of} --force`"
        raise UnusableRequest(f"{run.as_of} was monitored by an earlier release, without a backtest; {advice}.")
    version = values["row"]["model_version"]
    return {"monitoring_date": run.as_of.isoformat(), "run_id": run.run_id, "version": version, **values["validation"]}


def _not_monitored(day: date, dates: Sequence[date]) -> str:
    nearest = min(dates, key=lambda other: abs(other - day), default=None)
    others = f"; the nearest date with a record is {nearest}" if nearest else ""
    return f"{day} was not monitored{others}. Run `python -m engine run monitoring --as-of {day}` to monitor it."


def losses_in_words(losses: Mapping[str, Any]) -> list[str]:
    """The expected losses in sentences: of the loans without an outcome, and of the others beside what was observed."""
    waiting, known, lgd = losses["waiting"], losses["known"], losses["lgd"]
    of_waiting = (
        f"{waiting['loans']:,} loans are {LOANS_OF['waiting']}: exposure {waiting['exposure']:,.0f}, expected loss "
        f"{waiting['expected_loss']:,.0f}{_rate(waiting)}, at a loss given default of {lgd:.0%}."
    )
    of_known = (
        f"{known['loans']:,} loans that the model was not fitted on are {LOANS_OF['known']}: exposure "
        f"{known['exposure']:,.0f}, expected loss {known['expected_loss']:,.0f}{_rate(known)}, observed "
        f"{known['observed_loss']:,.0f} (loss given default x exposure of the bad loans)."
    )
    told = [of_waiting, of_known]
    without = waiting["without_exposure"] + known["without_exposure"]
    return [*told, f"{without:,} loans have no amount and are left out."] if without else told


def _rate(losses: Mapping[str, Any]) -> str:
    return "" if losses["expected_loss_rate"] is None else f" ({losses['expected_loss_rate']:.1%} of it)"
