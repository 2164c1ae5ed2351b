"""What the Data page reads: versions from the ledger, and the first rows of a table, masked before they are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from console.app.deployment import deployment, ledger
from console.app.queries import VERSION_KEYS
from console.data.masking import masked, masked_record
from engine.documents.runs import values_of
from engine.documents.tables import tables_document
from engine.documents.values import Document
from jobs.accounting.account import Account
from jobs.accounting.statements import accounts_of, remarks_of
from storage.db.ledger import LedgerRow
from storage.lake.datamart import Datamart, TableVersion
from storage.lake.names import layer_of, split_name
from storage.ledger.catalog import current_versions, publication_rows
from storage.ledger.run_search import last_success
from storage.ledger.tasks import task_rows

LAYERS = ("gold", "silver", "bronze", "quarantine", "staged")
PREVIEW = 50  # rows
QUARANTINED = 100  # rows of each dataset
MOST_DOWNLOADED = 50_000  # rows of a gold table that can be downloaded as CSV
VERSIONS = 20
KEPT_PREVIEWS = 64


@dataclass(frozen=True)
class Preview:
    """The first rows of a version, masked, and the Arrow types of its columns by name."""

    rows: pd.DataFrame
    types: dict[str, str]


@dataclass(frozen=True)
class Counted:
    """The accounts of a run, and what else it noted."""

    run_id: str
    as_of: date
    accounts: Sequence[Account]
    remarks: Sequence[str]


@dataclass(frozen=True)
class FlaggedLoans:
    """What a run counted of the loans of flagged customers, in all and by reason."""

    run_id: str
    as_of: date
    counts: Mapping[str, Any]
    by_reason: Mapping[str, Mapping[str, Any]]


def tables() -> list[Document]:
    """The published tables, the layers that people use first."""
    with ledger().reading() as connection:
        documents = tables_document(connection, deployment())
    return sorted(documents, key=lambda table: (LAYERS.index(split_name(table["table"])[0]), table["table"]))


def publications(table: str) -> Sequence[LedgerRow]:
    """The table's newest publications, newest first."""
    with ledger().reading() as connection:
        return publication_rows(connection, table, VERSIONS)


def newest_training() -> Counted | None:
    """The accounts of the newest training that succeeded; None before the first."""
    with ledger().reading() as connection:
        run = last_success(connection, "training")
        if run is None:
            return None
        values = values_of(task_rows(connection, run.run_id))
    return Counted(run.run_id, run.as_of, accounts_of(values), remarks_of(values))


def newest_flagged_loans() -> FlaggedLoans | None:
    """The loans of flagged customers as the newest monitoring that succeeded counted them; None before the first."""
    with ledger().reading() as connection:
        run = last_success(connection, "monitoring")
        if run is None:
            return None
        values = values_of(task_rows(connection, run.run_id)).get("fetch_predictions_and_actuals", {})
    return FlaggedLoans(run.run_id, run.as_of, values.get("flagged_loans", {}), values.get("flagged_by_reason", {}))


@st.cache_resource(max_entries=KEPT_PREVIEWS, show_spinner=False, hash_funcs=VERSION_KEYS)
def preview(version: TableVersion) -> Preview:
    """The first rows of a version; DamagedFile or StorageError when its files can't be read."""
    head = deployment().datamart.head(version, PREVIEW)
    types = {field.name: str(field.type) for field in head.schema}
    return Preview(_masked(version.table, head.to_pandas(date_as_object=True, integer_object_nulls=True)), types)


def quarantined() -> dict[str, pd.DataFrame]:
    """The first quarantined records of every dataset that has any: file, line, reason, and masked text."""
    with ledger().reading() as connection:
        versions = current_versions(connection)
    quarantine = [source.quarantine_table for source in deployment().book.sources]
    filled = {name: versions[name] for name in quarantine if name in versions and versions[name].rows}
    return {split_name(name)[1]: _quarantined(version) for name, version in filled.items()}


def downloadable(version: TableVersion) -> bool:
    """Whether all rows can be downloaded: of a gold table, which holds no personal data, if it is not too long."""
    return split_name(version.table)[0] == "gold" and version.rows <= MOST_DOWNLOADED


def all_rows(datamart: Datamart, version: TableVersion) -> pd.DataFrame:
    """All rows of a small gold table, masked like every other."""
    frame: pd.DataFrame = datamart.read(version).to_pandas(date_as_object=True)
    return masked(frame)


@st.cache_resource(max_entries=KEPT_PREVIEWS, show_spinner=False, hash_funcs=VERSION_KEYS)
def _quarantined(version: TableVersion) -> pd.DataFrame:
    return _masked(version.table, deployment().datamart.head(version, QUARANTINED).to_pandas())


def _masked(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    if layer_of(table) == "quarantine":
        frame = frame.assign(text=[masked_record(str(text)) for text in frame["text"]])
    return masked(frame)
