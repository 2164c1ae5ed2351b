"""The Runs page: every run, filters, and the dialog that triggers one."""
