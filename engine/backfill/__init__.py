"""Backfill: the pipelines over past dates, as operation would have run them (`replay` on the command line)."""
