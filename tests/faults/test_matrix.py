"""The fault matrix of README.md: every row is there, with tests that exist and a bound that its trials give."""

import ast
import re
from functools import cache

from tests.paths import ROOT

ROWS = 44
README = ROOT / "tests" / "faults" / "README.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
COUNT = re.compile(r"\d[\d,]*")


def rows() -> dict[int, list[str]]:
    """The cells of the table by the number of their row."""
    lines = [line.strip("| \n").split(" | ") for line in README.read_text(encoding="utf-8").splitlines()]
    return {int(cells[0]): cells for cells in lines if cells[0].isdigit()}


@cache
def functions(file: str) -> set[str]:
    path = ROOT / file
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_matrix_has_every_row_once() -> None:
    numbers = re.findall(r"^\| (\d+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, ROWS + 1))
    assert {len(cells) for cells in rows().values()} == {6}


def test_every_test_of_the_matrix_exists() -> None:
    named = {number: TEST.findall(cells[2]) for number, cells in rows().items()}
    assert [number for number, tests in named.items() if not tests] == []
    assert [
        (number, file, test) for number, tests in named.items() for file, test in tests if test not in functions(file)
    ] == []


def test_every_bound_is_that_of_its_trials() -> None:
    for number, cells in rows().items():
        trials = int(COUNT.search(cells[3])[0].replace(",", ""))  # type: ignore[index]
        said = float(cells[5].rstrip("%"))
        bound = min(300 / trials, 100.0)
        assert abs(said - bound) <= max(0.06 * bound, 0.005), f"row {number}: 3/{trials} is {bound:.2g}%"
