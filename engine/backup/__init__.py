"""Backups of a deployment: one folder with a copy of the ledger and of the files that it records, and restoring it."""
