"""What a declaration is checked for, a module for each part of it. `jobs.book.validation` gathers the findings."""
