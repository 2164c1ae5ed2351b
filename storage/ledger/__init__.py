"""The ledger's records, one module for each subject: runs, tasks, leases, versions, models, decisions, schedules.

Every function works in the caller's transaction. Jobs, engine and console import it.
"""
