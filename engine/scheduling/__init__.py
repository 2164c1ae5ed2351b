"""The scheduler: which slots are due, and what becomes of each."""
