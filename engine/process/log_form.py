"""Whether this process logs lines of JSON. This module is apart from `logs`, whose imports a command does not need."""

import logging

JSON_LINES = "loanwatch-json-lines"  # the name of the handler that `logs` makes for them


def logs_json() -> bool:
    """Whether `log_to_stderr` has set JSON in this process."""
    return any(handler.get_name() == JSON_LINES for handler in logging.root.handlers)
