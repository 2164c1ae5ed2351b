"""Documents about how pipelines run: what the end of a run left as it was, and when a run is due to end."""
