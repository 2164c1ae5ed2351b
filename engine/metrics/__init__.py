"""Metrics for Prometheus: what a deployment does and how its model fares, read from the ledger at each scrape."""
