"""Storage: settings, tables, models and the ledger. The only room that knows paths, files and SQL."""
