"""The attempts of a run at its tasks: the work of each task, and the queue of what waits and what runs."""
