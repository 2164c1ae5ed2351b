"""The queries that pages share. The ledger is queried each time, which takes milliseconds.

A version of a table or a model never changes, so its content is cached by the version's name.
"""

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from time import monotonic
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from console.access.session import person
from console.app.deployment import deployment, ledger
from engine.control.runs import reap_stale_runs
from engine.documents.monitoring import thresholds_of_settings
from engine.documents.processes import pipeline_documents, process_documents
from engine.documents.values import Document
from jobs.governance.breaches import Thresholds
from storage.db.ledger import LedgerRow
from storage.lake.datamart import TableVersion
from storage.lake.names import MONITORING, MONITORING_FEATURES
from storage.ledger.catalog import current_version
from storage.ledger.models import ModelVersion, model_by_alias, model_from_json

Loaded = TypeVar("Loaded")

KEPT_TABLES = 32  # versions of tables whose rows are kept in memory, over all sessions
KEPT_DATES = 128  # of a monitoring table
KEPT_MODELS = 64
FRESH = 1.0  # seconds in which the fragments of a page share a loaded value
VERSION_KEYS: dict[str | type, Callable[[Any], Any]] = {  # hash_funcs of caches: the key of a version
    TableVersion: lambda version: (deployment().settings.datamart_root, version.table, version.version),
    ModelVersion: lambda model: (deployment().settings.models_root, model.version),
}


def shared(name: str, load: Callable[[], Loaded], *, of: str = "", reload: bool = False) -> Loaded:
    """The result of `load` for the subject `of`, at most a second old, so that the fragments of a page share one load.

    Raises NotSignedIn or Refused when the session is not admitted any more.
    """
    person()
    key = f"loaded-{name}"
    subject, at, value = st.session_state.get(key, ("", 0.0, None))
    if reload or value is None or subject != of or monotonic() - at > FRESH:
        value = load()
        st.session_state[key] = (of, monotonic(), value)
    loaded: Loaded = value
    return loaded


def processes() -> list[Document]:
    """The newest processes with their state: alive, silent, gone or stopped."""
    with ledger().reading() as connection:
        return process_documents(deployment(), connection)


def alive(kind: str) -> list[Document]:
    """The processes of a kind that are alive."""
    return [process for process in processes() if process["kind"] == kind and process["state"] == "alive"]


def schedules() -> list[Document]:
    """Each pipeline's timing, next slots and pause."""
    with ledger().reading() as connection:
        return pipeline_documents(deployment(), connection)


def heartbeat_age(run: LedgerRow, now: datetime) -> float:
    """Seconds from the last heartbeat of a running run to `now`; 0 for a run that is not running."""
    heartbeat_at = run.heartbeat_at or run.started_at
    if run.state != "running" or heartbeat_at is None:
        return 0.0
    return max(0.0, float((now - heartbeat_at).total_seconds()))


def reap_lost_runs(runs: Iterable[LedgerRow], now: datetime) -> bool:
    """Marks runs as crashed whose heartbeat is older than the lease. Returns whether there were any.

    This is needed when neither a worker nor a scheduler is running.
    """
    lost = any(heartbeat_age(run, now) > deployment().settings.lease for run in runs)
    return lost and bool(reap_stale_runs(deployment()))


def champion() -> ModelVersion | None:
    """The champion; None before the first training."""
    with ledger().reading() as connection:
        return model_by_alias(connection)


def monitoring() -> pd.DataFrame:
    """The monitoring history, a row for each monitoring_date, oldest first; empty before the first."""
    version = version_of(MONITORING)
    return pd.DataFrame() if version is None else _by_date(version)


def monitoring_features() -> pd.DataFrame:
    """The drift of every feature at every monitoring_date; empty before the first."""
    return published(MONITORING_FEATURES)


def monitored(table: str, day: date) -> pd.DataFrame:
    """The rows of a monitoring table at a monitoring_date; empty before the first."""
    version = version_of(table)
    return pd.DataFrame() if version is None else _of_date(version, day)


def published(table: str) -> pd.DataFrame:
    """The rows of a small published table; an empty frame when it is not published yet."""
    version = version_of(table)
    return pd.DataFrame() if version is None else rows_of(version)


def version_of(table: str) -> TableVersion | None:
    """The published version of a table; None when it is not published yet."""
    with ledger().reading() as connection:
        return current_version(connection, table)


def thresholds() -> Thresholds:
    """The thresholds of the retraining rule."""
    return thresholds_of_settings(deployment().settings)


def rows_of(version: TableVersion) -> pd.DataFrame:
    """The rows of a version of a small table. The frame is shared and must not be changed."""
    return _rows(version)


def metadata_of(model: ModelVersion) -> dict[str, Any]:
    """The model_metadata document of a registered model. Raises UntrustedModel for a changed file."""
    return _metadata(model)


def model_of_row(row: LedgerRow) -> ModelVersion:
    """The model of a row of the registry."""
    names = ("version", "model_name", "files", "summary", "trained_on")
    return model_from_json({name: getattr(row, name) for name in names})


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner=False, hash_funcs=VERSION_KEYS)
def _rows(version: TableVersion) -> pd.DataFrame:
    frame: pd.DataFrame = deployment().datamart.read(version).to_pandas(date_as_object=True)
    return frame


@st.cache_resource(max_entries=KEPT_TABLES, show_spinner=False, hash_funcs=VERSION_KEYS)
def _by_date(version: TableVersion) -> pd.DataFrame:
    return _rows(version).sort_values("monitoring_date")


@st.cache_resource(max_entries=KEPT_DATES, show_spinner=False, hash_funcs=VERSION_KEYS)
def _of_date(version: TableVersion, day: date) -> pd.DataFrame:
    rows = _rows(version)
    return rows[rows["monitoring_date"] == day]


@st.cache_resource(max_entries=KEPT_MODELS, show_spinner=False, hash_funcs=VERSION_KEYS)
def _metadata(model: ModelVersion) -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads(deployment().models.read(model.files["metadata"]))
    return metadata
