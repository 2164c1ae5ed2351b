"""Bronze: CSV extracts to Parquet as received, with malformed records in quarantine.

Imported by silver and every package above it.
"""
