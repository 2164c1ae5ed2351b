"""The end of a log, filtered."""

from datetime import UTC, datetime

from storage.db.ledger import Ledger
from storage.ledger.tasks import LogFilter, LogLine, add_logs, log_tail

NOW = datetime(2024, 5, 3, 12, tzinfo=UTC)


def test_the_newest_lines_come_oldest_first_and_filtered(ledger: Ledger) -> None:
    lines = [LogLine("ab"[n % 2], NOW, ("INFO", "WARNING", "ERROR")[n % 3], str(n)) for n in range(12)]
    with ledger.writing() as connection:
        add_logs(connection, "one", lines)
        add_logs(connection, "other", lines)

        def told(limit: int = 100, **wanted: object) -> list[str]:
            return [row.message for row in log_tail(connection, "one", LogFilter(**wanted), limit)]  # type: ignore[arg-type]

        assert told(3) == ["9", "10", "11"]
        assert told(2, task="a") == ["8", "10"]
        assert told(levels=("WARNING", "ERROR")) == ["1", "2", "4", "5", "7", "8", "10", "11"]
        assert told(task="b", levels=("ERROR",)) == ["5", "11"]
        third, ninth = (log_tail(connection, "one", LogFilter(), 100)[n].log_id for n in (3, 9))
        assert told(since=third, before=ninth, task="b") == ["3", "5", "7"]
        assert told(2, before=ninth) == ["7", "8"]
