"""The Audit page: who did what, when and why."""
