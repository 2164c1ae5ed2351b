"""What happens to the results of a run after their publication."""
