"""Storage: settings, tables, models and the ledger. Only this package uses paths, files and SQL."""
