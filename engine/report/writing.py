"""The report as a file, which appears complete or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from engine.errors import UnusableRequest


def checked_target(path: Path) -> Path:
    """The file that a path means. Raises UnusableRequest when no file can be written there."""
    target = path.resolve()
    if not target.parent.is_dir():
        raise UnusableRequest(
            f"{path} can't be written: there is no folder {path.parent}; make it, or give another OUT."
        )
    if target.exists() and not target.is_file():
        raise UnusableRequest(f"{path} can't be written: it is no file; give a name for a new file.")
    return target


def write_report(path: Path, content: bytes) -> None:
    """Writes the file, in place of one that is there. Raises UnusableRequest when it can't be written."""
    target = checked_target(path)
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as sink:
            sink.write(content)
            sink.flush()
            os.fsync(sink.fileno())
        draft.replace(target)
    except OSError as error:
        raise UnusableRequest(f"{path} can't be written ({error.strerror}); give another OUT.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
