"""The report on a model for a committee: one HTML page that needs no network. Imported by the command line and console.

`facts` gathers what the ledger and the files know, `sections` write it, `page` puts the page together.
"""
