"""The command line, `python -m engine`. The top package of the engine; only the console's server shares its options."""
