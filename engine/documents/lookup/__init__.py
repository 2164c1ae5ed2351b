"""The look-up of a customer or a loan: score, reasons, features with their rows, payments, checks, past scores."""
