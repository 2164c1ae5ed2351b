"""Who may see and do what: sessions, sign-in, roles and the rate limit of sign-ins."""
