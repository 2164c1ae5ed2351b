"""Documents about published tables and the monitoring history."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.values import Document, moment
from storage.lake.names import LINKED_LAYERS, MONITORING, layer_of
from storage.ledger.catalog import current_versions, published_rows
from storage.on_use import pa

LATER_COLUMNS = (
    "reason", "cut_off", "stale", "newest_data",
    "auc_from", "auc_to", "auc_pooled", "auc_pooled_low", "auc_pooled_high",
    "labelled_pooled", "defaults_pooled", "auc_estimate_low", "auc_estimate_high",
    "auc_not_in_arrears", "auc_not_in_arrears_low", "auc_not_in_arrears_high",
    "precision_not_in_arrears", "recall_not_in_arrears", "f1_not_in_arrears",
    "labelled_not_in_arrears", "defaults_not_in_arrears", "labelled_in_arrears", "defaults_in_arrears",
    "flagged_loans", "flagged_labelled", "flagged_defaults", "flagged_amount", "flagged_share",
)  # fmt: skip


def tables_document(connection: Connection, deployment: Deployment) -> list[Document]:
    """The published tables with version, rows, bytes, digest, publishing run and path, from which people read them."""
    documents, datamart, current = [], deployment.datamart, current_versions(connection)
    for row in published_rows(connection):
        linked = layer_of(row.table_name) in LINKED_LAYERS
        documents.append(
            {
                "table": row.table_name,
                "version": row.version,
                "rows": row.rows,
                "bytes": row.bytes,
                "digest": row.digest,
                "run_id": row.run_id,
                "published_at": moment(row.published_at),
                "path": datamart.address(current[row.table_name]) if linked else None,
            }
        )
    return documents


def metrics_document(connection: Connection, deployment: Deployment) -> list[Document]:
    """The rows of model_monitoring by date; empty before the first monitoring run.

    LATER_COLUMNS are None in rows of an earlier release, whose `auc` is of all known outcomes.
    """
    table = current_versions(connection).get(MONITORING)
    if table is None:
        return []
    rows: pa.Table = deployment.datamart.read(table)
    return [
        {**dict.fromkeys(LATER_COLUMNS), **row, "monitoring_date": row["monitoring_date"].isoformat()}
        for row in rows.to_pylist()
    ]
