"""The ledger's schema from one release to the next: `version` knows where a ledger stands, `apply` moves it on."""
