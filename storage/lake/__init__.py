"""What is stored as files: tables as versions in the datamart, raw extracts, models. Knows nothing of runs."""
