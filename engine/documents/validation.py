"""The document of a validation: backtest by cohort, segments and expected loss of a monitoring date."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection

from engine.documents.monitoring import METRICS_TASK
from engine.documents.values import Document
from engine.errors import UnusableRequest
from jobs.accounting.flagged import flagged_numbers, flagged_sentence
from jobs.statistics.rounding import count, figure, percent
from storage.db.ledger import LedgerRow
from storage.ledger.runs import dates_of_success, newest_success, success_for
from storage.ledger.tasks import task_rows

SEGMENTS = ("Group", "Loans", "AUC", "95% interval", "Bad rate", "Mean PD", "Light", "Approved", "Of the highest")
CONCENTRATION = ("Riskiest", "Loans", "PD from", "Exposure", "Expected loss", "Defaults")
NOT_IN_ARREARS = "not in arrears"
LOANS_OF = {"waiting": "without an outcome yet", "known": "with a known outcome"}

Cells = tuple[str, ...]
Pair = tuple[Cells, Cells | None]  # of all loans, and of those not in arrears at scoring where they are not all


def validation_document(connection: Connection, day: date | None = None) -> Document | None:
    """Backtest, segments and losses of a monitoring date, by default the latest, from its newest monitoring run.

    `flagged` are the numbers of the loans of flagged customers, which the losses leave out. None before the first
    monitoring run. Raises UnusableRequest when that date was not monitored, or by an earlier release, which kept no
    validation or one of another form.
    """
    found = monitored(connection, day)
    if found is None:
        return None
    run, values = found
    kept = values.get("validation")
    if kept is None or not has_known_form(kept):
        advice = f"run `python -m engine run monitoring --as-of {run.as_of} --force`"
        raise UnusableRequest(f"{run.as_of} was monitored by an earlier release, without this backtest; {advice}.")
    row = values["row"]
    head = {"monitoring_date": run.as_of.isoformat(), "run_id": run.run_id, "version": row["model_version"]}
    return {**head, **kept, "flagged": flagged_numbers(row)}


def has_known_form(validation: Mapping[str, Any]) -> bool:
    """Whether a monitoring run kept a validation of the form that this release writes."""
    if not {"backtest", "segments", "losses"} <= validation.keys():
        return False
    losses = validation["losses"]
    parts = (row.get("not_in_arrears") or row for row in validation["segments"])
    return (losses is None or LOANS_OF.keys() <= losses.keys()) and all("loans" in part for part in parts)


def monitored(connection: Connection, day: date | None = None) -> tuple[LedgerRow, dict[str, Any]] | None:
    """(the newest run that monitored a date, by default the latest date; the values of its metrics).

    None before the first monitoring run. Raises UnusableRequest when that date was not monitored.
    """
    run = newest_success(connection, "monitoring") if day is None else success_for(connection, "monitoring", day)
    if run is None:
        if day is None:
            return None
        raise UnusableRequest(_not_monitored(day, dates_of_success(connection, "monitoring")))
    outcomes = {row.task: row.outcome["outcome"] for row in task_rows(connection, run.run_id) if row.outcome}
    return run, outcomes.get(METRICS_TASK, {}).get("values", {})


def _not_monitored(day: date, dates: Sequence[date]) -> str:
    nearest = min(dates, key=lambda other: abs(other - day), default=None)
    others = f"; the nearest date with a record is {nearest}" if nearest else ""
    return f"{day} was not monitored{others}. Run `python -m engine run monitoring --as-of {day}` to monitor it."


def uncalibrated_in_words(found: Mapping[str, Any], version: str) -> str:
    """That the scores of a model of an earlier release are no probabilities; '' for a calibrated model."""
    if found.get("calibrated", True):
        return ""
    return (
        f"Model {version} is of an earlier release and not calibrated: its probabilities of default are not known. "
        "Mean PD, lights and expected losses are those of its raw scores."
    )


def losses_in_words(losses: Mapping[str, Any], flagged: Mapping[str, Any]) -> list[str]:
    """The expected losses in sentences: of the loans without an outcome, and of the others beside what was observed.

    Last come the loans of flagged customers, by their numbers `flagged` (see `flagged_numbers`), which are left out.
    """
    waiting, known, lgd = losses["waiting"], losses["known"], losses["lgd"]
    of_waiting = (
        f"{waiting['loans']:,} loans are {LOANS_OF['waiting']}: exposure {waiting['exposure']:,.0f}, expected loss "
        f"{waiting['expected_loss']:,.0f}{_rate(waiting)}, at a loss given default of {lgd:.0%}."
    )
    of_known = (
        f"{known['loans']:,} loans that the model was not fitted on have a known outcome: exposure "
        f"{known['exposure']:,.0f}, expected loss {known['expected_loss']:,.0f}{_rate(known)}, observed "
        f"{known['observed_loss']:,.0f} (loss given default x exposure of the bad loans)."
    )
    told = [of_waiting, *_without_arrears(waiting), of_known, *_without_arrears(known)]
    without = waiting["without_exposure"] + known["without_exposure"]
    if without:
        told.append(f"{without:,} loans have no amount and are left out.")
    if words := flagged_sentence(flagged):
        told.append(f"{words} Exposure and expected loss leave them out too.")
    return told


def calibration_in_words(whole: Mapping[str, Any]) -> str:
    """How the mean PD of all loans of a backtest compares with their defaults; then of those not in arrears."""
    told = (
        f"Over {whole['n']:,} loans the mean PD is {whole['mean_pd']:.1%} and {whole['bad_rate']:.1%} defaulted "
        f"({_light(whole)})."
    )
    apart = whole.get("not_in_arrears")
    if not apart or apart["n"] in (0, whole["n"]):
        return told
    return (
        f"{told} On the {apart['n']:,} of them not in arrears at scoring the mean PD is {apart['mean_pd']:.1%} and "
        f"{apart['bad_rate']:.1%} defaulted ({_light(apart)}); PDs are calibrated on all loans together."
    )


def _light(found: Mapping[str, Any]) -> str:
    return f"light {found['light']}{': PD ' + found['direction'] if found['direction'] else ''}"


def _without_arrears(losses: Mapping[str, Any]) -> Sequence[str]:
    """The losses of the loans not in arrears at scoring in a sentence; none where it is not known or they are all."""
    apart = losses.get("not_in_arrears")
    if not apart or apart["loans"] == losses["loans"]:
        return []
    observed = "" if losses["observed_loss"] is None else f", observed {apart['observed_loss']:,.0f}"
    return [
        (
            f"Of these, {apart['loans']:,} were not in arrears at scoring: exposure {apart['exposure']:,.0f}, expected "
            f"loss {apart['expected_loss']:,.0f}{_rate(apart)}{observed}."
        )
    ]


def backtest_in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """The backtest of all loans and the lights of the cohorts in words."""
    if not rows:
        return "No outcomes are known yet."
    lights = [row["light"] for row in rows[1:]]
    amber, red = lights.count("amber"), lights.count("red")
    return (
        f"{calibration_in_words(rows[0])} Of {len(lights)} cohorts {amber} {'is' if amber == 1 else 'are'} amber and "
        f"{red} red; by chance alone 5% are amber or red."
    )


def concentration_cells(what: str, losses: Mapping[str, Any]) -> Iterator[Pair]:
    """What the riskiest loans carry, as text for the columns CONCENTRATION; `what` is a key of LOANS_OF."""
    apart = losses.get("not_in_arrears") or {"loans": losses["loans"]}
    others = [] if apart["loans"] == losses["loans"] else apart["concentration"]
    for row, other in zip_longest(losses["concentration"], others):
        name = f"{row['share']:.0%} {LOANS_OF[what]}"
        yield (name, *_concentration(row)), (NOT_IN_ARREARS, *_concentration(other)) if other else None


def segments_in_words(segments: Sequence[Mapping[str, Any]]) -> str:
    """How many groups are approved less often than four fifths of the highest, and which loans the numbers are of."""
    below = sum(row["below_four_fifths"] for row in segments)
    return (
        f"{below} {'group is' if below == 1 else 'groups are'} approved less than four fifths as often as the highest "
        "of their segment. Loans are all that the model was not fitted on; AUC, bad rate and light are of those with a "
        "known outcome. The light compares bad rate and mean PD. The second row of a group, where there is one, is of "
        "its loans not in arrears at scoring."
    )


def segment_cells(row: Mapping[str, Any]) -> Pair:
    """A group of a segment as text for the columns SEGMENTS; its light is '-' where no outcome is known."""
    mark = " (below 4/5)" if row["below_four_fifths"] else ""
    approval = (percent(row["approval"]), f"{percent(row['approval_ratio'])}{mark}")
    apart = row.get("not_in_arrears") or row
    others = (NOT_IN_ARREARS, count(apart["loans"]), *_outcomes(apart), "", "")
    whole = (row["band"], count(row["loans"]), *_outcomes(row), *approval)
    return whole, others if apart["loans"] != row["loans"] else None


def _concentration(row: Mapping[str, Any]) -> Cells:
    shares = (percent(row[name]) for name in ("least_pd", "exposure", "expected_loss", "defaults"))
    return (count(row["loans"]), *shares)


def _outcomes(row: Mapping[str, Any]) -> Cells:
    interval = "-" if row["auc_low"] is None else f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"
    return figure(row["auc"]), interval, percent(row["bad_rate"]), percent(row["mean_pd"]), row["light"] or "-"


def _rate(losses: Mapping[str, Any]) -> str:
    return "" if losses["expected_loss_rate"] is None else f" ({losses['expected_loss_rate']:.1%} of it)"
