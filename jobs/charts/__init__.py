"""The Altair charts that the dashboard picture and the console share. Imported by monitoring and the console."""
