"""Jobs for calling task functions one by one, on tables that the test gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.job import Job, StoreRoots
from storage.lake.datamart import Datamart, TableVersion
from tests.sandbox import AS_OF


@dataclass(frozen=True)
class JobFactory:
    """Makes jobs whose tables are given, for calling task functions one by one."""

    folder: Path

    def job(self, tables: Mapping[str, pa.Table] | None = None, **fields: Any) -> Job:
        """A job that reads these tables, each written as one part."""
        roots = StoreRoots(str(self.folder / "datamart"), str(self.folder / "models"), str(self.folder / "reports"))
        mart = Datamart(roots.datamart)
        given = {
            name: TableVersion(name, "given", (mart.write(name, "given", 0, [table]),))
            for name, table in (tables or {}).items()
        }
        common = {"task": "test", "run_id": "run", "as_of": AS_OF, "stamp": "20251201_000000", "roots": roots}
        return Job(**{**common, "tables": given, **fields})


@pytest.fixture
def job_factory(tmp_path: Path) -> JobFactory:
    return JobFactory(tmp_path / "jobs")
