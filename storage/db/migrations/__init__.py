"""Migrations of the ledger's schema: `version` reads the version of a ledger, `apply` migrates it."""
