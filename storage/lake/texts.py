"""Comparisons of a column with a text, for commands that are short."""

from __future__ import annotations

import struct

from storage.on_use import pa, pc


def equal_to(column: pa.ChunkedArray, text: str) -> pa.ChunkedArray:
    """Where a column of strings has that text; null where the column is null.

    For a Python text, `pc.equal` imports pandas, which takes longer than most look-ups. The text of an array of Arrow's
    own memory does without.
    """
    content = text.encode()
    offsets = pa.py_buffer(struct.pack("=ii", 0, len(content)))
    single = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(content)])
    return pc.equal(column, single[0])
