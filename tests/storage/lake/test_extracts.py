"""Which files a dataset consists of, and digests that are remembered only while a file stays untouched."""

import hashlib
import io
import os
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.db.ledger import Ledger
from storage.db.schema import source_digests
from storage.lake import extracts
from storage.lake.extracts import BLOCK, ExtractMissing, digest_and_lines, has_extracts, number_of_ranges, source_files

NAME = "lms_loan_daily"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data folder"
    folder.mkdir()
    return folder


def old(file: Path) -> None:
    os.utime(file, (1_600_000_000, 1_600_000_000))


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_a_dataset_is_one_file(ledger: Ledger, data: Path, ending: str) -> None:
    (data / f"{NAME}{ending}").write_bytes(b"x")
    (file,) = source_files(ledger, str(data), NAME)
    assert (file.name, file.bytes) == (f"{NAME}{ending}", 1)
    with file.open() as stream:
        assert stream.read() == b"x"  # as received: what is packed is unpacked by whoever reads it


@pytest.mark.parametrize("folder", [NAME, f"{NAME}.csv"])
def test_a_dataset_is_a_folder_of_parts_by_name(ledger: Ledger, data: Path, folder: str) -> None:
    (data / folder).mkdir()
    for name in ("part 10.csv", "part 2.csv", "part 1.csv.gz", "_SUCCESS", ".part 1.csv.crc", "notes.txt"):
        (data / folder / name).write_bytes(name.encode())
    assert [file.name for file in source_files(ledger, str(data), NAME)] == [
        f"{folder}/part 1.csv.gz",
        f"{folder}/part 2.csv",
        f"{folder}/part 10.csv",
    ]


def test_what_is_not_there_or_there_twice_is_named(ledger: Ledger, data: Path) -> None:
    with pytest.raises(ExtractMissing, match=r"lms_loan_daily\.csv is missing") as missing:
        source_files(ledger, str(data), NAME)
    assert missing.value.exit_code == 3
    assert not has_extracts(str(data), [NAME])
    (data / f"{NAME}.csv").touch()
    (data / f"{NAME}.csv.gz").touch()
    with pytest.raises(ExtractMissing, match="more than once"):
        source_files(ledger, str(data), NAME)
    assert has_extracts(str(data), [NAME])


def test_an_empty_folder_of_parts_is_named(ledger: Ledger, data: Path) -> None:
    (data / NAME).mkdir()
    with pytest.raises(ExtractMissing, match="has no .csv"):
        source_files(ledger, str(data), NAME)


def test_a_changed_file_has_a_new_digest(ledger: Ledger, data: Path) -> None:
    file = data / f"{NAME}.csv"
    file.write_bytes(b"one")
    old(file)
    (before,) = source_files(ledger, str(data), NAME)
    assert source_files(ledger, str(data), NAME) == (before,)
    file.write_bytes(b"two")
    (after,) = source_files(ledger, str(data), NAME)
    assert before.sha256 != after.sha256


def test_a_file_just_written_is_read_again(ledger: Ledger, data: Path) -> None:
    file = data / f"{NAME}.csv"
    file.write_bytes(b"one")
    stamp = file.stat().st_mtime_ns
    (before,) = source_files(ledger, str(data), NAME)
    file.write_bytes(b"two")  # within the resolution of the clock: same size, same time
    os.utime(file, ns=(stamp, stamp))
    (after,) = source_files(ledger, str(data), NAME)
    assert before.sha256 != after.sha256


@pytest.mark.parametrize("size", [100, 1000, BLOCK // 3, BLOCK, BLOCK + 11])
def test_the_lines_before_each_range_are_counted_with_the_digest(size: int) -> None:
    data = b"\n".join(b"x" * (number % 97) for number in range(300_000))[: max(3 * size + 5, 2 * BLOCK)]
    sha256, lines = digest_and_lines(io.BytesIO(data), 3, size)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert lines == [data.count(b"\n", 0, number * size) for number in range(3)]
    assert digest_and_lines(io.BytesIO(data), 0, size) == (sha256, [])


@pytest.mark.parametrize(
    ("mebibytes", "ranges"), [(63, 0), (64, 2), (205, 6), (512, 16), (1024, 16), (2049, 16), (2200, 17), (20_480, 160)]
)
def test_a_large_file_has_ranges_enough_for_several_processors(mebibytes: int, ranges: int) -> None:
    assert number_of_ranges(mebibytes * 1024**2) == ranges


def test_only_a_large_file_that_is_not_packed_has_ranges(
    ledger: Ledger, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extracts, "RANGE", 1000)
    (data / NAME).mkdir()
    for name, size in {"a.csv": 1999, "b.csv": 2000, "c.csv": 3500, "d.csv.gz": 3500}.items():
        (data / NAME / name).write_bytes(b"a line\n" * (size // 7) + b"\n" * (size % 7))
        old(data / NAME / name)
    files = source_files(ledger, str(data), NAME)
    assert [file.lines for file in files] == [(), (0, 142), (0, 166, 333), ()]
    assert [file.range for file in files if file.lines] == [1000, 1167]
    assert source_files(ledger, str(data), NAME) == files
    with ledger.writing() as connection:  # as an earlier release stored it
        connection.execute(update(source_digests).values(lines=None))
    assert source_files(ledger, str(data), NAME) == files


def test_a_copy_on_another_machine_is_the_same_file_and_other_bytes_of_the_same_length_are_not(
    ledger: Ledger, data: Path, tmp_path: Path
) -> None:
    received = data / f"{NAME}.csv"
    received.write_bytes(b"as received")
    (file,) = source_files(ledger, str(data), NAME)
    assert file.is_unchanged()
    copy = tmp_path / "copy"
    copy.write_bytes(received.read_bytes())
    copy.replace(received)  # another inode, other times
    assert file.is_unchanged()
    received.write_bytes(b"as Received")
    assert not file.is_unchanged()
    received.unlink()
    assert not file.is_unchanged()
