"""Silver: cleaned values and quality control. Imported by gold and modelling."""
