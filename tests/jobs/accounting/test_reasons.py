"""Stored reasons in plain words."""

from jobs.accounting.reasons import plain_reason


def test_a_stored_reason_has_plain_words() -> None:
    assert plain_reason("8 instead of 6 fields") == "8 fields, expected 6"
    assert plain_reason("beyond 1e15") == "implausibly large, set to null"
    assert plain_reason("superseded") == "replaced by a newer record"


def test_a_reason_without_plain_words_is_unchanged() -> None:
    assert plain_reason("Num_Bank_Accounts negative") == "Num_Bank_Accounts negative"
