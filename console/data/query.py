"""What the Data page reads: versions from the ledger, and the first rows of a table, masked before they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from console.app.deployment import deployment, ledger
from console.data.masking import masked, masked_record
from engine.documents.runs import run_details
from engine.documents.tables import tables_document
from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.lake.datamart import Datamart, TableVersion
from storage.lake.names import layer_of, split_name
from storage.ledger.catalog import current_versions, publication_rows
from storage.ledger.runs import recent_runs

LAYERS = ("gold", "silver", "bronze", "quarantine", "staged")
PREVIEW = 50  # rows
QUARANTINED = 100  # rows of each dataset
WHOLE = 50_000  # rows of a gold table that may be taken as CSV
VERSIONS = 20
KEPT = 64  # previews in memory


@dataclass(frozen=True)
class Preview:
    """The first rows of a version, masked, and the Arrow types of its columns by name."""

    rows: pd.DataFrame
    types: dict[str, str]


def tables() -> list[Document]:
    """The published tables, the layers that people use first."""
    with ledger().reading() as connection:
        found = tables_document(connection, deployment())
    return sorted(found, key=lambda one: (LAYERS.index(split_name(one["table"])[0]), one["table"]))


def current(table: str) -> TableVersion | None:
    """The published version of a table; None when there is none."""
    with ledger().reading() as connection:
        return current_versions(connection).get(table)


def publications(table: str) -> Sequence[LedgerRow]:
    """The table's newest publications, newest first."""
    with ledger().reading() as connection:
        return publication_rows(connection, table, VERSIONS)


def newest_training() -> Document | None:
    """The details of the newest training that succeeded; None before the first."""
    with ledger().reading() as connection:
        run = next(iter(recent_runs(connection, 1, "training", "succeeded")), None)
        return None if run is None else run_details(connection, run.run_id)


def preview(version: TableVersion) -> Preview:
    """The first rows of a version; DamagedFile or StorageError when its files can't be read."""
    return _preview(deployment().settings.datamart_root, version.table, version.version, version)


def quarantined() -> dict[str, pd.DataFrame]:
    """The first quarantined records of every dataset that has any: file, line, reason, and text as may be shown."""
    with ledger().reading() as connection:
        versions = current_versions(connection)
    quarantine = [source.quarantine_table for source in deployment().book.sources]
    found = {name: versions[name] for name in quarantine if name in versions and versions[name].rows}
    root = deployment().settings.datamart_root
    return {split_name(name)[1]: _quarantined(root, name, one.version, one) for name, one in found.items()}


def may_be_whole(version: TableVersion) -> bool:
    """Whether the table may be taken as a whole: a gold one, which holds no personal data, and not too long."""
    return split_name(version.table)[0] == "gold" and version.rows <= WHOLE


def whole(datamart: Datamart, version: TableVersion) -> pd.DataFrame:
    """All rows of a small gold table, masked like every other."""
    frame: pd.DataFrame = datamart.read(version).to_pandas(date_as_object=True)
    return masked(frame)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _preview(root: str, table: str, name: str, _version: TableVersion) -> Preview:  # noqa: ARG001 - the key
    head = deployment().datamart.head(_version, PREVIEW)
    types = {field.name: str(field.type) for field in head.schema}
    return Preview(_shown(table, head.to_pandas(date_as_object=True, integer_object_nulls=True)), types)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _quarantined(root: str, table: str, name: str, _version: TableVersion) -> pd.DataFrame:  # noqa: ARG001 - the key
    return _shown(table, deployment().datamart.head(_version, QUARANTINED).to_pandas())


def _shown(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    if layer_of(table) == "quarantine":
        frame = frame.assign(text=[masked_record(str(text)) for text in frame["text"]])
    return masked(frame)
