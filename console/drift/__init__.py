"""The Drift page: the verdict, the six panels, features and curves."""
