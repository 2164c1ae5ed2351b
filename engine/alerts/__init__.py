"""Alerts: the rules, who looks at them, and the channels that tell people. The ledger has every alert and message."""
