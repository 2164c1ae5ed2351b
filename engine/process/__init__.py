"""What long-lived processes share: identity, registry, signals, supervision, background threads and addresses."""
