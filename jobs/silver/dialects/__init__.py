"""How a file is written: number marks and date forms, decided from its values where the book declares none."""
