"""Models: candidates, training, comparison, promotion and predictions. Imported by monitoring and the pipelines."""
