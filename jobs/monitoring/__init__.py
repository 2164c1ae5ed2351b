"""Monitoring: outcomes joined with predictions, metrics by date and cohort, and the dashboard picture.

The top package of `jobs`: only the engine's pipelines and the console import it.
"""
