"""PromotionVerdict: whether a newly trained model takes the champion's place, judged on rows that neither of them saw.

The stable hash split makes these rows: a test loan is a test loan in every training, so no champion was ever fitted on
one. The new model becomes champion unless it is worse: significantly so by the paired DeLong comparison at 95%, or with
an AUC below the threshold. Where the two rank alike (a difference of exactly 0), or the rows can't tell them apart, the
new one takes over: it knows the newer data. It was chosen among its candidates on these very rows, which favours it a
little; that a champion was chosen in the same way evens that out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.job import Job, log
from jobs.modelling.champion import other_libraries, serving_champion
from jobs.modelling.definition import difference_from
from jobs.modelling.splits import labels_of, scores_of, train_and_test
from jobs.statistics.discrimination import AucDifference, paired_auc_difference
from jobs.statistics.reference import reference_from_json
from jobs.statistics.rounding import rounded_apart
from storage.files.folder import FileFacts
from storage.lake.names import TRAINING_DATA


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

    A model with `other_labels` was trained with another label definition: only a person can replace it. `data_faults`
    are features that varied when the old model was trained, and have one value or none in the new training data.
    """

    version: str | None
    difference: AucDifference | None
    why_not: str = ""
    other_labels: bool = False
    data_faults: tuple[str, ...] = ()


def verdict_on(auc: float, rows: int, threshold: float, champion: str | None, opponent: Opponent) -> PromotionVerdict:
    """The verdict on a model with this test AUC on so many test rows.

    Worse means that the whole 95% interval of the difference lies below 0.
    """
    found = opponent.difference
    worse = found is not None and found.high is not None and found.high < 0
    weak = auc < threshold
    refused = worse or weak or opponent.other_labels or bool(opponent.data_faults)
    verdict = "Not promoted" if refused else "Promoted"
    told = [f"its AUC {rounded_apart(auc, threshold)} on {rows:,} test loans is below {threshold:g}"] if weak else []
    if opponent.data_faults:
        told.append(
            f"data fault: {', '.join(opponent.data_faults)} has one value or none in every loan; check the extract"
        )
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
    train, test = train_and_test(job.read(TRAINING_DATA))
    champion = job.champions[0].version if job.champions else None
    opponent = _opponent(job, train, test, artifact, features)
    verdict = verdict_on(auc, test.num_rows, float(job.settings["auc_threshold"]), champion, opponent)
    log.info("%s", verdict.reason)
    return verdict


def constant_features(rows: pa.Table, features: Sequence[str]) -> tuple[str, ...]:
    """The features that have no value, or the same value, in every row."""
    return tuple(name for name in features if pc.count_distinct(rows[name], mode="all").as_py() < 2)


def _opponent(job: Job, train: pa.Table, test: pa.Table, artifact: FileFacts, features: Sequence[str]) -> Opponent:
    if not job.champions:
        return Opponent(None, None, "there was no champion before")
    model, _ = serving_champion(job)
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
    new = scores_of(job.models.load(artifact), test, features)
    paired = paired_auc_difference(labels_of(test), new, scores_of(old, test, known))
    varied = _features_that_varied(json.loads(job.models.read(model.files["metadata"])))
    return Opponent(
        model.version, paired, data_faults=constant_features(train, [one for one in features if one in varied])
    )


def _features_that_varied(metadata: Mapping[str, Any]) -> set[str]:
    """The features that had several values when a model was trained, by its frozen reference."""
    frozen = metadata.get("reference", {}).get("features", {})
    return {name for name, one in frozen.items() if (reference_from_json(one).all_counts() > 0).sum() > 1}


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
