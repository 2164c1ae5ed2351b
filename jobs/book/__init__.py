"""The book: all that is particular to a lender, declared in one place, checked, and drafted from extracts."""
