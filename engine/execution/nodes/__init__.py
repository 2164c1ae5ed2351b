"""The nodes of a Ray cluster: what a call asks of one, which call began where, and whether they reach the files."""
