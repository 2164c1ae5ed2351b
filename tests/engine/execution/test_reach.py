"""Whether another machine reads the same files."""

from pathlib import Path

from engine.execution.nodes.reach import contents_here, difference


def test_a_file_that_is_missing_or_another_one_there_is_found(tmp_path: Path) -> None:
    same, other, missing = (str(tmp_path / name) for name in ("same", "other", "missing"))
    for path in (same, other):
        Path(path).write_text("before")
    here = contents_here([same, other, missing])
    assert list(here) == [same, other]
    assert difference(here, here) is None
    Path(other).write_text("behind")
    assert difference(here, contents_here([same, other])) == (other, "has another file at")
    Path(other).unlink()
    assert difference(here, contents_here([same, other])) == (other, "can't read")
