"""Profiles of deliveries: what each column of an extract held, and what changed since the delivery before."""
