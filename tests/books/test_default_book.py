"""The default book gives the values that the pipelines gave before anything was declared in a book."""

from pathlib import Path

import pytest

from engine.control.runs import checked_request, request
from engine.definitions.task import Pipeline
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from jobs.gold.arrears import IN_ARREARS
from jobs.gold.features import EXPOSURE
from jobs.gold.labels import splits
from storage.lake.names import TRAINING_DATA
from tests.books.values import value_digest
from tests.retail import TRAINING
from tests.sandbox import AS_OF, Sandbox

BEFORE = {  # of the sample of 600 customers with seed 5, when columns, features and label stood in the code
    "silver.attributes": "9b8962d51893852d",
    "silver.clickstream": "7da378ada9cd2412",
    "silver.financials": "b7725bb4ae742fed",
    "silver.loan_daily": "fec497c7a0fe6c2f",
    TRAINING_DATA: "a44c31bba136f9f6",
}
SINCE = {  # features that were declared later, and columns that gold has had since
    IN_ARREARS, EXPOSURE,
    "Payment_of_Min_Amount", "Payment_Behaviour", "Loan_Types",
    *(f"fe_{n}_mean" for n in range(1, 21) if n != 10),
}  # fmt: skip


@pytest.mark.thorough
def test_the_default_book_gives_the_values_of_before(small_book: Path, tmp_path: Path) -> None:
    until_gold = [task.name for task in TRAINING.tasks].index("gold_feature_engineering") + 1
    made = Sandbox.at(tmp_path / "home")
    run_id = request(
        made.deployment, checked_request(made.deployment, "training", AS_OF, params={"data": str(small_book)})
    )
    executor = LocalExecutor()
    try:
        data_part = {"training": Pipeline("training", TRAINING.tasks[:until_gold])}
        assert execute_run(made.deployment, run_id, executor, data_part) == "succeeded"
    finally:
        executor.close()
    tables = {name: made.table(name) for name in BEFORE}
    assert set(tables[TRAINING_DATA].column_names) > SINCE
    rows = tables[TRAINING_DATA].drop_columns(sorted(SINCE))
    by_loan = splits(rows["loan_id"])  # now it is by customer
    tables[TRAINING_DATA] = rows.set_column(rows.column_names.index("split"), "split", by_loan)
    assert {name: value_digest(table) for name, table in tables.items()} == BEFORE
