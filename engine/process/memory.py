"""Memory that a process freed and keeps: it is given back after a large call, so that the next one has it anywhere."""

import ctypes
import gc
import os
from pathlib import Path

import pyarrow as pa

MUCH = 600 * 1024**2  # a process of a book of ordinary size has less, and keeps what it will use again


def resident(status: str = "/proc/self/statm") -> int:
    """The bytes of memory that this process has; 0 where the system does not say it as Linux does."""
    try:
        pages = int(Path(status).read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def give_back(much: int = MUCH) -> None:
    """Gives memory that is not in use back to the system, if the process has more than `much` bytes."""
    if resident() <= much:
        return
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of the GNU library alone
    if trim is not None:
        trim(0)
