"""The scheduler: which slots are due, and the outcome of each."""
