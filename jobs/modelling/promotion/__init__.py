"""The promotion test: whether a newly trained model becomes champion, judged on loans that no model learned from."""
