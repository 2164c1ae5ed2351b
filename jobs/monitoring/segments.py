"""Segments: how a model judges groups of borrowers, such as bands of age or of the loan's amount."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.features import Segment
from jobs.gold.arrears import knows_arrears, not_in_arrears
from jobs.modelling.frames import is_category
from jobs.modelling.splits import as_floats, labels_of
from jobs.statistics.backtest import backtest
from jobs.statistics.discrimination import auc_with_interval

FOUR_FIFTHS = 0.8
LEAST_LOANS = 30  # with fewer, one decision moves the approval by more than 3 points
MISSING = "missing"
FEW_VALUES = 6  # a number with so many different values or fewer is shown value by value
Mask = npt.NDArray[np.bool_]


def segments_of(scored: pa.Table, segments: tuple[Segment, ...]) -> list[dict[str, Any]]:
    """Each band of each segment with its measures, as plain JSON types.

    `scored` has predicted_proba, predicted_label, label (null for an outcome that is not known) and the features of the
    segments, one row a loan. Approval is the share of loans with predicted label 0; `approval_ratio` is that share over
    the highest of the segment's bands, and `below_four_fifths` where it is under 0.8 (the four-fifths rule of the
    Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4(D), a rule of thumb for adverse impact). Bands of
    fewer than 30 loans have no ratio, and missing values are no band to compare with. AUC, bad rate and calibration are
    of the loans with a known outcome (`labelled` of all `loans`); `not_in_arrears` has the same of those not in arrears
    at scoring, None where that is not known. Approval has no such part: the rule is about every decision.
    """
    found = []
    for segment in segments:
        if segment.feature not in scored.column_names:
            continue
        rows = [
            {"segment": segment.feature, "band": band, **_measures(scored.filter(pa.array(mask)))}
            for band, mask in bands(scored[segment.feature], segment)
            if mask.any()
        ]
        compared = [row for row in rows if row["loans"] >= LEAST_LOANS]
        highest = max((row["approval"] for row in compared if row["band"] != MISSING), default=0.0)
        for row in rows:
            ratio = row["approval"] / highest if highest and row in compared else None
            below = ratio is not None and ratio < FOUR_FIFTHS
            found.append({**row, "approval_ratio": ratio, "below_four_fifths": below})
    return found


def bands(values: pa.ChunkedArray, segment: Segment) -> Iterator[tuple[str, Mask]]:
    """(name, loans) of each band, in order, MISSING last: levels of a category, bands between bounds of a number.

    A number without bounds has its values as bands if they are few, else its quarters.
    """
    if is_category(values.type):
        for level in sorted(pc.unique(values).drop_null().to_pylist()):
            yield level, pc.fill_null(pc.equal(values, level), fill_value=False).to_numpy()
        yield MISSING, values.is_null().to_numpy()
        return
    numbers = as_floats(values)
    known = numbers[~np.isnan(numbers)]
    distinct = np.unique(known)
    if not segment.bounds and distinct.size <= FEW_VALUES:
        yield from ((_text(value), numbers == value) for value in distinct.tolist())
    else:
        edges = segment.bounds or tuple(np.unique(np.quantile(known, [0.25, 0.5, 0.75])).tolist())
        whole = bool(np.all(known == np.round(known))) and all(float(edge).is_integer() for edge in edges)
        yield from _between(numbers, edges, whole=whole)
    yield MISSING, np.isnan(numbers)


def _between(numbers: npt.NDArray[np.float64], edges: tuple[float, ...], *, whole: bool) -> Iterator[tuple[str, Mask]]:
    """The bands below the first edge, from each edge to before the next one, and from the last one on."""
    yield f"under {_text(edges[0])}", numbers < edges[0]
    for low, high in pairwise(edges):
        name = f"{_text(low)}-{_text(high - 1)}" if whole else f"{_text(low)} to below {_text(high)}"
        yield name, (numbers >= low) & (numbers < high)
    yield f"{_text(edges[-1])} and more", numbers >= edges[-1]


def _text(value: float) -> str:
    """A number with all of its digits before the point, and with at least four in all."""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1_000 else f"{value:,.4g}"


def _measures(loans: pa.Table) -> Mapping[str, Any]:
    refused = np.asarray(loans["predicted_label"].to_numpy(), np.float64)
    return {
        "approval": float(1 - refused.mean()),
        **_outcomes(loans),
        "not_in_arrears": _outcomes(not_in_arrears(loans)) if knows_arrears(loans) else None,
    }


def _outcomes(loans: pa.Table) -> dict[str, Any]:
    """The number of loans; AUC, bad rate and calibration of those with a known outcome."""
    known = loans.filter(loans["label"].is_valid())
    labels, scores = labels_of(known), as_floats(known["predicted_proba"])
    area, tested = auc_with_interval(labels, scores) if known.num_rows else None, backtest(labels, scores)
    return {
        "loans": loans.num_rows,
        "labelled": tested.n,
        "defaults": tested.defaults,
        "bad_rate": tested.bad_rate,
        "auc": area.value if area else None,
        "auc_low": area.low if area else None,
        "auc_high": area.high if area else None,
        "mean_pd": tested.mean_pd,
        "low": tested.low,
        "high": tested.high,
        "light": tested.light,
    }
