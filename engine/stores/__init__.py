"""The stores of a deployment: whose they are, and what in them is no longer needed."""
