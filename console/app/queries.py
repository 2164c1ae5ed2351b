"""What the pages read. The ledger is asked anew each time, in milliseconds; what can't change is read once.

A version of a table or a model never changes, so its content is kept by the version's name.
"""

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd
import streamlit as st

from console.app.deployment import deployment, ledger
from engine.control.runs import reap_stale_runs
from engine.documents.models import decisions_document
from engine.documents.processes import health_document, schedule_document
from engine.documents.values import Document
from jobs.governance.policy import Thresholds
from jobs.statistics.drift import MODERATE
from storage.db.ledger import LedgerRow
from storage.lake.datamart import TableVersion
from storage.lake.names import MONITORING, MONITORING_COHORTS, MONITORING_FEATURES
from storage.ledger.catalog import current_versions
from storage.ledger.models import ModelVersion, model_by_alias, model_from_json
from storage.ledger.runs import recent_runs

KEPT_TABLES = 32  # versions of tables whose rows are kept in memory, over all sessions
KEPT_MODELS = 64


def processes() -> list[Document]:
    """The newest processes with their state: alive, silent, gone or stopped."""
    found: list[Document] = health_document(deployment())["processes"]
    return found


def living(kind: str) -> list[Document]:
    """The living processes of a kind."""
    return [process for process in processes() if process["kind"] == kind and process["state"] == "alive"]


def schedules() -> list[Document]:
    """Each pipeline's timing, next slots and pause."""
    found: list[Document] = schedule_document(deployment())["pipelines"]
    return found


def last_run(pipeline: str) -> LedgerRow | None:
    """The newest run of a pipeline, None before its first."""
    with ledger().reading() as connection:
        return next(iter(recent_runs(connection, 1, pipeline)), None)


def silence(run: LedgerRow) -> float:
    """Seconds since whoever carries a running run out was last heard of; 0 for a run that nobody carries out."""
    heard = run.heartbeat_at or run.started_at
    if run.state != "running" or heard is None:
        return 0.0
    return max(0.0, float((ledger().clock() - heard).total_seconds()))


def end_lost_runs(runs: Iterable[LedgerRow]) -> bool:
    """Whether one of the runs was silent for longer than its lease, and has been ended as crashed.

    Whoever looks first does so: when no worker and no scheduler lives, that is the console.
    """
    lost = any(silence(run) > deployment().settings.lease for run in runs)
    return lost and bool(reap_stale_runs(deployment()))


def last_decision() -> Document | None:
    """The newest decision of the governance gate, None before the first."""
    with ledger().reading() as connection:
        return next(iter(decisions_document(connection, 1)), None)


def champion() -> ModelVersion | None:
    """The model that scores now, None before the first training."""
    with ledger().reading() as connection:
        return model_by_alias(connection)


def monitoring() -> pd.DataFrame:
    """The monitoring history, a row for each monitoring_date, oldest first; empty before the first."""
    rows = published(MONITORING)
    return rows if rows.empty else rows.sort_values("monitoring_date")


def monitoring_cohorts() -> pd.DataFrame:
    """The monitoring history by cohort month; empty before the first."""
    return published(MONITORING_COHORTS)


def monitoring_features() -> pd.DataFrame:
    """The drift of every feature at every monitoring_date; empty before the first."""
    return published(MONITORING_FEATURES)


def published(table: str) -> pd.DataFrame:
    """The rows of a small published table; an empty frame when it is not published yet."""
    version = version_of(table)
    return pd.DataFrame() if version is None else rows_of(version)


def version_of(table: str) -> TableVersion | None:
    """The version of a table that is published now; None before the first."""
    with ledger().reading() as connection:
        return current_versions(connection).get(table)


def thresholds() -> Thresholds:
    """The thresholds that the gate goes by now."""
    settings = deployment().settings
    return Thresholds(settings.auc_threshold, settings.psi_threshold, min(MODERATE, settings.psi_threshold))


def rows_of(version: TableVersion) -> pd.DataFrame:
    """The rows of a version of a small table; the frame is shared and must not be changed."""
    return _rows(deployment().settings.datamart_root, version.table, version.version, version)


def metadata_of(model: ModelVersion) -> dict[str, Any]:
    """The model_metadata document of a registered model, its digest checked."""
    return _metadata(deployment().settings.models_root, model.version, model)


def model_of_row(row: LedgerRow) -> ModelVersion:
    """The registered model of a row of the registry."""
    names = ("version", "model_name", "files", "summary", "trained_on")
    return model_from_json({name: getattr(row, name) for name in names})


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner=False)
def _rows(root: str, table: str, name: str, _version: TableVersion) -> pd.DataFrame:  # noqa: ARG001 - the key
    frame: pd.DataFrame = deployment().datamart.read(_version).to_pandas(date_as_object=True)
    return frame


@st.cache_resource(max_entries=KEPT_MODELS, show_spinner=False)
def _metadata(root: str, name: str, _model: ModelVersion) -> dict[str, Any]:  # noqa: ARG001 - the key
    found: dict[str, Any] = json.loads(deployment().models.read(_model.files["metadata"]))
    return found
