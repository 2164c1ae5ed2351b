"""The Alerts page: what is wrong, who was told, and what is silenced."""
