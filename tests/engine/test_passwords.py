"""The password file, and the command that writes it."""

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UnusableRequest
from engine.passwords import Entry, UnusablePasswords, new_entry, read_entries, verified, write_entry
from storage.ledger.audit import ActionFilter, action_page
from tests.live import Site
from tests.paths import ROOT
from tests.processes import DEADLINE
from tests.terminal import at_terminal

WORD = "correct horse battery"
LINE = "anna:viewer:scrypt:32768:8:3:" + "0" * 32 + ":" + "0" * 64


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "passwords"


def entry(name: str, role: str, password: str) -> Entry:
    """An entry that costs less to try than one of a real file."""
    return new_entry(name, role, password, (16, 8, 1))


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_password_fits_and_no_other_does(path: Path) -> None:
    assert not write_entry(path, entry("anna", "operator", WORD))
    entries = read_entries(path)
    assert verified(entries, "anna", WORD) == entries["anna"]
    assert entries["anna"].role == "operator"
    for name, password in (("anna", WORD + " "), ("anna", ""), ("Anna", WORD), ("", WORD), ("nobody", WORD)):
        assert verified(entries, name, password) is None


def test_the_file_holds_no_password_and_no_two_hashes_alike(path: Path) -> None:
    for name in ("anna", "ben"):
        write_entry(path, entry(name, "viewer", WORD))
    text = path.read_text()
    assert WORD not in text
    assert len({line.rpartition(":")[2] for line in text.splitlines()}) == 2


def test_a_letter_is_the_same_however_a_keyboard_composes_it(path: Path) -> None:
    write_entry(path, entry("anna", "viewer", "gr\u00fcn wie Gras"))
    assert verified(read_entries(path), "anna", "gru\u0308n wie Gras")


@pytest.mark.thorough
def test_an_unknown_name_takes_as_much_work_as_a_known_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_entry(path, new_entry("anna", "viewer", WORD))
    entries = read_entries(path)
    work: dict[str, list[tuple[int, int, int]]] = {}
    scrypt = hashlib.scrypt
    for name in ("anna", "nobody-by-that-name"):
        costs = work.setdefault(name, [])

        def noted(word: bytes, costs: list[tuple[int, int, int]] = costs, **more: Any) -> bytes:
            costs.append((more["n"], more["r"], more["p"]))
            return scrypt(word, **more)

        monkeypatch.setattr(hashlib, "scrypt", noted)
        assert verified(entries, name, "some other words") is None
    assert work["nobody-by-that-name"] == work["anna"] == [entries["anna"].cost]


def test_a_new_password_takes_the_place_of_the_old_and_leaves_the_rest(path: Path) -> None:
    written(path, "# the credit team\n\n")
    write_entry(path, entry("anna", "operator", WORD))
    write_entry(path, entry("annabel", "viewer", WORD))
    before = read_entries(path)
    assert write_entry(path, entry("anna", "viewer", "another word or two"))
    after = read_entries(path)
    assert path.read_text().startswith("# the credit team\n\n")
    assert after["annabel"] == before["annabel"]
    assert after["anna"].role == "viewer"
    assert after["anna"].mark != before["anna"].mark
    assert verified(after, "anna", WORD) is None
    assert sorted(each.name for each in path.parent.iterdir()) == [".passwords.lock", "passwords"]


def test_only_its_owner_may_read_what_is_written(path: Path) -> None:
    old = os.umask(0)
    try:
        write_entry(path, entry("anna", "viewer", WORD))
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o777])
def test_a_file_that_is_open_to_others_is_refused_with_what_to_type(path: Path, mode: int) -> None:
    written(path, LINE + "\n", mode)
    with pytest.raises(UnusablePasswords, match=f"`chmod 600 {path}`"):
        read_entries(path)
    path.chmod(0o600)
    assert read_entries(path)["anna"].role == "viewer"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("anna:operator:secret", "it is not `name:role:scrypt"),
        (LINE.replace("viewer", "admin"), "There is no role 'admin'"),
        (LINE.replace("anna", "an na"), "is not a valid name"),
        (LINE.replace("32768", "32767"), "costs 32767:8:3"),
        (LINE.replace("32768:8", "8388608:8"), "costs 8388608:8:3"),
        (LINE.replace("0" * 64, "0" * 62), "it is not"),
        (LINE + " ", "it is not"),
        (LINE + "\n" + LINE, "has two lines"),
    ],
)
def test_a_line_that_can_not_be_used_is_named(path: Path, line: str, told: str) -> None:
    written(path, f"# first\n{line}\n")
    number = 2 + line.count("\n")
    with pytest.raises(UnusablePasswords, match=f"passwords line {number}: .*{told}"):
        read_entries(path)


def test_a_file_that_is_missing_empty_or_no_text_lets_nobody_in(path: Path) -> None:
    with pytest.raises(UnusablePasswords, match="is missing"):
        read_entries(path)
    with pytest.raises(UnusablePasswords, match="has no users"):
        read_entries(written(path, "# nobody\n"))
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UnusablePasswords, match="can't be read"):
        read_entries(path)


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [
        ("", "viewer", WORD),
        ("a:b", "viewer", WORD),
        ("a\nb", "viewer", WORD),
        ("anna", "root", WORD),
        ("anna", "", WORD),
        ("anna", "viewer", "short"),
        ("anna-anna-anna", "viewer", "anna-anna-anna"),
        ("anna", "viewer", "x" * 2000),
    ],
)
def test_a_name_role_or_password_that_can_not_be_used_is_told(name: str, role: str, password: str) -> None:
    with pytest.raises(UnusableRequest):
        new_entry(name, role, password)


@pytest.mark.thorough
def test_the_command_asks_twice_without_showing_and_notes_who_did_it(tmp_path: Path) -> None:
    site = Site(tmp_path / "home")
    for answers, code, told in (
        ([WORD, WORD], 0, b"can sign in as operator"),
        ([WORD, WORD + "!", WORD, WORD], 0, b"has a new password as operator"),
        (["short", "short"], 2, b"must have 10 to 1024 characters"),
    ):
        with at_terminal("password", "anna", "--role", "operator", env=site.environment()) as terminal:
            for answer in answers:
                terminal.answer(answer)
            assert terminal.code() == code, terminal.shown
        assert told in terminal.shown
        assert WORD.encode() not in terminal.shown
    assert verified(read_entries(tmp_path / "home" / "passwords"), "anna", WORD)
    with site.deployment.ledger.reading() as connection:
        noted = [(row.action, row.subject, row.reason) for row in action_page(connection, ActionFilter(), 100)]
    assert noted == [("password", "anna", "as operator")] * 2
    site.close()


def test_processes_that_write_at_once_lose_no_user(path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from engine.passwords import new_entry, write_entry\n"
        "entries = [new_entry(f'{sys.argv[2]}{n}', 'viewer', 'correct horse battery', (16, 8, 1)) for n in range(20)]\n"
        "sys.stdin.read()\n"
        "for entry in entries:\n"
        "    write_entry(Path(sys.argv[1]), entry)\n"
    )
    words = [sys.executable, "-c", program, str(path)]
    writers = [subprocess.Popen([*words, name], cwd=ROOT, stdin=subprocess.PIPE) for name in ("anna", "ben")]
    for writer in writers:
        assert writer.stdin
        writer.stdin.close()
    assert [writer.wait(DEADLINE) for writer in writers] == [0, 0]
    assert len(read_entries(path)) == 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
