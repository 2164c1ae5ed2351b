"""The database: engines, column types, the schema with its migrations, and the ledger's transactions.

The other packages of `storage` import it, and the modules that open a ledger.
"""
