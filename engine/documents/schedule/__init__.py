"""Documents about the schedule."""
