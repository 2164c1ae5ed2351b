"""Quality control: which rows of the cleaned tables stay, and whose rows are left out."""
