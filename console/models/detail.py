"""One version: what it is, the verdict of its training, its candidates, what it was made of."""

from html import escape
from typing import Any

import streamlit as st

from console.app.deployment import ledger
from console.components.elements import callout, count, figure, state_html
from console.components.legacy import description_list, grid, link_html
from console.components.table import bytes_text, columns, digest_html
from console.components.times import time_html
from console.models.candidates import candidates_part, interval_text
from console.models.query import Chosen, best, threshold

SIGNS = {True: ("good", "✓", "promoted"), False: ("bad", "✗", "not promoted")}


def summary_part(chosen: Chosen, *, champion: bool) -> None:
    """What the version is and how well it ranks loans that it never saw."""
    row, told = chosen.row, chosen.told
    numbers = best(told, row.model_name)
    rows = told.get("rows", {})
    auc = f"{figure(numbers.get('test_auc'))}, 95% interval {interval_text(numbers)}"
    run = link_html("run", row.run_id, run_id=row.run_id)
    description_list(
        {
            "Role": state_html("champion") if champion else '<span class="lw-note">registered, not champion</span>',
            "Model": escape(row.model_name),
            "Feature set": f"{escape(str(told.get('feature_set', '-')))}{_feature_count(told)}",
            "Test AUC": f"{auc}{_loans(rows, 'test')}",
            "Trained on": _loans(rows, "train").removeprefix(", on ") or "-",
            "As of": escape(str(told.get("as_of", "-"))),
            "Made": f"{time_html(row.created_at, ledger().clock())} by {run}",
        }
    )
    if chosen.damage:
        callout(
            "bad", "The metadata of this version can't be shown", chosen.damage, "What is shown here is the registry's."
        )


def verdict_part(told: dict[str, Any]) -> None:
    """What its training said about making it champion, with the numbers behind it."""
    verdict = told.get("promotion")
    if not verdict:
        st.caption("Its training judged nothing: it was registered before there were verdicts, or by hand.")
        return
    tone, sign, word = SIGNS[bool(verdict["promote"])]
    reason = verdict["reason"].partition(": ")[2] or verdict["reason"]
    st.html(
        f'<p style="margin:0"><span class="lw-state lw-{tone}"><span class="lw-sign" aria-hidden="true">{sign}</span> '
        f"{word}</span>: {escape(reason)}</p>"
    )
    description_list({name: escape(value) for name, value in verdict_facts(verdict).items()})


def verdict_facts(verdict: dict[str, Any]) -> dict[str, str]:
    """The numbers of a verdict in words; only those that there are."""
    found = {
        "AUC": f"{figure(verdict['auc'])} on {count(verdict['rows'])} test loans, threshold {verdict['threshold']:g}"
    }
    if verdict.get("champion_auc") is not None:
        found["Champion then"] = f"{verdict['compared_with']}, AUC {figure(verdict['champion_auc'])} on the same loans"
    if verdict.get("difference") is not None:
        found["Difference"] = difference_text(verdict["difference"], verdict.get("low"), verdict.get("high"))
    if verdict.get("p_value") is not None:
        found["p-value"] = f"{verdict['p_value']:.2g} (paired DeLong comparison, two-sided)"
    return found


def difference_text(value: float, low: float | None, high: float | None) -> str:
    """A difference with its sign and its 95% interval."""
    interval = "" if low is None or high is None else f", 95% interval {low:+.3f} to {high:+.3f}"
    return f"{value:+.3f}{interval}"


def comparison_words(one: dict[str, Any]) -> str:
    """One paired comparison as a sentence that says what can be told from it."""
    difference, low, high = one["difference"], one.get("low"), one.get("high")
    if difference is None or low is None or high is None:
        return f"Too few of the {one['n']:,} test loans defaulted to tell {one['a']} from {one['b']}."
    told = f"AUC {difference_text(difference, low, high)}, on the same {one['n']:,} test loans"
    if low <= 0 <= high:
        return f"{one['a']} and {one['b']} can't be told apart: {told}."
    better = one["a"], one["b"]
    verb = "ranks better than" if low > 0 else "ranks worse than"
    return f"{better[0]} {verb} {better[1]}: {told}."


def candidates_and_comparisons(chosen: Chosen) -> None:
    """All candidates of the training that made the version, and how its feature sets compare."""
    told = chosen.told
    if not told.get("candidates"):
        st.caption("The registry keeps no candidates of this version.")
        return
    candidates_part(told["candidates"], chosen.row.model_name, threshold(told))
    sentences = dict.fromkeys(escape(comparison_words(one)) for one in told.get("comparisons", []))
    if sentences:
        st.subheader("Feature sets compared")
        st.html(f"<ul style='margin:0'>{''.join(f'<li>{told}</li>' for told in sentences)}</ul>")
        st.caption("Difference of AUC by DeLong's paired variance; each classifier with itself on the other set too.")


def contents_part(chosen: Chosen) -> None:
    """Its features, the settings of its run, libraries, and its files with sizes and digests."""
    told = chosen.told
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Features")
        features, categories = told.get("features", []), set(told.get("categorical", []))
        rows = [
            [str(n), escape(name), "category" if name in categories else "number"] for n, name in enumerate(features, 1)
        ]
        grid("Features in their order", columns("", "Feature", "Kind", numbers=[""]), rows)
    with right:
        st.subheader("Settings of its run")
        description_list(
            {name: f'<span class="lw-mono">{escape(str(value))}</span>' for name, value in chosen.params.items()}
        )
        if not chosen.params:
            st.caption("None but the deployment's own.")
        st.subheader("Libraries")
        description_list({name: escape(str(value)) for name, value in told.get("libraries", {}).items()})
        st.subheader("Files")
        files = [
            [
                escape(role),
                f'<span class="lw-mono">{escape(one["name"])}</span>',
                bytes_text(one["bytes"]),
                digest_html(one["sha256"]),
            ]
            for role, one in sorted(chosen.row.files.items())
        ]
        grid("Files of this version", columns("Role", "File", "Size", "SHA-256", numbers=["Size"]), files)
        st.caption("A file is opened only while its SHA-256 is this one. A click on a digest marks all of it.")


def _feature_count(told: dict[str, Any]) -> str:
    return f", {len(told['features'])} features" if told.get("features") else ""


def _loans(rows: dict[str, Any], side: str) -> str:
    found = rows.get(side)
    if not found:
        return ""
    return f", on {count(found['loans'])} loans, bad rate {bad_rate(found)}"


def bad_rate(found: dict[str, int]) -> str:
    """The share of defaults among the loans, in percent."""
    return f"{found['defaults'] / found['loans']:.1%}" if found["loans"] else "-"
