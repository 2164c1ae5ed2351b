"""Numbers, marks and lines of the sample's CSV files, as Arrow text columns, without loops over rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

FIRST_YEAR = 2023
MONTHS = 12 * 12  # months from January 2023 on that have a date text
DIGITS = 10  # significant digits of the extracts' long numbers
POWERS = 10.0 ** np.arange(23)  # exact floats, so a division by one of them is rounded correctly


def _year_month(month: int) -> tuple[int, int]:
    return FIRST_YEAR + month // 12, month % 12 + 1


DAY_TEXTS = tuple(f"1/{month}/{year}" for year, month in map(_year_month, range(MONTHS)))
LOAN_TEXTS = tuple(f"_{year}_{month:02d}_01" for year, month in map(_year_month, range(MONTHS)))
HEX_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def text_of(values: NDArray[Any]) -> Any:
    """Shortest texts of numbers: `40` for 40.0, never `-0`, no exponents below 1e15."""
    whole = values if values.dtype.kind in "iu" else values + 0.0
    return pc.cast(pa.array(whole), pa.string())


def rounded(values: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    """The values rounded to `decimals`, each the float closest to its decimal text."""
    return np.asarray(np.rint(values * POWERS[decimals]) / POWERS[decimals])


def significant(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values rounded to 10 significant digits. They must be 0, or between 1e-12 and 1e10 in size."""
    magnitudes = np.floor(np.log10(np.where(values == 0.0, 1.0, np.abs(values)))).astype(np.int64)
    power = POWERS[np.clip(DIGITS - 1 - magnitudes, 0, len(POWERS) - 1)]
    return np.asarray(np.rint(values * power) / power)


def customer_texts(numbers: NDArray[np.int64]) -> Any:
    """Identifiers such as `CUS_0x1000` of customer numbers."""
    width = 1 + max(int(numbers.max()).bit_length() - 1, 0) // 4
    nibbles = (numbers[:, None] >> (4 * np.arange(width - 1, -1, -1))) & 15
    padded = pa.array(HEX_DIGITS[nibbles].view(f"S{width}").ravel()).cast(pa.string())
    return joined([pa.scalar("CUS_0x"), pc.utf8_ltrim(padded, characters="0")], "")


def taken(choices: Any, indices: NDArray[Any]) -> Any:
    """The texts at these indices of a tuple or an Arrow array of texts."""
    texts = pa.array(choices, pa.string()) if isinstance(choices, tuple) else choices
    return texts.take(pa.array(indices))


def replaced(texts: Any, where: NDArray[np.bool_], token: str) -> Any:
    """The texts, replaced by the token where `where` is true."""
    return pc.if_else(pa.array(where), pa.scalar(token), texts)


def suffixed(texts: Any, where: NDArray[np.bool_], suffix: str = "_") -> Any:
    """The texts, with the suffix where `where` is true."""
    return joined([texts, taken(pa.array(["", suffix]), where.astype(np.int8))], "")


def quoted(texts: Any, where: NDArray[np.bool_]) -> Any:
    """The texts, in quotation marks where `where` is true."""
    mark = taken(pa.array(["", '"']), where.astype(np.int8))
    return joined([mark, texts, mark], "")


def joined(columns: Sequence[Any], separator: str) -> Any:
    """The texts of all columns joined row by row with the separator."""
    return pc.binary_join_element_wise(*columns, separator)


def csv_bytes(columns: Sequence[Any]) -> Any:
    """The lines of a CSV file as one buffer. The columns are quoted already."""
    lines = pc.binary_join_element_wise(joined(columns, ","), pa.scalar(""), "\n")
    first, last = lines.offset, lines.offset + len(lines)
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)
    return lines.buffers()[2].slice(int(offsets[first]), int(offsets[last] - offsets[first]))
