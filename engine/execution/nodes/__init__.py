"""The nodes of a Ray cluster: what a call asks of one, where it began, lost calls, subtasks on free CPUs, and files."""
