"""One version: its summary, its promotion test, its candidates, and its features, parameters, libraries and files."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import ledger, plain_name
from console.app.navigation import run_link
from console.components.elements import (
    Text,
    callout,
    code_html,
    description_list,
    figure,
    join,
    named_html,
    note,
    note_html,
    sign_html,
    write_html,
)
from console.components.table import bytes_text, columns, digest_html, table
from console.components.times import day, time_html
from console.models.candidates import show_candidates
from console.models.champions.change import role_html
from console.models.pair.differences import parameter_text
from console.models.query import ModelView, auc_threshold
from console.models.scorecard import show_scorecards
from console.runs.parameters import label
from engine.documents.candidates import (
    calibration_text,
    comparison_words,
    interval_text,
    loans_text,
    verdict_numbers,
)
from engine.documents.values import Document
from jobs.modelling.promotion.outcome import outcome_of_test
from jobs.statistics.cut_off import cut_off_words
from storage.ledger.approvals import Approval


def show_summary(view: ModelView, changes: Sequence[Document]) -> None:
    """Shows what the version is, its role by the changes of the champion, and its AUC on the test loans."""
    row, details, metrics = view.row, view.details, view.metrics
    rows = details.get("rows", {})
    auc = f"{figure(metrics.get('test_auc'))}, 95% interval {interval_text(metrics)}"
    description_list(
        {
            "Role": role_html(changes, view.version),
            "Model": row.model_name,
            "Feature set": f"{details.get('feature_set', '-')}{_feature_count(details)}",
            "Test AUC": join([auc, loans_text(rows.get("test"))], ", on "),
            "Predicts default at": cut_off_words(details.get("cut_off")),
            "Calibration error": calibration_text(metrics),
            "Trained on": loans_text(rows.get("train")) or "-",
            "Trained on data up to": day(date.fromisoformat(details["as_of"])) if details.get("as_of") else "-",
            "Made": Markup("{} by {}").format(time_html(row.created_at, ledger().clock()), run_link(row.run_id)),
        }
    )
    if view.damage:
        callout(
            "bad",
            "The metadata of this version can't be shown",
            view.damage,
            "This page shows the summary of the registry instead.",
        )


def show_promotion_test(details: dict[str, Any], approval: Approval | None = None) -> None:
    """Shows the result of the promotion test, the decision on a model that passed, and the numbers behind them."""
    verdict = details.get("promotion")
    if not verdict:
        note("No promotion test was recorded for this version.")
        return
    found = outcome_of_test(verdict, vars(approval) if approval else None)
    words = f"passed, {found.words}" if verdict.get("waiting") else found.words
    write_html(Markup("<div>{}{}</div>").format(sign_html(found.sign, found.tone, words), found.of_test))
    description_list(verdict_numbers(verdict))


def show_candidates_and_comparisons(view: ModelView) -> None:
    """Shows the candidates of the training, and the comparison of its feature sets."""
    details = view.details
    if not details.get("candidates"):
        note("The registry has no candidates of this version.")
        return
    show_candidates(details["candidates"], view.row.model_name, auc_threshold(details), details.get("cut_off"))
    sentences = dict.fromkeys(comparison_words(one, plain_name) for one in details.get("comparisons", []))
    if sentences:
        st.subheader("Feature sets compared")
        items = join(Markup("<li>{}</li>").format(sentence) for sentence in sentences)
        write_html(Markup('<ul style="margin: 0">{}</ul>').format(items))
        note("Differences of AUC with DeLong's paired variance. Each classifier is also compared across feature sets.")
    show_scorecards(details)


def show_contents(view: ModelView) -> None:
    """Shows the features, the parameters of the run, the libraries, and the files with sizes and digests."""
    details = view.details
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Features")
        categories = set(details.get("categorical", []))
        rows: list[list[Text]] = [
            [str(n), named_html(plain_name(name), name), "category" if name in categories else "number"]
            for n, name in enumerate(details.get("features", []), 1)
        ]
        table("Features in their order", columns("", "Feature", "Kind", numbers=[""]), rows)
    with right:
        st.subheader("Hyperparameters")
        _hyperparameters(details.get("hyperparameters", {}), view.row.model_name)
        for name, fit in details.get("fits", {}).items():
            note(f"{name}: {fit['why']}")
        st.subheader("Parameters of the run")
        _parameters(view.params)
        st.subheader("Libraries")
        description_list({name: str(version) for name, version in details.get("libraries", {}).items()})
        st.subheader("Files")
        _files(view.row.files)


def _hyperparameters(of_candidates: Mapping[str, Mapping[str, Any]], selected: str) -> None:
    """Shows how the classifier of each candidate was declared, the selected one first."""
    if not of_candidates:
        note("An earlier release trained this version and kept none; the book declares those of today.")
        return
    rows: list[list[Text]] = []
    for name in sorted(of_candidates, key=lambda one: one != selected):
        rows.append([name])
        rows += [[code_html(key), code_html(repr(value))] for key, value in of_candidates[name].items()]
        if not of_candidates[name]:
            rows.append([note_html("defaults of its library"), ""])
    table("Hyperparameters of each candidate, the selected one first", columns("Name", "Value"), rows)


def _parameters(params: Mapping[str, Any]) -> None:
    if not params:
        note("Default settings")
        return
    rows: list[list[Text]] = [
        [named_html(label(name), name), code_html(parameter_text(name, value))] for name, value in params.items()
    ]
    table("Parameters that differ from the settings", columns("Parameter", "Value"), rows)


def _files(files: Mapping[str, dict[str, Any]]) -> None:
    rows: list[list[Text]] = [
        [role, code_html(facts["name"]), bytes_text(facts["bytes"]), digest_html(facts["sha256"])]
        for role, facts in sorted(files.items())
    ]
    table("Files of this version", columns("Role", "File", "Size", "SHA-256", numbers=["Size"]), rows)
    note("A file is loaded only if its SHA-256 matches. A click on a digest selects all of it.")


def _feature_count(details: dict[str, Any]) -> str:
    return f", {len(details['features'])} features" if details.get("features") else ""
