"""The Ray cluster: a private head with its guard, or an address to join. Nothing here imports Ray."""
