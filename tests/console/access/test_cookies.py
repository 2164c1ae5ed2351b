"""Which cookie counts: signed by this home, of an unchanged entry, not too old, and of no user who signed out since."""

import json
import stat
from pathlib import Path
from time import time

import pytest
from itsdangerous import URLSafeSerializer

from console.access import tickets
from console.access.cookies import FILE, LONGEST_SESSION, MOST_SKEW, Sessions, SignedIn, UnusableSessions


def anna(age: float = 0.0) -> SignedIn:
    return SignedIn("anna", "mark", time() - age)


def test_a_cookie_is_read_by_another_process_of_the_home_alone(tmp_path: Path) -> None:
    signed_in, (home, other) = anna(), (tmp_path / "home", tmp_path / "other")
    home.mkdir()
    other.mkdir()
    value = Sessions(home).cookie(signed_in)
    assert Sessions(home).of_cookie(value) == signed_in
    assert Sessions(other).of_cookie(value) is None
    assert Sessions(home).cookie_name != Sessions(other).cookie_name
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600


def test_a_changed_or_forged_cookie_is_refused(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    value = sessions.cookie(anna())
    payload, signature = value.rsplit(".", 1)
    forged = URLSafeSerializer("guessed").dumps(["anna", "mark", time()])
    wrong = [None, "", payload, f"{payload}.", f"A{value}", f"{payload}.{signature[::-1]}", forged, "\udc00"]
    assert [sessions.of_cookie(each) for each in wrong] == [None] * len(wrong)


@pytest.mark.parametrize(
    ("age", "valid"), [(0, True), (LONGEST_SESSION - 60, True), (LONGEST_SESSION + 1, False), (-10 * MOST_SKEW, False)]
)
def test_a_session_lasts_its_hours(tmp_path: Path, age: float, valid: bool) -> None:
    assert Sessions(tmp_path).last(anna(age)) is valid


def test_a_sign_out_ends_what_began_before_and_of_this_user_alone(tmp_path: Path) -> None:
    before, other = anna(), SignedIn("ben", "mark", time())
    Sessions(tmp_path).end("anna")
    sessions = Sessions(tmp_path)  # as after a restart
    assert [sessions.last(each) for each in (before, anna(-0.01), other)] == [False, True, True]
    kept = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps({**kept, "ended": {"old": time() - LONGEST_SESSION - 1}}))
    sessions.end("ben")
    assert list(json.loads((tmp_path / FILE).read_text())["ended"]) == ["ben"]


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_file_lets_nobody_in(tmp_path: Path, text: str) -> None:
    sessions = Sessions(tmp_path)
    value = sessions.cookie(anna())
    (tmp_path / FILE).write_text(text)
    with pytest.raises(UnusableSessions, match="remove the file"):
        sessions.of_cookie(value)
    (tmp_path / FILE).unlink()
    assert sessions.of_cookie(value) is None


def test_a_ticket_is_used_once_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in = anna()
    ticket = tickets.issue(signed_in)
    assert tickets.is_waiting(ticket)
    assert [tickets.redeem(each) for each in ("", "guessed", ticket, ticket)] == [None, None, signed_in, None]
    assert not tickets.is_waiting(ticket)
    old = tickets.issue(signed_in)
    monkeypatch.setattr(tickets, "VALID_FOR", 0.0)
    assert not tickets.is_waiting(old)
    assert tickets.redeem(old) is None
