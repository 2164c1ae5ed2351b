"""The parameters of a pipeline as widgets, made from the settings that its tasks read."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import streamlit as st
from pydantic.fields import FieldInfo

from console.app.deployment import deployment
from engine.control.effects import reads_extracts
from engine.control.extract_folder import folder_for
from engine.control.runs import pipeline_named
from engine.definitions.task import settings_of
from jobs.modelling.candidates import is_every_set, word_for_every_set
from storage.settings import GIB, Settings

FIRST_DAY = date(2000, 1, 1)
UPPER = {"auc": "AUC", "psi": "PSI"}
LABELS = {
    "data": "Folder of the extracts",
    "extract_limit": "Largest extract (GiB)",
    "auc_defaults": "Defaults for AUC",
    "auc_least_defaults": "Minimum defaults for AUC",
    "cut_off": "Cut-off",
    "drift_rows": "Minimum loans for PSI",
    "exact_fit_rows": "Train rows of an exact fit",
}
IN_GIB = "extract_limit"  # in bytes as a setting, in GiB as a widget
FINE, COARSE = 0.01, 1.0  # steps of a number input; a share or a threshold is chosen in hundredths


def parameters(pipeline: str, given: Mapping[str, Any], place: str) -> dict[str, Any]:
    """The changed parameters by the setting's name. `given` are parameters that replace settings already.

    `place` is the key of the dialog, which is part of the keys of its widgets.
    """
    before = {**deployment().settings.model_dump(), **given}
    chosen = {name: _widget(pipeline, name, before[name], f"{place}-{name}") for name in names(pipeline)}
    return {name: value for name, value in chosen.items() if value != before[name]}


def changed_words(params: Mapping[str, Any]) -> str:
    """The parameters of a run that replace settings, in one sentence; '' without any. Promotion has a tick."""
    told = [
        f"{label(name)} {value / GIB:g}" if name == IN_GIB else f"{label(name)} {value}"
        for name, value in params.items()
        if name != "promote"
    ]
    return f"Changed parameters: {', '.join(told)}." if told else ""


def names(pipeline: str) -> list[str]:
    """The names of the parameters of the pipeline's runs, the folder first. Promotion has a tick of its own."""
    declared = pipeline_named(pipeline, deployment().pipelines)
    folder = ["data"] if reads_extracts(declared) else []
    return [*folder, *sorted(settings_of(declared) - {"promote"})]


def as_of_input(value: date, place: str) -> date:
    """The chosen as-of date."""
    return st.date_input(
        "As of",
        value,
        min_value=FIRST_DAY,
        format="YYYY-MM-DD",
        key=f"{place}-as-of",
        help="The as-of date of the run. The run ignores all later data.",
    )


def force_input(place: str) -> bool:
    """Whether the run ignores cached results."""
    return st.checkbox(
        "Ignore cache", key=f"{place}-force", help="Full rerun: every task runs, also with unchanged inputs (`--force`)"
    )


def label(name: str) -> str:
    """A setting's name as words: `AUC threshold`."""
    if name in LABELS:
        return LABELS[name]
    first, *rest = name.split("_")
    return " ".join([UPPER.get(first, first.capitalize()), *rest])


def _widget(pipeline: str, name: str, value: Any, key: str) -> Any:
    field = Settings.model_fields[name]
    help_ = f"{(field.description or '').capitalize()}. On the command line: `--param {name}=...`"
    if name == "data":
        return st.text_input(label(name), value, placeholder=_folder(pipeline), help=help_, key=key).strip()
    if name == IN_GIB:
        return round(
            GIB * st.number_input(label(name), 0.0, value=value / GIB, step=1.0, format="%g", help=help_, key=key)
        )
    if name == "feature_set":
        return _feature_set(value, help=help_, key=key)
    return _maker(field)(field, label(name), value, help=help_, key=key)


def _maker(field: FieldInfo) -> Callable[..., Any]:
    if field.annotation is bool:
        return _flag
    return _number if field.annotation in (int, float) else _text


def _feature_set(value: str, **common: Any) -> str:
    """A feature set of the book, or the word for all; the value as given as long as nothing else is chosen."""
    book = deployment().book
    sets = list(book.feature_sets)
    every = word_for_every_set(book)
    options = [*sets, every] if len(sets) > 1 else sets
    before = every if is_every_set(value, book) else value or sets[0]
    chosen: str = st.selectbox(
        label("feature_set"), options, options.index(before) if before in options else 0, **common
    )
    return value if chosen == before else chosen


def _number(field: FieldInfo, name: str, value: Any, **common: Any) -> Any:
    """A number within the limits of its setting. An exclusive limit is checked when the run is requested."""
    number = field.annotation or float
    low, high = (_limit(field, kinds) for kinds in (("ge", "gt"), ("le", "lt")))
    step = FINE if number is float and field.default < 1 else COARSE
    limits: dict[str, Any] = {
        "min_value": None if low is None else number(low),
        "max_value": None if high is None else number(high),
        "step": number(step),
    }
    return st.number_input(name, value=number(value), format="%d" if number is int else "%g", **limits, **common)


def _flag(field: FieldInfo, name: str, value: Any, **common: Any) -> Any:  # noqa: ARG001 - as the other makers
    return st.checkbox(name, bool(value), **common)


def _text(field: FieldInfo, name: str, value: Any, **common: Any) -> Any:  # noqa: ARG001 - as the other makers
    return st.text_input(name, value, **common).strip()


def _limit(field: FieldInfo, kinds: tuple[str, ...]) -> float | None:
    limits = [getattr(rule, kind) for rule in field.metadata for kind in kinds if hasattr(rule, kind)]
    return limits[0] if limits else None


def _folder(pipeline: str) -> str:
    """The folder that the pipeline reads when the field is empty."""
    return folder_for(deployment(), pipeline)
