"""Plain documents of runs and processes, which the command line prints as JSON and the console shows."""
