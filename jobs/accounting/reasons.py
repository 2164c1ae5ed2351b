"""Stored reasons in plain words: why a record was quarantined, a row or loan was left out, a value became null."""

import re
from collections.abc import Mapping

PLAIN_REASONS: Mapping[str, str] = {
    "undated": "without a date",
    "later_than_as_of": "later than the as-of date",
    "without_customer": "without a customer",
    "flagged": "of flagged customers",
    "scored_flagged": "scored of flagged customers",
    "prepared_flagged": "prepared of flagged customers",
    "superseded": "replaced by a newer record",
    "beyond 1e15": "implausibly large, set to null",
    "no_month_on_record": "without a month on record",
    "unreadable_amount": "with an unreadable amount",
    "record_ends_early": "whose record ends early",
}
FIELDS = re.compile(r"(\d+) instead of (\d+) fields")


def plain_reason(reason: str) -> str:
    """The reason as people read it; unchanged if it has no plainer words. The ledger and the tables keep their own."""
    return PLAIN_REASONS.get(reason, FIELDS.sub(r"\1 fields, expected \2", reason))
