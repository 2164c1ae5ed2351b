"""The database: engines, column types, the schema with its migrations, and the ledger's transactions.

Only the packages of `storage` and whoever opens a ledger import it.
"""
