"""The champions by logical date: a timeline, the champion of a date, and why each replaced the one before."""
