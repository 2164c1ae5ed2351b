"""A scorecard: bins with weights of evidence, a logistic regression on them, and points for each bin."""
