"""The commands of the command line, a file for each subject. `engine.cli.app` gathers them."""
