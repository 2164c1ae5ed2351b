"""The book: all that is particular to a lender's data, declared in one place, checked, and drafted from extracts.

The pipelines still read `jobs.bronze.sources` and `jobs.gold.features`. `tests/jobs/book/test_retail.py` holds the
default book to them until they read the book itself.
"""
