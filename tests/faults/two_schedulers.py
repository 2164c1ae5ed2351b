"""A scheduler whose clock is a number in a file: `python -m tests.faults.two_schedulers HOME LEDGER CLOCK ZONE`."""

import signal
import struct
import sys
from datetime import UTC, datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path

from engine.deployment import Deployment
from engine.scheduling.scheduler import Scheduler
from storage.settings import load_settings

TIMES = {
    f"schedule_{name}": f"daily 0{hour}:00" for hour, name in enumerate(("training", "inference", "monitoring"), 2)
}


class LeapingClock:
    """A clock that stands where a file says, for as many processes as look at it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def set(self, moment: datetime) -> None:
        """Makes it that moment, at once and for everybody."""
        with self.file.open("r+b" if self.file.exists() else "wb") as stream:
            stream.write(struct.pack("d", moment.timestamp()))

    def __call__(self) -> datetime:
        with self.file.open("rb") as stream, mmap(stream.fileno(), 8, access=ACCESS_READ) as shown:
            return datetime.fromtimestamp(struct.unpack("d", shown[:8])[0], UTC)


def main(home: str, ledger: str, clock: str, zone: str) -> None:
    """Keeps the three timetables until SIGTERM."""
    settings = load_settings(home=home, ledger=ledger, timezone=zone, **TIMES)
    scheduler = Scheduler(Deployment.open(settings), LeapingClock(Path(clock)), pause=0.01)
    signal.signal(signal.SIGTERM, lambda *_: scheduler.stop())
    scheduler.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
