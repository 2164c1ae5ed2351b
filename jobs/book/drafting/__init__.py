"""What can be said of an unknown lender's extracts from a sample of their rows, and its text as a declaration."""
