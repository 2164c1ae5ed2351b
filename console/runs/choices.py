"""What a dialog asks about a run: parameters, folder, promotion; below them what the run may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from console.app.deployment import deployment
from console.components.elements import callout, note, with_code
from console.runs.parameters import changed_words, parameters
from engine.control.effects import effects, makes_model, reads_extracts
from engine.control.extract_folder import folder_in_use
from engine.control.runs import asked_request, pipeline_named
from storage.errors import LoanwatchError


@dataclass(frozen=True)
class Choices:
    """The changed parameters of a run by the setting's name, and whether its folder becomes the deployment's."""

    params: dict[str, Any]
    adopt: bool = False


def choices(pipeline: str, given: Mapping[str, Any], place: str) -> Choices:
    """What is chosen of a run. `given` are parameters that replace settings already; `place` is the dialog's key."""
    declared = pipeline_named(pipeline, deployment().pipelines)
    with st.expander("Parameters", key=f"{place}-parameters"):
        params = parameters(pipeline, given, place)
    if changed := changed_words({**given, **params}):
        note(changed)
    adopt = False
    if reads_extracts(declared) and {**given, **params}.get("data"):
        note(with_code(f"The deployment reads `{folder_in_use(deployment(), pipeline)}`."))
        adopt = st.checkbox(
            "Adopt this folder",
            key=f"{place}-adopt",
            help="Later runs read this folder too (`--adopt`). Otherwise it is of this run alone, and nothing of it "
            "is published.",
        )
    if makes_model(declared):
        params |= _promotion(given, place)
    return Choices(params, adopt)


def show_effects(pipeline: str, as_of: date, chosen: Choices, given: Mapping[str, Any]) -> None:
    """Shows what the run may change, or why it can't be requested."""
    params = {**given, **chosen.params}
    try:
        new = asked_request(deployment(), pipeline, as_of, adopt=chosen.adopt, params=params)
    except LoanwatchError as error:
        callout("warn", "This run can't be requested", str(error))
        return
    trial = "trial" in new.cause_detail
    title = "Nothing of this run is published" if trial else "What this run may change"
    callout("warn" if trial else "quiet", title, *effects(deployment(), new))


def _promotion(given: Mapping[str, Any], place: str) -> dict[str, bool]:
    allowed = deployment().settings.promote
    before = bool(given.get("promote", allowed))
    only = st.checkbox(
        "Register without promoting",
        not before,
        key=f"{place}-register",
        disabled=not allowed,
        help="The model is registered and tested, and the champion stays (`--no-promote`).",
    )
    return {"promote": not only} if (not only) != before else {}
