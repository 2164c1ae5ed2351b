"""A run whose numbers contradict each other fails and publishes nothing: each account is broken here on purpose.

What is broken is the code that reads, writes, flags, labels or scores; the check is the product's own.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engine.documents.runs import run_details
from jobs.bronze.ingest import Intake
from jobs.gold import features
from jobs.gold.labels import default_labels
from jobs.monitoring import actuals
from jobs.silver import clean
from jobs.silver.cleaning import cleaned
from jobs.silver.customers import is_one_of
from jobs.silver.quality import removal, report
from storage.lake.datamart import Datamart, Part
from storage.ledger.tasks import attempt_rows
from tests.marks import others_thorough
from tests.sandbox import AS_OF, Sandbox

Patch = pytest.MonkeyPatch
EARLY = date(2024, 7, 1)  # before the last rows of the sample


@dataclass(frozen=True)
class Fault:
    """What is broken, the run that notices it, the task that fails, and what its error says."""

    name: str
    break_: Callable[[Patch], None]
    task: str
    says: str
    pipeline: str = "training"
    as_of: date = AS_OF


def losing_a_row_of(table: str) -> Callable[[Patch], None]:
    """A writer that does not write the last row of a table."""
    write = Datamart.write

    def lossy(mart: Datamart, name: str, version: str, number: int, tables: Iterable[pa.Table], *more: int) -> Part:
        given = _without_the_last(tables) if name == table else tables
        return write(mart, name, version, number, given, *more)

    return lambda patch: patch.setattr(Datamart, "write", lossy)


def _without_the_last(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    rows = pa.concat_tables(list(tables))
    yield rows.slice(0, rows.num_rows - 1)


def dropping_a_record(patch: Patch) -> None:
    """A quarantine that drops a record."""
    quarantine = Intake.quarantine
    patch.setattr(Intake, "quarantine", lambda intake: quarantine(intake).slice(1))


def emptying_a_value(patch: Patch) -> None:
    """A cleaning that empties a value and says nothing of it."""

    def forgetful(*given: Any) -> Any:
        found = cleaned(*given)
        names = found.table.column_names
        if "Monthly_Balance" not in names or not found.table.num_rows:
            return found
        values = found.table["Monthly_Balance"].to_pylist()
        column = pa.array([None, *values[1:]], pa.float64())
        return replace(found, table=found.table.set_column(names.index("Monthly_Balance"), "Monthly_Balance", column))

    patch.setattr(clean, "cleaned", forgetful)


def counting_rows_twice(patch: Patch) -> None:
    """A quality control that counts a row under every reason that it meets."""
    counted = report._counted

    def twice(grounds: Any, rows: int) -> Any:
        kept, _ = counted(grounds, rows)
        return kept, {name: int(mask.sum()) for name, mask in grounds.items()}

    patch.setattr(report, "_counted", twice)


def keeping_a_flagged_customer(patch: Patch) -> None:
    """A quality control that leaves the first flagged customer in all tables."""
    patch.setattr(report, "is_one_of", lambda column, values: is_one_of(column, values.slice(1)))


def forgetting_the_reasons(patch: Patch) -> None:
    """A quality control that does not say why it flagged customers."""
    judged = removal.quality_report
    patch.setattr(removal, "quality_report", lambda *given: replace(judged(*given), reasons={}))


def losing_a_label(patch: Patch, module: Any) -> None:
    """A labelling in which the label of one loan disappears."""

    def forgetful(rows: pa.Table, loans: pa.Table, *more: Any) -> pa.Array:
        labels = default_labels(rows, loans, *more)
        test = np.asarray(pc.equal(loans["split"], "test")) if "split" in loans.column_names else np.ones(len(labels))
        lost = int(np.flatnonzero(test.astype(bool) & labels.is_valid().to_numpy(zero_copy_only=False))[0])
        return pa.array([None if place == lost else label.as_py() for place, label in enumerate(labels)], pa.int8())

    patch.setattr(module, "default_labels", forgetful)


FAULTS = [
    Fault("a record is not stored", losing_a_row_of("bronze.LMS_loans"), "ingest_lms_loan_daily",
          "lms_loan_daily.csv: {records} records read, but {stored} stored and 2 quarantined: 1 is missing"),
    Fault("a quarantined record is dropped", dropping_a_record, "ingest_lms_loan_daily",
          "stored and 1 quarantined: 1 is missing"),
    Fault("a row is lost in cleaning", losing_a_row_of("staged.attributes"), "clean_attributes",
          "attributes: 600 rows stored, but 599 cleaned: 1 is missing"),
    Fault("a value is emptied", emptying_a_value, "clean_financials",
          "Monthly_Balance of financials: 600 values, but 599 readable: 1 is missing"),
    Fault("a checked row is not written", losing_a_row_of("silver.financials"), "remove_flagged_customers",
          "financials: 600 rows cleaned, but "),
    Fault("a row is counted twice", counting_rows_twice, "remove_flagged_customers", "are too many", as_of=EARLY),
    Fault("a flagged customer stays", keeping_a_flagged_customer, "remove_flagged_customers",
          "customers: 600 known, but "),
    Fault("the reasons of flags are lost", forgetting_the_reasons, "remove_flagged_customers",
          "flagged, but no reason: does not balance"),
    Fault("a label disappears", lambda patch: losing_a_label(patch, features), "gold_feature_engineering",
          "labelled and 0 waiting: 1 is missing"),
    Fault("a loan is not written", losing_a_row_of("gold.model_training_data"), "gold_feature_engineering",
          "labelled and 0 waiting: 1 is missing"),
    Fault("a loan is not prepared", losing_a_row_of("staged.inference_features"), "prepare_inference_data",
          "prepared of flagged customers and 0 not due yet: 1 is missing", "inference"),
    Fault("a score is lost", losing_a_row_of("staged.scored"), "make_predictions",
          "scored of flagged customers and 0 not due yet: 1 is missing", "inference"),
    Fault("a prediction is not stored", losing_a_row_of("gold.model_predictions"), "store_predictions_gold",
          "scored of flagged customers and 0 not due yet: 1 is missing", "inference"),
    Fault("an outcome disappears", lambda patch: losing_a_label(patch, actuals), "fetch_predictions_and_actuals",
          "labelled and 0 waiting: 1 is missing", "monitoring"),
    Fault("an outcome is not measured", losing_a_row_of("staged.outcomes"), "fetch_predictions_and_actuals",
          "used in training, 209 labelled and 0 waiting: 1 is missing", "monitoring"),
]  # fmt: skip


@pytest.fixture
def dirty_data(small_book: Path, tmp_path: Path) -> Path:
    """The small book with two records that can't be read."""
    data = shutil.copytree(small_book, tmp_path / "data")
    with (data / "lms_loan_daily.csv").open("a", encoding="utf-8") as file:
        file.write("too,few\nfar,too,few\n")
    return data


@pytest.mark.parametrize("fault", others_thorough(FAULTS, kept=6), ids=lambda fault: fault.name)
def test_a_run_whose_accounts_do_not_balance_fails_and_publishes_nothing(
    fault: Fault, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Patch
) -> None:
    fresh = fault.pipeline == "training"
    sandbox = Sandbox.at(tmp_path / "fresh") if fresh else request.getfixturevalue("sandbox")
    params = {"data": str(request.getfixturevalue("dirty_data"))} if fresh else {}
    before = sandbox.versions()
    fault.break_(monkeypatch)
    ended = sandbox.run(fault.pipeline, fault.as_of, force=True, **params)
    assert (ended.state, ended.error["task"], ended.error["exit_code"]) == ("failed", fault.task, 1), ended.error
    read = _records(params["data"]) if fresh else 0
    assert fault.says.format(records=f"{read:,}", stored=f"{read - 3:,}") in ended.error["message"]
    assert "nothing was published, the last tables stay; please report this." in ended.error["message"]
    assert sandbox.versions() == before
    with sandbox.deployment.ledger.reading() as connection:
        attempts = [row.attempt for row in attempt_rows(connection, ended.run_id) if row.task == fault.task]
        accounts = run_details(connection, ended.run_id)["accounts"]
    assert set(attempts) == {1}  # it is not tried again
    assert [one["verdict"] for one in accounts if one["balanced"] is False]


def _records(data: str) -> int:
    return len((Path(data) / "lms_loan_daily.csv").read_text(encoding="utf-8").splitlines()) - 1
