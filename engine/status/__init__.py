"""The state of a deployment in one line: what needs a person, and which scores are in use."""
