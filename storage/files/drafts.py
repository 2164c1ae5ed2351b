"""The names of drafts: files that are not complete yet. Only what has such a whole name is ever removed as one."""

import re
import secrets

FULL_NAME = re.compile(r"(?P<name>.+)\.[0-9a-f]{16}\.loanwatch\.tmp")
EARLIER_NAME = re.compile(r"(?P<name>.+)\.\d{1,10}\.tmp")  # of earlier releases: with the number of their process


def draft_of(name: str) -> str:
    """A name for a draft of the file `name`, which no other process chooses."""
    return f"{name}.{secrets.token_hex(8)}.loanwatch.tmp"


def drafted(name: str, ours: re.Pattern[str]) -> str | None:
    """The name of the file that `name` is a draft of; None when it is no draft.

    Drafts of earlier releases have a name that others might choose too, so their file must have one of `ours`.
    """
    if match := FULL_NAME.fullmatch(name):
        return match["name"]
    earlier = EARLIER_NAME.fullmatch(name)
    return earlier["name"] if earlier and ours.fullmatch(earlier["name"]) else None
