"""Invented extracts with the schema and the dirt of real ones. It stands alone: it imports nothing else of `jobs`."""
