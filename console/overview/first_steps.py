"""The guide through the first visit: extracts, the first training, the first scores, the first monitoring."""

from datetime import date

import streamlit as st
from markupsafe import Markup

from console.access.session import Person, person
from console.app import actions
from console.app.deployment import deployment
from console.app.dialogs import ONLY_OPERATORS
from console.app.navigation import run_link
from console.components.elements import Text, count, join, note_html, state_html, write_html
from console.components.times import day
from console.overview.query import Overview
from console.runs.trigger import go_to_run
from engine.control.extract_folder import default_folder, folder_has_extracts
from engine.control.first_data import checked_folder, found_extracts, make_sample
from jobs.sample.write import DEMO, LAST_OUTCOMES
from storage.lake.names import MONITORING

STEPS = {
    "training": ("Train the first model", "reads the extracts, trains three candidates, and keeps the best one"),
    "inference": ("Score the loans", "gives each loan that can be scored a probability of default"),
    "monitoring": ("Monitor the model", "compares the scores with what became of the loans"),
}
FOLDER, AS_OF = "first-steps-folder", "first-steps-as-of"


def show(view: Overview) -> None:
    """Shows the steps up to the first monitoring, with the controls of the next one; nothing afterwards."""
    if MONITORING in view.reading.published or not set(STEPS) <= set(deployment().pipelines):
        return
    st.header("First steps", anchor=False)
    write_html(_steps(view))
    following = _next(view)
    if following is None or following in view.reading.active:
        return
    if following == "training":
        _first_training()
    else:
        training = view.reading.runs.get("training")  # none where the champion is of a trial
        _next_run(following, training.as_of if training else deployment().today())


def _done(view: Overview, pipeline: str) -> bool:
    if pipeline == "training":
        return view.reading.serving.champion is not None
    run = view.reading.runs.get(pipeline)
    return run is not None and run.state == "succeeded"


def _next(view: Overview) -> str | None:
    return next((pipeline for pipeline in STEPS if not _done(view, pipeline)), None)


def _steps(view: Overview) -> Markup:
    items = join(_step(view, pipeline) for pipeline in STEPS)
    return Markup('<ol class="lw-steps">{}</ol>').format(items)


def _step(view: Overview, pipeline: str) -> Markup:
    (title, what), run = STEPS[pipeline], view.reading.last_run(pipeline)
    done = _done(view, pipeline)
    state = state_html("succeeded", "done") if done else state_html(run.state if run else "never")
    parts: list[Text] = [Markup("<strong>{}</strong>").format(title), state, note_html(what)]
    if run:
        parts.append(run_link(run.run_id, "watch it" if run.finished_at is None else "open its run"))
    return Markup("<li>{}</li>").format(join(parts, " "))


def _first_training() -> None:
    """The two ways to extracts: a sample, or a folder."""
    allowed = person().operates
    why_not = None if allowed else ONLY_OPERATORS
    folder = default_folder(deployment())
    has_extracts = folder_has_extracts(deployment(), folder)
    sample, own = st.columns(2)
    with sample, st.container(border=True, key="first-sample"):
        st.subheader("Invented sample data", anchor=False)
        told = f"{count(DEMO.customers)} customers with the columns, formats and errors of a real loan book."
        write_html(note_html(f"{told} They are trained on as of {day(LAST_OUTCOMES)}, when all outcomes are known."))
        taken = f"{folder} has extracts already; train on them." if has_extracts else why_not
        pressed = st.button(
            "Make sample data and train", type="primary", key="first-sample-go", disabled=bool(taken), help=taken
        )
        if pressed:
            _open(actions.attempted(_sample_and_train))
    with own, st.container(border=True, key="first-folder"):
        st.subheader("Extracts of your own", anchor=False)
        named = st.text_input("Folder of the extracts", folder if has_extracts else "", key=FOLDER)
        as_of = _as_of()
        write_html(_found(named))
        if st.button("Train on this folder", key="first-folder-go", disabled=not allowed, help=why_not):
            _open(actions.attempted(lambda who: _train(who, checked_folder(deployment(), named), as_of)))


def _as_of() -> date:
    return st.date_input(
        "As of", deployment().today(), format="YYYY-MM-DD", key=AS_OF, help="The run ignores all later data."
    )


def _found(folder: str) -> Markup:
    """Which datasets of the book a folder has."""
    if not folder.strip():
        return note_html("A .csv, a .csv.gz or a folder of such parts for each of the book's datasets.")
    found = found_extracts(deployment(), folder.strip())
    signs = (
        state_html("succeeded" if there else "failed", f"{name}{'' if there else ' is missing'}")
        for name, there in found.items()
    )
    return Markup('<div class="lw-pair">{}</div>').format(join(signs))


def _sample_and_train(who: Person) -> str:
    words = "Making the sample"
    bar = st.progress(0.0, words)

    def show_progress(done: int, total: int) -> None:
        bar.progress(min(done / total, 1.0), words)

    folder = make_sample(deployment(), progress=show_progress, by=who.name)
    return _train(who, folder, LAST_OUTCOMES)


def _train(who: Person, folder: str, as_of: date) -> str:
    adopt = folder != default_folder(deployment())  # else the first training would be a trial
    return actions.request(who, "training", as_of, params={"data": folder}, adopt=adopt)


def _next_run(pipeline: str, as_of: date) -> None:
    """The button of the next step, as of a date."""
    allowed = person().operates
    title = f"{STEPS[pipeline][0]} as of {day(as_of)}"
    why_not = None if allowed else ONLY_OPERATORS
    if st.button(title, type="primary", key=f"first-{pipeline}", disabled=not allowed, help=why_not):
        _open(actions.attempted(lambda who: actions.request(who, pipeline, as_of)))


def _open(run_id: str | None) -> None:
    if run_id:
        go_to_run(run_id)
