"""The Decisions page: what the retraining rule decided at each monitoring date, and by which thresholds."""
