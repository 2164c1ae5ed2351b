"""The worker: claims queued runs and gives each a process of its own."""
