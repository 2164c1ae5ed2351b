"""One file for each migration, in their order. A released migration is never edited."""
