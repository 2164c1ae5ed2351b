"""The documents of the Drift page: the answers to its questions, how well the scores rank, and notes."""
