"""The Schedule page: next slots, recent ones, pauses and retraining decisions."""
