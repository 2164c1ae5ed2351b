"""Stored files: versions of tables in the datamart, raw extracts, models. It does not use runs."""
