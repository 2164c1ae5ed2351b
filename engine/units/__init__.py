"""Files for those who keep a deployment running: systemd units, and a Compose file."""
