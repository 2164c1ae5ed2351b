"""Follows a run in the ledger: a live task table on a terminal, plain lines elsewhere and on one with TERM=dumb."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.live import Live

from engine.cli.render import number, remark, run_view
from engine.deployment import Deployment
from engine.documents.runs import run_document
from engine.process.background import Background
from storage.db.ledger import LedgerUnavailable
from storage.errors import LoanwatchError
from storage.ledger.tasks import task_rows

PAUSE = 0.2


class Follower(Background):
    """A thread that shows the progress of a run during a `with` block. It only reads the ledger."""

    def __init__(self, deployment: Deployment, run_id: str, console: Console) -> None:
        super().__init__("follower")
        self._deployment = deployment
        self._run_id = run_id
        self._console = console
        self._printed: dict[str, tuple[str, int, int]] = {}

    def work(self) -> None:
        try:
            self._show_until_ended()
        except LedgerUnavailable:
            return  # whoever waits for the run says so
        except LoanwatchError as error:
            self._console.print(f"The run continues, but its progress can't be shown: {error}", soft_wrap=True)

    def _show_until_ended(self) -> None:
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            self._until_ended(self._print_changes)
            return
        with Live(console=self._console, auto_refresh=False, transient=False) as live:
            self._until_ended(lambda: live.update(self._view(), refresh=True))

    def _until_ended(self, show: Callable[[], None]) -> None:
        """Shows what the ledger has now, until the end of the block. While the ledger is away, what is shown stays."""
        while not self.ended.wait(PAUSE):
            with suppress(LedgerUnavailable):
                show()
        show()

    def _view(self) -> Any:
        with self._deployment.ledger.reading() as connection:
            now = self._deployment.ledger.now(connection)
            document = run_document(connection, self._run_id)
            started = {row.task: row.started_at for row in task_rows(connection, self._run_id)}
        return run_view(document, _elapsed(started, now))

    def _print_changes(self) -> None:
        with self._deployment.ledger.reading() as connection:
            tasks = run_document(connection, self._run_id)["tasks"]
        for task in tasks:
            progress = (task["state"], task["attempts"], task["parts"][0])
            before, self._printed[task["name"]] = self._printed.get(task["name"]), progress
            if progress != before and task["state"] != "queued":
                self._console.print(_line(task), highlight=False, soft_wrap=True)


def _elapsed(started: dict[str, datetime | None], now: datetime) -> dict[str, float]:
    return {name: (now - start).total_seconds() for name, start in started.items() if start}


def _line(task: dict[str, Any]) -> str:
    done, total = task["parts"]
    parts = f" {done}/{total} partitions" if total > 1 else ""
    rows = f"  {number(task['rows_in'])} -> {number(task['rows_out'])} rows" if task["rows_out"] is not None else ""
    time = f"  {task['duration_s']:.1f} s" if task["duration_s"] is not None and task["state"] != "cached" else ""
    attempts = f"  attempt {task['attempts']}" if task["attempts"] > 1 else ""
    text = remark(task)
    return f"{task['name']}{parts}: {task['state']}{attempts}{rows}{time}{'  ' + text if text else ''}"
