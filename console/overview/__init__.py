"""The Overview page: alerts, processes, pipelines and the champion's health."""
