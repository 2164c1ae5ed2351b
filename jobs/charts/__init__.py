"""The Altair charts that the dashboard picture, the console and the report share."""
