"""64-bit hashes of distinct values, the same on every machine, made without a loop over the values.

Pandas has such hashes too, but its import takes longer than the cleaning of a small extract.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

STEP = np.uint64(0x9E3779B97F4A7C15)  # this and the others are the constants of SplitMix64 (Steele et al., 2014)
SHORT = 64  # bytes of a text that is hashed together with all others of its length
BLOCK = 16_384  # texts at a time, whose bytes stay in the processor's cache
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def hashes_of_numbers(values: npt.NDArray[Any]) -> Hashes:
    """The hashes of int32, int64 or float64 numbers."""
    wide = values + 0.0 if values.dtype == np.float64 else values.astype(np.int64)  # -0.0 is 0.0
    return _mixed(wide.view(np.uint64) + STEP)


def hashes_of_texts(values: pa.ChunkedArray) -> Hashes:
    """The hashes of texts, none of which is null or empty: sums of their bytes, each times a number for its place."""
    return np.concatenate([np.zeros(0, np.uint64), *map(_hashes_of_chunk, values.chunks)])


def distinct(hashes: Hashes) -> Hashes:
    """The distinct hashes, the smallest first; NumPy's `unique` takes more than ten times as long for many."""
    found: Hashes = np.sort(hashes)
    firsts: Hashes = found[np.concatenate([np.ones(min(len(found), 1), bool), found[1:] != found[:-1]])]
    return firsts


def _hashes_of_chunk(texts: pa.Array) -> Hashes:
    if not len(texts):
        return np.zeros(0, np.uint64)
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(texts.buffers()[2], np.uint8)
    starts, lengths = offsets[:-1], np.diff(offsets)
    weights = _mixed(np.arange(1, int(lengths.max()) + 1, dtype=np.uint64) * STEP)
    kinds = np.minimum(lengths, SHORT + 1).astype(np.uint8)  # texts of one length are one matrix; long ones are rare
    ends = np.cumsum(np.bincount(kinds, minlength=SHORT + 2))
    rows = np.argsort(kinds, kind="stable")
    sums = np.empty(len(texts), np.uint64)
    for length, (first, end) in enumerate(pairwise([0, *ends.tolist()])):
        for block in range(first, end, BLOCK):
            chosen = rows[block : min(block + BLOCK, end)]
            if length <= SHORT:
                places = starts[chosen, None] + np.arange(length, dtype=np.int32)
                sums[chosen] = content[places].astype(np.uint64) @ weights[:length] + weights[:length].sum()
            else:
                sums[chosen] = _sums_of_long(content, starts[chosen], lengths[chosen], weights)
    return _mixed(sums + STEP)


def _sums_of_long(
    content: npt.NDArray[np.uint8], starts: npt.NDArray[np.int32], lengths: npt.NDArray[np.int32], weights: Hashes
) -> Hashes:
    ends = np.cumsum(lengths)
    firsts = ends - lengths
    places = np.arange(ends[-1]) - np.repeat(firsts, lengths)
    bytes_of_texts = content[places + np.repeat(starts, lengths)].astype(np.uint64)
    sums: Hashes = np.add.reduceat((bytes_of_texts + np.uint64(1)) * weights[places], firsts)
    return sums


def _mixed(bits: Hashes) -> Hashes:
    """SplitMix64's last step: neighbouring numbers get hashes far from each other."""
    bits = (bits ^ (bits >> np.uint64(30))) * FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND
    return bits ^ (bits >> np.uint64(31))
