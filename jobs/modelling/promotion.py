"""PromotionVerdict: whether a newly trained model takes the champion's place, judged on rows that neither of them saw.

The stable hash split makes these rows: a test customer is a test customer in every training, so no champion was ever
fitted on one; of the test loans, those that a champion of an earlier release learned from are left out. The new model
becomes champion unless it is worse: significantly so by the paired DeLong comparison at 95%, or with an AUC below the
threshold. Where the two rank alike (a difference of exactly 0), or the rows can't tell them apart, the new one takes
over: it knows the newer data. It was chosen among its candidates on train rows, so these rows favour neither.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.features import before_imputation
from jobs.job import Job, log
from jobs.modelling.champion import other_libraries, serving_champion
from jobs.modelling.data_faults import columns_of, counted_before_imputation, data_faults
from jobs.modelling.definition import difference_from
from jobs.modelling.splits import labels_of, scores_of, train_and_test, unseen_by
from jobs.statistics.discrimination import AucDifference, paired_auc_difference
from jobs.statistics.faults import LEAST_NEWEST
from jobs.statistics.rounding import rounded_apart
from storage.files.folder import FileFacts
from storage.lake.names import TRAINING_DATA, TRAINING_IMPUTED
from storage.ledger.models import ModelVersion


@dataclass(frozen=True)
class PromotionVerdict:
    """Whether a model is to become champion, and why, with the numbers.

    `champion` is who was champion when the run began: the verdict holds against no other. `compared_with` is the model
    that it was compared with, None if none could be. `auc` is the new model's; the difference is new minus old.
    """

    promote: bool
    reason: str
    champion: str | None
    compared_with: str | None
    threshold: float
    rows: int
    auc: float
    champion_auc: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class Opponent:
    """The model to compare with, and how it fared on the test rows (new minus old); or why there is no comparison.

    A model with `other_labels` was trained with another label definition: only a person can replace it.
    """

    version: str | None
    difference: AucDifference | None
    why_not: str = ""
    other_labels: bool = False


def verdict_on(
    auc: float, rows: int, threshold: float, champion: str | None, opponent: Opponent, faults: Sequence[str] = ()
) -> PromotionVerdict:
    """The verdict on a model with this test AUC on so many test rows.

    Worse means that the whole 95% interval of the difference lies below 0. `faults` are sentences on features that are
    broken in the new training data.
    """
    found = opponent.difference
    worse = found is not None and found.high is not None and found.high < 0
    weak = auc < threshold
    refused = worse or weak or opponent.other_labels or bool(faults)
    verdict = "Not promoted" if refused else "Promoted"
    told = [f"its AUC {rounded_apart(auc, threshold)} on {rows:,} test loans is below {threshold:g}"] if weak else []
    told += [f"data fault: {sentence.removesuffix('.')}" for sentence in faults]
    told.append(_comparison(opponent, worse=worse))
    numbers = {"auc": auc} if found is None else _numbers(found)
    return PromotionVerdict(
        promote=not refused,
        reason=f"{verdict}: {'; '.join(told)}.",
        champion=champion,
        compared_with=opponent.version,
        threshold=threshold,
        rows=rows,
        **{**numbers, "auc": auc},
    )


def promotion_verdict(job: Job, artifact: FileFacts, features: Sequence[str], auc: float) -> PromotionVerdict:
    """The verdict on a pipeline that was fitted in this run and has this test AUC, against the champion that serves."""
    table = job.read(TRAINING_DATA)
    _, test = train_and_test(table)
    model, _ = serving_champion(job)
    metadata = json.loads(job.models.read(model.files["metadata"])) if model else {}
    faults = list(broken_features(job, table, metadata, features))
    opponent = _opponent(job, model, test, artifact, features)
    champion = job.champions[0].version if job.champions else None
    verdict = verdict_on(auc, test.num_rows, float(job.settings["auc_threshold"]), champion, opponent, faults)
    log.info("%s", verdict.reason)
    return verdict


def measured(job: Job, rows: pa.Table) -> pa.Table:
    """Rows of the training data before imputation: null for each value that was imputed."""
    return before_imputation(rows, job.read(TRAINING_IMPUTED), job.book.loan_id)


def broken_features(job: Job, table: pa.Table, champion: Mapping[str, Any], features: Sequence[str]) -> Iterator[str]:
    """A sentence for each feature of the new model that is broken in the training data.

    Broken is a feature with a data fault against the reference in the metadata of the `champion` (empty without one),
    in all loans or in the newest of those whose outcome the champion's training did not know yet; and one that the
    champion does not know (as for a first model) without a value in any loan, unless a column of it is optional. One
    value in every loan is no fault there: some lenders have one tenure.
    """
    reference = champion.get("reference", {"features": {}})
    known = {name: frozen for name, frozen in reference["features"].items() if name in features}
    rows = measured(job, table) if counted_before_imputation(reference) else table
    of_all = data_faults(rows, {"features": known}, job.book)
    told = {fault.feature for fault in of_all}
    newest = newest_loans(_later_than(champion, rows))
    of_newest = data_faults(newest, {"features": known}, job.book, LEAST_NEWEST, "newest loans")
    yield from (fault.sentence for fault in of_all)
    yield from (fault.sentence for fault in of_newest if fault.feature not in told)
    for name in features:
        may_lack = any(column.optional for _, column in job.book.inputs_of(name))
        if name not in known and not may_lack and table[name].null_count == table.num_rows:
            yield f"{name} has no value in any of {table.num_rows:,} loans; check {columns_of(name, job.book)}."


def newest_loans(rows: pa.Table, least: int = LEAST_NEWEST) -> pa.Table:
    """The loans of the latest prediction dates, as many dates as needed for `least` loans; all loans if fewer."""
    if rows.num_rows == 0:
        return rows
    days = np.sort(rows["prediction_date"].to_numpy())
    return rows.filter(pa.array(rows["prediction_date"].to_numpy() >= days[-min(least, len(days))]))


def _later_than(champion: Mapping[str, Any], rows: pa.Table) -> pa.Table:
    """The loans whose outcome became known after the champion's training; all loans without a champion."""
    if "as_of" not in champion:
        return rows
    trained = pa.scalar(date.fromisoformat(champion["as_of"]), pa.date32())
    return rows.filter(pc.greater(rows["observation_date"], trained))


def _opponent(
    job: Job, model: ModelVersion | None, test: pa.Table, artifact: FileFacts, features: Sequence[str]
) -> Opponent:
    if not job.champions:
        return Opponent(None, None, "there was no champion before")
    if model is None:
        return Opponent(None, None, "no champion has the files that were registered, so there is none to compare with")
    difference = difference_from(model, job.book)
    if difference is not None:
        told = f"champion {model.version} was trained with another label definition, so the two can't be compared"
        advice = f"promote {job.stamp} yourself if it is to replace it"
        return Opponent(None, None, f"{told} ({difference.removesuffix('.')}); {advice}", other_labels=True)
    if reason := other_libraries(model, job.models):
        return Opponent(None, None, reason.partition(";")[0])
    old = job.models.load(model.files["model"])
    known = tuple(old.feature_names_in_)
    unknown = sorted(set(known) - set(test.column_names))
    if unknown:
        return Opponent(None, None, f"champion {model.version} needs {unknown[0]}, which this book does not have")
    unseen = test.filter(unseen_by(json.loads(job.models.read(model.files["metadata"])), test, job.book))
    new = scores_of(job.models.load(artifact), unseen, features)
    found = paired_auc_difference(labels_of(unseen), new, scores_of(old, unseen, known))
    return Opponent(model.version, found, f"champion {model.version} learned from too many of the test loans")


def _comparison(opponent: Opponent, *, worse: bool) -> str:
    found = opponent.difference
    if found is None or found.auc_b is None:
        return opponent.why_not
    against = f"champion {opponent.version} with AUC {found.auc_b:.3f} on the same {found.n:,} test loans"
    if found.low is None or found.high is None or found.p_value is None or found.difference is None:
        return f"too few loans defaulted to tell it from {against}"
    if found.variance == 0:
        return f"it ranks exactly like {against}"
    interval = f"difference {found.difference:+.3f}, 95% interval {found.low:+.3f} to {found.high:+.3f}"
    told = "significantly worse than" if worse else "not significantly worse than"
    return f"{told} {against} ({interval}, p = {found.p_value:.2g})"


def _numbers(found: AucDifference) -> dict[str, Any]:
    return {
        "champion_auc": found.auc_b,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
    }
