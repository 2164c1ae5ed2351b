"""The comparison of a column with a text."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from storage.lake.texts import equal_to
from tests.paths import ROOT

TEXTS = st.text(max_size=4)
PROGRAM = """
import sys
from pyarrow import parquet
from storage.lake.texts import equal_to
column = parquet.ParquetFile(sys.argv[1]).read()["id"]
print(equal_to(column, "b").to_pylist(), "pandas" in sys.modules)
"""


@given(st.lists(st.none() | TEXTS, max_size=5), TEXTS)
def test_it_is_that_of_arrow(values: list[str | None], text: str) -> None:
    column = pa.chunked_array([pa.array(values, pa.string())])
    assert equal_to(column, text).equals(pc.equal(column, text))


def test_it_does_without_pandas(tmp_path: Path) -> None:
    path = tmp_path / "ids.parquet"
    parquet.write_table(pa.table({"id": ["a", "b", None]}), path)
    words = [sys.executable, "-c", PROGRAM, str(path)]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "[False, True, None] False\n"
