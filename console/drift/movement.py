"""Where scores and features moved since the last healthy date, and which movement matters most to the model."""

import pandas as pd
from markupsafe import Markup

from console.app import queries
from console.app.deployment import plain_name
from console.components.elements import Text, join, named_html
from console.components.times import day
from console.drift.query import View, metadata_of_version, monitoring_run
from engine.documents.movement import Moved, last_healthy, moved_between, since_words

MOST_NAMED = 3  # features that a sentence names


def moved_of(view: View) -> Moved:
    """What moved up to the date in view."""
    version = view.row["model_version"]
    history = queries.monitoring()
    names = ("monitoring_date", "model_version", "status")
    rows = (
        []
        if history.empty
        else [dict(zip(names, row, strict=True)) for row in zip(*(history[name] for name in names), strict=True)]
    )
    since = last_healthy(rows, view.filters.day, version)
    before = monitoring_run(since).values if since else None
    return moved_between(metadata_of_version(version), view.monitoring_run.values, since, before)


def drivers(features: pd.DataFrame, moved: Moved) -> Text:
    """The features that drifted beyond noise, first those that matter most to the model; that there are none, if so."""
    beyond = features[(features["band"] != "stable") & (features["csi"] > features["chance_level"])]
    if beyond.empty:
        return "No single input has drifted beyond noise." if len(features) else ""
    order = {one.feature: place for place, one in enumerate(moved.features)} if moved.weighted else {}
    rows = beyond.assign(place=[order.get(name, len(order)) for name in beyond["feature"]])
    first = rows.sort_values(["place", "csi"], ascending=[True, False]).head(MOST_NAMED)
    words = {one.feature: one.moved for one in moved.features}
    named = [
        Markup("{} {}").format(named_html(plain_name(name), name), join([f"{csi:.2f}", words.get(name, "")], " "))
        for name, csi in zip(first["feature"], first["csi"], strict=True)
    ]
    more = f" and {len(beyond) - len(first)} more" if len(beyond) > len(first) else ""
    ranked = (
        f"by change {since_words(moved.since, day)} times importance"
        if moved.weighted
        else "by CSI, no importance is known"
    )
    inputs = join(named, ", ")
    drifted = f"{len(beyond)} of {len(features)} inputs drifted beyond noise"
    return Markup("{}, {} (CSI, direction): {}{}.").format(drifted, ranked, inputs, more)


def with_movements(rows: pd.DataFrame, moved: Moved) -> pd.DataFrame:
    """The rows of features with their movement, importance and weight, the largest weight first; else as they are."""
    columns = ["feature", "change", "noise_level", "moved", "importance", "weight"]
    found = pd.DataFrame([{**vars(one), "moved": one.words} for one in moved.features], columns=columns)
    merged = rows.merge(found, on="feature", how="left")
    return merged.sort_values("weight", ascending=False, kind="stable") if moved.weighted else merged


def ranking_words(moved: Moved) -> str:
    """Which feature is first by change times importance; that no importance is known, if so."""
    if not moved.weighted:
        return "This model keeps no importance of its features, so they are ranked by CSI alone."
    first = moved.features[0]
    where = f" ({first.words})" if first.words else ""
    return (
        f"By change {since_words(moved.since, day)} times importance the first is {plain_name(first.feature)}{where}."
    )
