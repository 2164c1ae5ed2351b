"""What runs publish besides tables and models. Within the caller's transaction."""
