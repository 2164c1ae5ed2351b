"""The calibration of a model on the test loans of its training, for any version whose files are there."""

import pandas as pd
import pyarrow as pa

from engine.report.facts import Facts
from jobs.charts.curves import as_frame
from jobs.errors import JobError
from jobs.gold.arrears import not_in_arrears
from jobs.modelling.champion import other_libraries
from jobs.modelling.splits import labels_of, scores_of, train_and_test
from jobs.statistics.calibration import calibration_bins
from storage.errors import StorageError
from storage.lake.names import TRAINING_DATA
from storage.ledger.catalog import version_of
from storage.ledger.models import model_of_row

Bins = pd.DataFrame


def test_bins(facts: Facts) -> tuple[Bins, Bins]:
    """(bins of all test loans, bins of those not in arrears at scoring, empty where no loan was or it is not known).

    Columns as in `CalibrationBin`. Raises LoanwatchError when the loans or the model's files are not there any more.
    """
    model, store = model_of_row(facts.row), facts.deployment.models
    if reason := other_libraries(model, store):
        raise JobError(reason)
    with facts.deployment.ledger.reading() as connection:
        table = version_of(connection, TRAINING_DATA, model.trained_on.get(TRAINING_DATA, ""))
    if table is None:
        raise StorageError(f"The test loans of model {model.version} are not kept any more.")
    _, test = train_and_test(facts.deployment.datamart.by_part(table))
    pipeline = store.load(model.files["model"])
    names = tuple(str(name) for name in pipeline.feature_names_in_)
    others = not_in_arrears(test)
    apart = others if others.num_rows < test.num_rows else test.slice(0, 0)
    return _bins(pipeline, test, names), _bins(pipeline, apart, names)


def _bins(pipeline: object, rows: pa.Table, names: tuple[str, ...]) -> Bins:
    if not rows.num_rows:
        return pd.DataFrame()
    return as_frame(calibration_bins(labels_of(rows), scores_of(pipeline, rows, names)))
