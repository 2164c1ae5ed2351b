"""One account: whether it balances, and what it says."""

import pickle

import pytest

from jobs.accounting.account import Account, DoesNotBalance, check, verdict_on


def account(total: int | None, *, overlapping: bool = False, **parts: int | None) -> Account:
    return Account("files", "loans", "loans.csv", "records read", total, parts, overlapping)


@pytest.mark.parametrize(
    ("one", "balanced", "verdict"),
    [
        (account(15_000, stored=14_990, quarantined=10), True, "balanced"),
        (account(15_000, stored=14_000, quarantined=999), False, "1 is missing"),
        (account(15_000, stored=15_000, quarantined=12), False, "12 are too many"),
        (account(None, stored=15_000, quarantined=12), None, "not complete"),
        (account(15_000, stored=15_000, quarantined=None), None, "not complete"),
        (account(0), True, "balanced"),
        (account(10, overlapping=True, a=8, b=4), True, "balanced"),
        (account(10, overlapping=True, a=11, b=4), False, "does not balance"),
        (account(10, overlapping=True, a=5, b=4), False, "does not balance"),
        (account(0, overlapping=True), True, "balanced"),
    ],
)
def test_an_account_balances_when_its_parts_are_its_total(one: Account, balanced: bool | None, verdict: str) -> None:
    assert (one.balanced, one.verdict) == (balanced, verdict)
    assert one.as_json()["verdict"] == verdict


def test_an_account_is_a_sentence() -> None:
    assert account(12_500, stored=12_500, quarantined=0).sentence == (
        "loans.csv: 12,500 records read = 12,500 stored + 0 quarantined"
    )
    assert account(3, stored=2, quarantined=None).sentence == "loans.csv: 3 records read → 2 stored + ? quarantined"
    assert account(1, stored=0).sentence == "loans.csv: 1 record read ≠ 0 stored"
    column = Account("columns", "financials", "Age", "values", 9, {"readable": 7, "a text for null": 2})
    assert column.sentence == "Age of financials: 9 values = 7 readable + 2 with a text for null"


def test_the_error_has_every_account_that_does_not_balance_with_its_numbers() -> None:
    accounts = [account(15_000, stored=14_000, quarantined=999), account(2, stored=2), account(2, stored=3)]
    with pytest.raises(DoesNotBalance) as caught:
        check(accounts)
    assert str(caught.value) == (
        "loans.csv: 15,000 records read, but 14,000 stored and 999 quarantined: 1 is missing. loans.csv: 2 records "
        "read, but 3 stored: 1 is too many; nothing was published, the last tables stay; please report this."
    )
    assert (caught.value.exit_code, caught.value.retryable) == (1, False)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_an_account_that_is_not_complete_is_no_error() -> None:
    check([account(None, stored=1), account(1, stored=None)])


def test_all_accounts_have_one_verdict() -> None:
    good, wrong, unknown = account(1, stored=1), account(1, stored=2), account(None, stored=1)
    assert verdict_on([good]) == (True, "The account balances")
    assert verdict_on([good, good]) == (True, "All 2 accounts balance")
    assert verdict_on([good, unknown]) == (None, "1 of 2 accounts is not complete")
    assert verdict_on([good, unknown, wrong]) == (False, "1 of 3 accounts does not balance")
