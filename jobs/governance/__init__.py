"""The retraining rule: thresholds and states, the gate, and when the next retraining is allowed.

Imported by modelling, monitoring and the engine's pipelines.
"""
