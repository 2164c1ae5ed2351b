"""The three sections of the Drift page: does it rank, has the population moved, are the levels right."""
