"""The book: all that is particular to a lender's data, declared in one place, checked, and drafted from extracts.

The pipelines are generated from it. `retail` is the default; another lender's book is a file or a module of its own.
"""
