"""Invented extracts with the schema and the data errors of real ones. It imports no other package of `jobs`."""
