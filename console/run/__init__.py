"""The Run page: one run with its graph, timeline, log, rows and actions."""
