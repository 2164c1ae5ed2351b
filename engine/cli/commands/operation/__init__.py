"""Commands of those who operate a deployment: alerts, backups, retention, migrations."""
