"""Accounting: where every record, row, value, customer and loan of a run went, as sums that have to balance."""
