"""One version: its summary, its promotion test, its candidates, and its features, parameters, libraries and files."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import ledger, plain_name
from console.app.navigation import run_link
from console.components.elements import (
    Text,
    callout,
    code_html,
    count,
    description_list,
    figure,
    join,
    named_html,
    note,
    note_html,
    sign_html,
    state_html,
    write_html,
)
from console.components.table import bytes_text, columns, digest_html, table
from console.components.times import time_html
from console.models.candidates import interval_text, show_candidates
from console.models.differences import compared_loans, difference_text, parameter_text
from console.models.query import Metrics, ModelView, auc_threshold
from console.models.scorecard import show_scorecards
from console.runs.parameters import label
from jobs.modelling.comparison import sets_in_words
from jobs.modelling.promotion.arrears import differences_in_words
from jobs.modelling.promotion.outcome import outcome_of_test
from jobs.statistics.cut_off import cut_off_words
from storage.ledger.approvals import Approval


def show_summary(view: ModelView, *, champion: bool) -> None:
    """Shows what the version is, and its AUC on the test loans."""
    row, details, metrics = view.row, view.details, view.metrics
    rows = details.get("rows", {})
    auc = f"{figure(metrics.get('test_auc'))}, 95% interval {interval_text(metrics)}"
    description_list(
        {
            "Role": state_html("champion") if champion else note_html("registered, not champion"),
            "Model": row.model_name,
            "Feature set": f"{details.get('feature_set', '-')}{_feature_count(details)}",
            "Test AUC": join([auc, loans_text(rows.get("test"))], ", on "),
            "Predicts default at": cut_off_words(details.get("cut_off")),
            "Calibration error": calibration_text(metrics),
            "Trained on": loans_text(rows.get("train")) or "-",
            "Trained on data up to": str(details.get("as_of", "-")),
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


def calibration_text(metrics: Metrics) -> str:
    """The calibration error, before calibration as well: `0.021, of raw scores 0.143`; unknown in earlier releases."""
    if metrics.get("calibration_error") is None:
        return "not known"
    means = f"mean score {figure(metrics['mean_score'])}, observed {figure(metrics['bad_rate'])}"
    return f"{figure(metrics['calibration_error'])}, of raw scores {figure(metrics['raw_calibration_error'])}; {means}"


def show_promotion_test(details: dict[str, Any], approval: Approval | None = None) -> None:
    """Shows the result of the promotion test, the decision on a model that passed, and the numbers behind them."""
    verdict = details.get("promotion")
    if not verdict:
        note("No promotion test was recorded for this version.")
        return
    found = outcome_of_test(verdict, vars(approval) if approval else None)
    words = f"passed, {found.words}" if verdict.get("waiting") else found.words
    write_html(Markup("<div>{}: {}</div>").format(sign_html(found.sign, found.tone, words), found.reason))
    description_list(verdict_numbers(verdict))


def verdict_numbers(verdict: dict[str, Any]) -> dict[str, str]:
    """The numbers of a promotion test in words; only those that were measured."""
    numbers = {
        "AUC": f"{figure(verdict['auc'])} on {count(verdict['rows'])} test loans, threshold {verdict['threshold']:g}"
    }
    if verdict.get("champion_auc") is not None:
        champion = verdict["compared_with"]
        numbers["Champion then"] = f"{champion}, AUC {figure(verdict['champion_auc'])} on {compared_loans(verdict)}"
    if verdict.get("difference") is not None:
        numbers["Difference"] = difference_text(verdict)
    if verdict.get("p_value") is not None:
        numbers["p-value"] = f"{verdict['p_value']:.2g} (paired DeLong comparison, two-sided)"
    if verdict.get("anchor"):  # an earlier release had none
        numbers["Anchor then"] = _anchor_text(verdict)
    if told := _without_arrears(verdict):
        numbers["Not in arrears at scoring"] = told
    if verdict.get("labels_changed") is not None:
        changed, loans = verdict["labels_changed"], verdict["loans"]
        share = f"{changed / loans:.1%} of {count(loans)} loans of the training data"
        numbers["Labels that change"] = f"{count(changed)}, {share}, each model at its own cut-off"
    return numbers


def _anchor_text(verdict: Mapping[str, Any]) -> str:
    if verdict["anchor_difference"] is None:
        return f"{verdict['anchor']}, not compared"
    compared = {name: verdict[f"anchor_{name}"] for name in ("difference", "low", "high")}
    auc, margin = figure(verdict["anchor_auc"]), f"margin {verdict['margin']:g}"
    return f"{verdict['anchor']}, AUC {auc}; difference {difference_text(compared)}; {margin}"


def _without_arrears(verdict: Mapping[str, Any]) -> str:
    """AUC and differences on the test loans not in arrears at scoring; '' where they are not known, or all loans."""
    apart = verdict.get("not_in_arrears")
    if not apart or apart.get("test_auc") is None or apart["loans"] == verdict["rows"]:
        return ""
    words = [f"AUC {figure(apart['test_auc'])} on {count(apart['loans'])} test loans"]
    against = differences_in_words(verdict, apart["loans"])
    return f"{'; '.join([*words, against] if against else words)}. They decide nothing."


def comparison_words(comparison: dict[str, Any]) -> str:
    """A paired comparison as a sentence: which model ranks better, or that the interval includes zero.

    Before it stands how the feature sets differ: `Without x: ...`.
    """
    sets = sets_in_words(comparison, plain_name)
    before = f"{sets[:1].upper()}{sets[1:]}: " if sets else ""
    a, b, loans = comparison["a"], comparison["b"], f"{comparison['n']:,} test loans"
    low, high = comparison.get("low"), comparison.get("high")
    if comparison["difference"] is None or low is None or high is None:
        return f"{before}Too few of the {loans} defaulted to compare {a} with {b}."
    numbers = f"AUC {difference_text(comparison)}, on the same {loans}{_apart(comparison)}"
    if low <= 0 <= high:
        return f"{before}No significant difference between {a} and {b}: {numbers}."
    return f"{before}{a} ranks {'better' if low > 0 else 'worse'} than {b}: {numbers}."


def _apart(comparison: Mapping[str, Any]) -> str:
    """The difference on the loans not in arrears at scoring; '' when it is not known or they are all loans."""
    apart = comparison.get("not_in_arrears")
    if not apart or apart["difference"] is None or apart["n"] == comparison["n"]:
        return ""
    return f" ({difference_text(apart)}, on the {apart['n']:,} not in arrears at scoring)"


def show_candidates_and_comparisons(view: ModelView) -> None:
    """Shows the candidates of the training, and the comparison of its feature sets."""
    details = view.details
    if not details.get("candidates"):
        note("The registry has no candidates of this version.")
        return
    show_candidates(details["candidates"], view.row.model_name, auc_threshold(details), details.get("cut_off"))
    sentences = dict.fromkeys(map(comparison_words, details.get("comparisons", [])))
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
        st.subheader("Parameters of the run")
        _parameters(view.params)
        st.subheader("Libraries")
        description_list({name: str(version) for name, version in details.get("libraries", {}).items()})
        st.subheader("Files")
        _files(view.row.files)


def loans_text(rows: Mapping[str, int] | None) -> str:
    """The count of loans with the bad rate, the share of defaults: `7,949 loans (bad rate 29.0%)`; empty for None."""
    if not rows:
        return ""
    rate = f"{rows['defaults'] / rows['loans']:.1%}" if rows["loans"] else "-"
    return f"{count(rows['loans'])} loans (bad rate {rate})"


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
