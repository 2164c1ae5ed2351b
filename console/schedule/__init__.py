"""The Schedule page: a calendar of four weeks, pauses, and the recent scheduled runs."""
