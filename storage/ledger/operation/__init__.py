"""What the ledger keeps for those who operate a deployment. Within the caller's transaction."""
