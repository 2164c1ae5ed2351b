"""The metrics of a deployment. Names begin with `loanwatch_` and end with their base unit, as OpenTelemetry wants them.

No label has a value of a customer, a loan or a run, so their number does not grow with the data.
"""

import platform
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from itertools import groupby

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric

from engine.alerts.rules import RULES
from engine.metrics.reading import BOUNDS, Decided, Reading
from engine.metrics.run_totals import RunTotals
from storage.db.migrations.version import NEWEST
from storage.db.schema import ACTIVE_STATES
from storage.ledger.alerts.records import ACKNOWLEDGED, OPEN
from storage.settings import Settings, is_remote

MODEL_STATUSES = ("healthy", "watch", "breach", "insufficient", "stale", "data fault")
PROCESS_STATES = ("alive", "silent", "gone", "stopped")
Samples = Iterable[tuple[tuple[str, ...], float]]  # values of the labels, value


def families_of(settings: Settings, reading: Reading | None) -> Iterator[Metric]:
    """The metrics: of this host always, of the ledger unless it could not be read (None)."""
    yield _build()
    yield _gauge("ledger_up", "Whether the ledger could be read (1) or not (0).", [((), reading is not None)])
    yield _gauge("disk_free_bytes", "Free space at the folders of the deployment.", _disks(settings), ("place",))
    yield from _thresholds(settings)
    if reading is not None:
        yield from _run_families(reading)
        yield from _process_families(reading)
        yield from _dataset_families(reading)
        yield from _model_families(reading.decided)
        yield from _alert_families(reading)


def _gauge(name: str, told: str, samples: Samples, labels: tuple[str, ...] = ()) -> Metric:
    unit = next((unit for unit in ("seconds", "bytes") if name.endswith(f"_{unit}")), "")
    family = GaugeMetricFamily(f"loanwatch_{name}", told, labels=labels, unit=unit)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family


def _build() -> Metric:
    facts = {"schema": NEWEST, "python": platform.python_version(), "ray": version("ray")}
    return InfoMetricFamily("loanwatch_build", "The release: the ledger's schema that it uses, Python, Ray.", facts)


def _disks(settings: Settings) -> Iterator[tuple[tuple[str, ...], float]]:
    roots = {"datamart": settings.datamart_root, "models": settings.models_root, "reports": settings.reports_root}
    for place, root in {"home": str(settings.home.absolute()), **roots}.items():
        if not is_remote(root):
            with suppress(OSError):  # a folder that is not there yet
                yield (place,), shutil.disk_usage(root).free


def _thresholds(settings: Settings) -> Iterator[Metric]:
    yield _gauge("model_auc_threshold", "AUC below which the gate retrains.", [((), settings.auc_threshold)])
    yield _gauge("model_psi_threshold", "PSI from which on the gate retrains.", [((), settings.psi_threshold)])


def _run_families(reading: Reading) -> Iterator[Metric]:
    ended = [each for each in reading.runs if each.state not in ACTIVE_STATES]
    total = CounterMetricFamily("loanwatch_runs", "Runs that have ended, by their state.", labels=("pipeline", "state"))
    for each in ended:
        total.add_metric((each.pipeline, each.state), each.count)
    yield total
    yield _durations(ended)
    active = [((each.pipeline, each.state), each.count) for each in reading.runs if each.state in ACTIVE_STATES]
    yield _gauge("runs_active", "Queued and running runs.", active, ("pipeline", "state"))
    queued = [each for each in reading.runs if each.state == "queued"]
    yield _gauge("queue_length", "Runs that wait for a worker.", [((), sum(each.count for each in queued))])
    oldest = min((each.first_request for each in queued if each.first_request), default=reading.at)
    yield _gauge(
        "queue_oldest_age_seconds",
        "Time that the oldest queued run has waited; 0 without one.",
        [((), _age(reading, oldest))],
    )
    ends = [(each.pipeline, each.last_end) for each in ended if each.state == "succeeded" and each.last_end]
    stamps = [((pipeline,), end.timestamp()) for pipeline, end in ends]
    yield _gauge("run_last_success_timestamp_seconds", "End of the last succeeded run.", stamps, ("pipeline",))
    since = [((pipeline,), _age(reading, end)) for pipeline, end in ends]
    yield _gauge("run_last_success_age_seconds", "Time since the end of the last succeeded run.", since, ("pipeline",))


def _durations(ended: Iterable[RunTotals]) -> Metric:
    family = HistogramMetricFamily(
        "loanwatch_run_duration_seconds",
        "Duration of the runs that have ended.",
        labels=("pipeline", "state"),
        unit="seconds",
    )
    for each in ended:
        if each.timed:
            within = zip(map(str, BOUNDS), each.within, strict=True)
            family.add_metric((each.pipeline, each.state), [*within, ("+Inf", each.timed)], each.seconds)
    return family


def _process_families(reading: Reading) -> Iterator[Metric]:
    rows = sorted(reading.processes, key=lambda row: (row["kind"], row["host"]))
    counts = {(kind, state): 0.0 for kind in sorted({row["kind"] for row in rows}) for state in PROCESS_STATES}
    for row in rows:
        counts[row["kind"], row["state"]] += 1
    yield _gauge("processes", "Processes of the last week, by their state.", counts.items(), ("kind", "state"))
    # By host, not by process id: after a restart the series goes on. The newest heartbeat counts.
    running = [row for row in rows if row["state"] != "stopped"]
    ages = (
        ((kind, host), min(_age(reading, datetime.fromisoformat(row["seen"])) for row in group))
        for (kind, host), group in groupby(running, key=lambda row: (row["kind"], row["host"]))
    )
    told = "Time since the newest heartbeat of a worker, scheduler or console that has not been stopped."
    yield _gauge("process_heartbeat_age_seconds", told, ages, ("kind", "host"))


def _dataset_families(reading: Reading) -> Iterator[Metric]:
    newest = [((row["dataset"],), _midnight(row["newest"])) for row in reading.datasets if row["newest"]]
    told = "Midnight (UTC) of the day of the newest row of a dataset, as the newest successful run read it."
    yield _gauge("dataset_newest_row_timestamp_seconds", told, newest, ("dataset",))
    stale = [((row["dataset"],), row["state"] == "stale") for row in reading.datasets]
    yield _gauge("dataset_stale", "Whether the newest row is older than the dataset's cadence.", stale, ("dataset",))


def _model_families(decided: Decided | None) -> Iterator[Metric]:
    """AUC, PSI and status of the newest monitoring date; a value that was not measured is absent."""
    known = decided.numbers if decided else {}
    told = {
        "auc": "AUC of the champion on the newest mature cohorts.",
        "psi": "PSI of the champion's scores.",
        "psi_chance_level": "PSI that chance alone would reach (99%).",
    }
    for name, words in told.items():
        value = known.get(name)
        yield _gauge(f"model_{name}", words, [] if value is None else [((), value)])
    states = [((each,), decided.status == each) for each in MODEL_STATUSES] if decided else []
    yield _gauge(
        "model_status", "The gate's status of the newest monitoring date: 1 for that one.", states, ("status",)
    )
    day = [((), _midnight(decided.day.isoformat()))] if decided else []
    yield _gauge("monitoring_date_timestamp_seconds", "Midnight (UTC) of the newest monitoring date.", day)


def _alert_families(reading: Reading) -> Iterator[Metric]:
    # Each rule is always there, so that a query of an alert that never was finds 0 and not nothing.
    counts = {(rule, state): reading.alerts.get((rule, state), 0) for rule in RULES for state in (OPEN, ACKNOWLEDGED)}
    yield _gauge("alerts", "Alerts that are not resolved, by rule.", counts.items(), ("rule", "state"))
    raised = CounterMetricFamily("loanwatch_alerts_raised", "Alerts ever raised, by rule.", labels=("rule",))
    for rule in RULES:
        raised.add_metric((rule,), sum(count for (name, _), count in reading.alerts.items() if name == rule))
    yield raised
    told = "Messages about alerts, by channel and state: pending, sending, sent, failed."
    yield _gauge("alert_messages", told, reading.messages.items(), ("channel", "state"))


def _age(reading: Reading, at: datetime) -> float:
    return max(0.0, (reading.at - at).total_seconds())


def _midnight(day: str) -> float:
    return datetime.combine(date.fromisoformat(day), time(), UTC).timestamp()
