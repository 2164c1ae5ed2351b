"""The extracts in a folder, and a bounded sample of each: rows from its start, its middle and its end."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".csv.gz", ".csv")
BLOCK = 3 * 2**19  # bytes that are read in one place


@dataclass(frozen=True)
class Extract:
    """A dataset in a folder and the files that it consists of, by name."""

    dataset: str
    files: tuple[Path, ...]


def extracts(folder: Path) -> list[Extract]:
    """The datasets of a folder by name: `D.csv`, `D.csv.gz`, or all of these in the folder `D`."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name[0] in "._":
            continue
        if path.is_dir():
            files = tuple(part for part in sorted(path.iterdir()) if _is_part(part))
        else:
            files = (path,) if _is_part(path) else ()
        if files:
            found.append(Extract(_dataset(path), files))
    return found


def sampled(extract: Extract) -> list[bytes]:
    """Blocks of whole lines of an extract. The first one starts with the first line of the first file.

    Small files are read whole. OSError when a file cannot be read.
    """
    files = extract.files
    places: dict[Path, set[int]] = {}
    for place, file in enumerate((files[0], files[len(files) // 2], files[-1])):
        places.setdefault(file, set()).add(place)
    header = b""
    blocks = []
    for file, wanted in places.items():
        for number, block in enumerate(_blocks(file, wanted)):
            repeated = bool(header) and number == 0 and block.startswith(header)
            header = header or block.partition(b"\n")[0]
            blocks.append(block.partition(b"\n")[2] if repeated else block)
    return blocks


def _is_part(path: Path) -> bool:
    return path.is_file() and path.name.endswith(SUFFIXES) and path.name[0] not in "._"


def _dataset(path: Path) -> str:
    return next((path.name.removesuffix(end) for end in SUFFIXES if path.name.endswith(end)), path.name)


def _blocks(file: Path, wanted: set[int]) -> Iterator[bytes]:
    if file.name.endswith(".gz"):
        yield from _compressed_blocks(file)
        return
    size = file.stat().st_size
    with file.open("rb") as handle:
        if size <= BLOCK * len(wanted):
            yield handle.read()
            return
        for place in sorted(wanted):
            start = (0, size // 2, max(size - BLOCK, 0))[place]
            handle.seek(start)
            yield _whole_lines(handle.read(BLOCK), at_start=start == 0, at_end=start + BLOCK >= size)


def _compressed_blocks(file: Path) -> Iterator[bytes]:
    """The first block, one from between the middle and the end, and the last: the length is known only at the end."""
    kept: dict[int, bytes] = {}
    number = 0
    with gzip.open(file) as handle:
        while block := handle.read(BLOCK):
            if number > 1 and number & (number - 1) == 0:  # a power of two
                kept = {0: kept[0], number: block}
            elif number < 2:
                kept[number] = block
            last, number = block, number + 1
    if number <= 2:
        yield b"".join(kept.values())
        return
    kept[number - 1] = last
    for place, block in kept.items():
        yield _whole_lines(block, at_start=place == 0, at_end=place == number - 1)


def _whole_lines(block: bytes, *, at_start: bool, at_end: bool) -> bytes:
    if not at_start:
        block = block.partition(b"\n")[2]
    return block if at_end else block[: block.rfind(b"\n") + 1]
