"""Tables for the terminal: no number is cut off, however many columns stand beside it."""

import io

from rich.console import Console

from engine.cli.render import listing

WIDTH = 160


def test_headings_wrap_so_that_no_cell_is_cut_off() -> None:
    """In one line the headings alone would need more than the width."""
    row: dict[str, object] = {"version": "20261126_101828"}
    row |= {f"a_long_heading_of_a_number_{place}": 0.1234 + place for place in range(9)}
    row |= {"95%_interval": "0.879 to 0.923"}
    assert sum(map(len, row)) > WIDTH
    console = Console(file=io.StringIO(), width=WIDTH)
    console.print(listing([row], list(row)))
    last = console.file.getvalue().splitlines()[-1]  # type: ignore[attr-defined]
    assert last.split() == ["20261126_101828", *(f"{place}.123" for place in range(9)), "0.879", "to", "0.923"]
