"""The Models page: versions, candidates, comparison, lineage, promotion and rollback."""
