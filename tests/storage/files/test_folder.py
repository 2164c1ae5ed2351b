"""Files that appear whole or not at all, under names that can't lead out of their root."""

import hashlib
import os
import re
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from storage.errors import StorageError
from storage.files.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder.at(str(tmp_path / "root"))


def test_a_written_file_is_there_with_its_facts(folder: Folder) -> None:
    facts = folder.write("a/b.bin", b"content")
    assert folder.read("a/b.bin") == b"content"
    assert (facts.bytes, facts.sha256) == (7, hashlib.sha256(b"content").hexdigest())
    assert folder.names("a") == ["a/b.bin"]
    assert folder.sha256("a/b.bin") == facts.sha256


def test_an_interrupted_write_leaves_what_was_there_and_no_other_file(folder: Folder) -> None:
    folder.write("a.bin", b"old")
    with pytest.raises(KeyboardInterrupt), folder.writing("a.bin") as sink:
        sink.write(b"half of the n")
        raise KeyboardInterrupt
    assert folder.read("a.bin") == b"old"
    assert list(Path(folder.root).iterdir()) == [Path(folder.root) / "a.bin"]


def test_a_file_is_on_the_disk_before_its_name_and_its_name_before_the_end(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a/first.bin", b"")
    done: list[str] = []

    def noted(name: str, act: Callable[..., Any], *given: Any) -> Any:
        done.append(f"{name} {Path(f'/proc/self/fd/{given[0]}').readlink().name}" if name == "fsync" else name)
        return act(*given)

    monkeypatch.setattr(os, "fsync", partial(noted, "fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", lambda path, target: noted("rename", os.replace, path, target))
    folder.write("a/b.bin", b"content")
    assert re.fullmatch(r"fsync b\.bin\.[0-9a-f]{16}\.loanwatch\.tmp, rename, fsync a", ", ".join(done))


@pytest.mark.parametrize(
    "name",
    [
        "../out",
        "a/../../out",
        "/etc/passwd",
        "a//b",
        "",
        ".",
        "a\\b",
        "a b",
        "%2e%2e/out",
        "a/\x00",
        "a\n",
        "ü",
        "x" * 161,
    ],
)
def test_a_name_that_is_not_allowed_is_refused(folder: Folder, name: str) -> None:
    with pytest.raises(StorageError, match="is not a valid name"):
        folder.write(name, b"")


def test_a_missing_file_is_named(folder: Folder) -> None:
    with pytest.raises(StorageError, match=r"nothing\.bin is missing"):
        folder.read("nothing.bin")
    assert folder.size("nothing.bin") is None
    assert not folder.exists("nothing.bin")


def test_a_link_is_moved_in_one_step_and_leads_where_it_should(folder: Folder) -> None:
    folder.write(".versions/1/part", b"one")
    folder.write(".versions/2/part", b"two")
    folder.link("gold/table", ".versions/1/part")
    folder.link("gold/table", ".versions/2/part")
    link = Path(folder.root) / "gold" / "table"
    assert link.read_bytes() == b"two"
    assert not link.readlink().is_absolute()  # a home can be moved as a whole
    assert folder.links_to("gold/table", ".versions/2/part")
    assert not folder.links_to("gold/table", ".versions/1/part")


def test_a_disk_that_takes_no_more_is_one_sentence_and_leaves_nothing(folder: Folder) -> None:
    folder.write("a.bin", b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StorageError, match=r"a\.bin could not be written \(File too large\)"):
            folder.write("a.bin", b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert folder.read("a.bin") == b"old"
    assert len(list(Path(folder.root).iterdir())) == 1


def test_delete_takes_files_and_folders_and_minds_nothing_missing(folder: Folder) -> None:
    folder.write("a/b", b"")
    folder.delete("a")
    folder.delete("a")
    assert not folder.exists("a")
