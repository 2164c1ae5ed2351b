"""64-bit hashes of distinct values, the same on every machine, made without a loop over the values.

Pandas has such hashes too, but its import takes longer than the cleaning of a small extract.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

STEP = np.uint64(0x9E3779B97F4A7C15)  # this and the others are the constants of SplitMix64 (Steele et al., 2014)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def hashes_of_numbers(values: npt.NDArray[Any]) -> Hashes:
    """The hashes of int32, int64 or float64 numbers."""
    wide = values + 0.0 if values.dtype == np.float64 else values.astype(np.int64)  # -0.0 is 0.0
    return _mixed(wide.view(np.uint64) + STEP)


def hashes_of_texts(values: pa.ChunkedArray) -> Hashes:
    """The hashes of texts, none of which is null or empty: sums of their bytes, each times a number for its place."""
    if not len(values):
        return np.zeros(0, np.uint64)
    texts = pa.concat_arrays(values.chunks)
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    places = np.arange(len(content)) - np.repeat(starts, lengths)
    weights = _mixed(np.arange(1, int(lengths.max()) + 1, dtype=np.uint64) * STEP)
    terms = (content.astype(np.uint64) + np.uint64(1)) * weights[places]
    return _mixed(np.add.reduceat(terms, starts) + STEP)


def _mixed(bits: Hashes) -> Hashes:
    """SplitMix64's last step: neighbouring numbers get hashes far from each other."""
    bits = (bits ^ (bits >> np.uint64(30))) * FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * SECOND
    return bits ^ (bits >> np.uint64(31))
