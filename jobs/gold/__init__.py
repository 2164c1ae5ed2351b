"""Gold: labels, features and the table that models are trained on. Imported by modelling and monitoring."""
