"""A stratified sample of rows that depends on the ids of the rows and on nothing else."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.gold.labels import id_hashes
from jobs.modelling.splits import Labels

START = 16  # of the bytes of SHA-256 that order the loans; splits and folds use earlier ones
Places = npt.NDArray[np.int64]


def stratified_sample(ids: pa.ChunkedArray, labels: Labels, size: int) -> Places:
    """The places of `size` of n rows, each label with its share of all rows, and with one row at least.

    `ids` (n) are unique. Of each label the rows come first whose id has the least hash (8 bytes of SHA-256), and the
    places are in that order. So the same loans are drawn, in the same order, wherever and in whatever order they lie.
    """
    if size >= labels.size:
        return np.arange(labels.size)
    hashes = id_hashes(ids, START)
    bad = round(size * float(labels.mean()))
    bad = min(max(bad, 1), size - 1)
    drawn = [_least(hashes, np.flatnonzero(labels == label), number) for label, number in ((1, bad), (0, size - bad))]
    found = np.concatenate(drawn)
    return found[np.argsort(hashes[found], kind="stable")]


def _least(hashes: npt.NDArray[np.uint64], places: Places, number: int) -> Places:
    return places[np.argsort(hashes[places], kind="stable")[:number]]
