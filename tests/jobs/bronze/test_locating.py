"""The line of a value in a received file, where its record begins."""

from pathlib import Path

import pytest

from jobs.bronze.locating import line_of
from tests.retail import BOOK

SOURCE = BOOK.by_dataset["features_attributes"]
HEADER = ",".join(column.label for column in SOURCE.columns)


def record(age: str, name: str = "Jane") -> str:
    values = {"Customer_ID": "C1", "Name": name, "Age": age}
    return ",".join(values.get(column.name, "") for column in SOURCE.columns)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{HEADER}\n{record('40')}\n{record('odd')}\n", 3),
        (f"{HEADER}\n{record('odd', chr(34) + 'in' + chr(10) + 'two' + chr(34))}\n", 2),
        (f"{HEADER}\n{record('40', chr(34) + 'in' + chr(10) + 'two' + chr(34))}\n{record('odd')}\n", 4),
        (f"\n\n{HEADER}\n\n{record('odd')}\n", 5),
        (f"{HEADER}\n{record('40')}\n", None),
    ],
    ids=["plain", "with a line end", "after one with a line end", "blank lines", "not there"],
)
def test_a_value_is_found_in_the_line_in_which_its_record_begins(tmp_path: Path, text: str, line: int | None) -> None:
    path = tmp_path / "people.csv"
    path.write_text(text)
    assert line_of(str(path), SOURCE, "Age", {"odd"}) == line
