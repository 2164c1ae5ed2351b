"""Stored files count as intact while nothing says that they changed; otherwise every byte is read."""

import os
from pathlib import Path
from time import time

import numpy as np
import pyarrow as pa
import pytest
from sqlalchemy import select, update

from storage.db.file_tables import checked_files
from storage.db.ledger import Ledger
from storage.errors import DamagedFile
from storage.lake.datamart import Datamart, TableVersion
from storage.lake.file_checks import FileChecks, forget_checks, stamp_of

TABLE = "gold.model_predictions"
ROWS = 200_000
LITTLE = 100_000  # bytes; looking at a file and at the ledger reads less


@pytest.fixture
def mart(tmp_path: Path) -> Datamart:
    return Datamart(str(tmp_path / "datamart"))


@pytest.fixture
def made(mart: Datamart) -> TableVersion:
    """A version of more than a megabyte whose file was written an hour ago."""
    part = mart.write(TABLE, "v1", 0, [pa.table({"value": np.random.default_rng(1).random(ROWS)})])
    assert part.bytes > 10 * LITTLE
    before = time() - 3600
    os.utime(mart.folder.path(part.name), (before, before))
    return TableVersion(TABLE, "v1", (part,))


def bytes_read() -> int:
    """The bytes that this process has read so far, by whatever call."""
    return int(Path("/proc/self/io").read_text().split("rchar:")[1].split()[0])


def bytes_to_check(checks: FileChecks, mart: Datamart, version: TableVersion) -> int:
    before = bytes_read()
    checks.check_table(mart, version)
    return bytes_read() - before


def flip_a_byte(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def test_the_bytes_of_an_unchanged_file_are_read_once(ledger: Ledger, mart: Datamart, made: TableVersion) -> None:
    size = made.parts[0].bytes
    assert bytes_to_check(FileChecks(ledger), mart, made) >= size
    assert bytes_to_check(FileChecks(ledger), mart, made) < LITTLE
    assert bytes_to_check(FileChecks(ledger, read_all=True), mart, made) >= size
    with ledger.writing() as connection:
        forget_checks(connection, [(TABLE, "v1")])
        assert connection.execute(select(checked_files)).all() == []


def test_a_file_that_was_just_written_is_read_again(ledger: Ledger, mart: Datamart, made: TableVersion) -> None:
    Path(mart.folder.path(made.parts[0].name)).touch()
    for _ in range(2):
        assert bytes_to_check(FileChecks(ledger), mart, made) >= made.parts[0].bytes


def test_a_flipped_byte_is_noticed_whatever_time_the_file_says(
    ledger: Ledger, mart: Datamart, made: TableVersion
) -> None:
    path = Path(mart.folder.path(made.parts[0].name))
    FileChecks(ledger).check_table(mart, made)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    flip_a_byte(path)
    os.utime(path, ns=times)  # as before the change
    with pytest.raises(DamagedFile, match=path.name):
        FileChecks(ledger).check_table(mart, made)


def test_bytes_that_rot_on_the_disk_are_noticed_when_every_byte_is_read(
    ledger: Ledger, mart: Datamart, made: TableVersion
) -> None:
    path = Path(mart.folder.path(made.parts[0].name))
    FileChecks(ledger).check_table(mart, made)
    flip_a_byte(path)
    os.utime(path, (1, 1))
    stamp, _ = stamp_of(mart.folder, made.parts[0].name)
    with ledger.writing() as connection:  # a disk that rots changes no time: the file is as the ledger remembers it
        connection.execute(update(checked_files).values(stamp=stamp))
    FileChecks(ledger).check_table(mart, made)
    with pytest.raises(DamagedFile, match=path.name):
        FileChecks(ledger, read_all=True).check_table(mart, made)


def test_a_missing_file_is_noticed(ledger: Ledger, mart: Datamart, made: TableVersion) -> None:
    FileChecks(ledger).check_table(mart, made)
    Path(mart.folder.path(made.parts[0].name)).unlink()
    with pytest.raises(DamagedFile, match="it is missing"):
        FileChecks(ledger).check_table(mart, made)
