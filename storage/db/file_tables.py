"""The table of stored files whose bytes were read and found intact."""

from sqlalchemy import Column, Index, String, Table, Text

from storage.db.model_tables import metadata

checked_files = Table(
    "checked_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("stamp", String(200), nullable=False),  # size, times and inode or ETag of the file when it was read
    Column("sha256", String(64), nullable=False),
    Column("table_name", String(80), nullable=False),  # '' for a file that is no part of a table
    Column("version", String(80), nullable=False),
    Index("checked_files_by_version", "table_name", "version"),
)
