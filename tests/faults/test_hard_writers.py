"""Row 21: processes that write the ledger hard, some of them killed; nothing acknowledged is lost, no lock is seen."""

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic, sleep

import pytest

from storage.db.ledger import Ledger, LedgerRow
from storage.ledger.tasks import log_rows
from tests.paths import ROOT
from tests.postgres import Postgres

pytestmark = [pytest.mark.alone, pytest.mark.thorough]

WRITERS, KILLED, SECONDS = 8, 3, 4.0
LEASE = 30.0  # seconds
# Writes numbered lines and tells each number once it is durable; now and then it begins anew as a fresh process would.
PROGRAM = """
import sys
from itertools import count
from pathlib import Path
from time import monotonic
from storage.db.ledger import Ledger, utc_now
from storage.ledger.tasks import LogLine, add_logs, log_rows
from tests.paths import ROOT
url, name, stop, longest = sys.argv[1], sys.argv[2], Path(sys.argv[3]), 0.0
ledger = Ledger(url)
for number in count():
    if stop.exists():
        break
    if number % 25 == 24:
        ledger.close()
        ledger = Ledger(url)
        ledger.prepare()
    with ledger.reading() as connection:
        log_rows(connection, name, limit=10)
    begun = monotonic()
    with ledger.writing() as connection:
        longest = max(longest, monotonic() - begun)
        log_rows(connection, name, limit=1)  # a look first, as most writers take
        add_logs(connection, "r", [LogLine(name, utc_now(), "INFO", str(number))])
    print(number, flush=True)
print("longest", longest)
ledger.close()
"""


def followed(ledger: Ledger, seen: list[int]) -> None:
    """Appends the ids of the lines that are new, as whoever follows a log does."""
    with ledger.reading() as connection:
        seen += [row.log_id for row in log_rows(connection, "r", after=seen[-1] if seen else 0)]


def follow_until(ready: Callable[[], bool], ledger: Ledger, seen: list[int]) -> None:
    """Follows the log until something is so."""
    deadline = monotonic() + 120
    while not ready():
        assert monotonic() < deadline
        followed(ledger, seen)
        sleep(0.02)


def started(url: str, number: int, folder: Path) -> subprocess.Popen[str]:
    """A writer that tells what it wrote in a file of the folder, until there is a file `stop`."""
    words = [sys.executable, "-W", "error", "-c", PROGRAM, url, str(number), str(folder / "stop")]
    with (folder / f"told{number}").open("w") as stream:
        return subprocess.Popen(words, cwd=ROOT, stdout=stream, stderr=subprocess.PIPE, text=True)


def test_processes_that_write_hard_lose_nothing_acknowledged_and_see_no_lock(
    ledger_url: str, tmp_path: Path, request: pytest.FixtureRequest, counted: Callable[[str], None]
) -> None:
    ledger = Ledger(ledger_url)
    ledger.prepare()
    seen: list[int] = []
    told = [tmp_path / f"told{number}" for number in range(WRITERS)]
    writers = [started(ledger_url, number, tmp_path) for number in range(WRITERS)]
    follow_until(lambda: all(file.stat().st_size > 20 for file in told), ledger, seen)
    for writer in writers[:KILLED]:
        writer.kill()
        followed(ledger, seen)
    enough = monotonic() + SECONDS
    follow_until(lambda: monotonic() > enough, ledger, seen)
    (tmp_path / "stop").touch()
    follow_until(lambda: all(writer.poll() is not None for writer in writers), ledger, seen)
    assert [writer.communicate()[1] for writer in writers] == [""] * WRITERS
    assert [writer.returncode for writer in writers] == [-signal.SIGKILL] * KILLED + [0] * (WRITERS - KILLED)
    followed(ledger, seen)
    with ledger.reading() as connection:
        rows = log_rows(connection, "r", limit=10**9)
    assert seen == [row.log_id for row in rows]  # ids come in the order of the commits, so a follower misses none
    longest = [checked(file, number, rows) for number, file in enumerate(told)]
    assert max(longest) < LEASE  # a worker that waited longer for its turn to beat would be taken for dead
    assert ledger.check() == "ok"
    ledger.close()
    if not ledger.is_sqlite:
        server: Postgres = request.getfixturevalue("postgres")
        server.check(ledger_url.partition("@/")[2].partition("?")[0])
    counted(f"row 21: {len(rows)} writes by {WRITERS} processes, longest wait for a turn {max(longest):.1f} s, 0 lost")


def checked(file: Path, number: int, rows: Sequence[LedgerRow]) -> float:
    """The writer's longest wait for its turn, in seconds, once what it was told is durable was found."""
    lines = file.read_text().split("\n")[:-1]
    stored = [int(row.message) for row in rows if row.task == str(number)]
    acknowledged = [int(line) for line in lines if line.isdigit()]
    assert acknowledged == stored[: len(acknowledged)] == list(range(len(acknowledged)))
    # A killed writer may have been cut off between the commit and telling of it.
    assert len(stored) - len(acknowledged) in ((0, 1) if number < KILLED else (0,))
    return 0.0 if number < KILLED else float(lines[-1].removeprefix("longest "))
