"""Where a test looks at the timetables at the moments that it chooses, and ends runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from engine.control import runs as control
from engine.deployment import Deployment
from engine.scheduling.scheduler import timetables
from engine.scheduling.slots import process_due_slots
from storage.db.schema import runs
from storage.ledger.runs import run_row
from storage.ledger.schedules import SlotOutcome, slot_row, slot_rows


class SlotProbe:
    """Looks at the timetables at the moments that a test gives, and ends runs."""

    def __init__(self, deployment: Deployment, **settings: str) -> None:
        self.deployment = deployment.with_settings(deployment.settings.changed(**settings))
        self.tables = {table.pipeline: table for table in timetables(self.deployment)}

    def poll(self, moment: datetime, pipeline: str = "inference") -> SlotOutcome | None:
        return process_due_slots(self.deployment, self.tables[pipeline], moment)

    def look_at_all(self, moment: datetime) -> list[tuple[str, str]]:
        """Pipelines and outcomes of one look at every timetable."""
        fates = [(name, self.poll(moment, name)) for name in self.tables]
        return [(name, fate.outcome) for name, fate in fates if fate is not None]

    def end_runs(self) -> None:
        with self.deployment.ledger.writing() as connection:
            connection.execute(update(runs).where(runs.c.finished_at.is_(None)).values(state="succeeded"))

    def manual(self, pipeline: str = "inference") -> str:
        return control.request(self.deployment, control.checked_request(self.deployment, pipeline))

    def run(self, run_id: str) -> Any:
        with self.deployment.ledger.reading() as connection:
            return run_row(connection, run_id)

    def slot(self, name: str) -> Any:
        with self.deployment.ledger.reading() as connection:
            return slot_row(connection, name)

    def rows(self) -> Sequence[Any]:
        with self.deployment.ledger.reading() as connection:
            return slot_rows(connection, limit=100_000)

    def runs_of_slots(self) -> list[str]:
        with self.deployment.ledger.reading() as connection:
            query = select(runs.c.slot).where(runs.c.slot.is_not(None), runs.c.state != "skipped")
            return list(connection.execute(query.order_by(runs.c.slot)).scalars())
