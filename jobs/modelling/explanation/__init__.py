"""Explanation: why a loan has its probability of default, and which features a model needs."""
