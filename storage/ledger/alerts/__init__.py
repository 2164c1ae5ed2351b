"""Alerts in the ledger: what is wrong, the messages about it, and silences. Within the caller's transaction."""
