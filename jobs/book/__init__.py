"""The book: all that is particular to a lender's data, declared in one place, checked, and drafted from extracts.

The pipelines read the default book, `retail`. Which columns features are computed of is still written in
`jobs.gold.features`; another lender's book can be checked and drafted, not yet run.
"""
