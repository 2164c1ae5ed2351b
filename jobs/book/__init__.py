"""The book: everything that is particular to a lender's data, declared in one place. The other packages of `jobs` read
it and name no column of their own.
"""
