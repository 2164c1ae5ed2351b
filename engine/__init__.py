"""Engine: declares the pipelines and runs them, on Ray or in the calling process."""
