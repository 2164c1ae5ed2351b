"""The curves and bins of a monitoring run, computed from its outcomes loan by loan, once for each version of them."""

from typing import Any

import pyarrow.compute as pc
import streamlit as st

from console.app.deployment import deployment
from console.app.queries import VERSION_KEYS
from jobs.monitoring.curves import CURVE_COLUMNS, VINTAGE_COLUMNS, Curves, curves_from
from jobs.monitoring.measures import feature_bins, newest_cohorts
from storage.lake.datamart import TableVersion

KEPT_VERSIONS = 24


@st.cache_resource(max_entries=KEPT_VERSIONS, show_spinner=False, hash_funcs=VERSION_KEYS)
def curves_of(version: TableVersion) -> Curves:
    """The curves of outcomes: of the loans that were not in training; vintage curves of all loans."""
    return curves_from(deployment().datamart.read(version, [*CURVE_COLUMNS, *VINTAGE_COLUMNS]))


def window_bins(version: TableVersion, model: str, reference: dict[str, Any]) -> dict[str, list[int]]:
    """Loans of the current window in each bin of each feature, by the bins of the model's baseline."""
    return _bins(version, model, deployment().settings.drift_rows, reference)


@st.cache_resource(max_entries=KEPT_VERSIONS, show_spinner=False, hash_funcs=VERSION_KEYS)
def _bins(
    version: TableVersion,
    model: str,  # noqa: ARG001 - the key of `_reference`
    rows: int,
    _reference: dict[str, Any],
) -> dict[str, list[int]]:
    columns = ["cohort", "fitted", *_reference["features"]]
    table = deployment().datamart.read(version, columns)
    return feature_bins(newest_cohorts(table.filter(pc.invert(table["fitted"])), rows), _reference)
