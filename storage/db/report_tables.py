"""The ledger's table of published reports."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from storage.db.model_tables import metadata
from storage.db.types import Moment

reports = Table(
    "reports",
    metadata,
    Column("publication_id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(160), nullable=False),
    Column("file", String(330), nullable=False),  # the copy of the run that drew it, below the root of the reports
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("run_id", String(80), ForeignKey("runs.run_id"), nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("placed_at", Moment),  # since then people read it under its name
    Index("reports_by_name", "name", "publication_id"),
)
