"""Candidates, promotion tests and comparisons in words: order, intervals, calibration, loans in arrears apart."""

from collections.abc import Callable, Mapping
from typing import Any

from jobs.modelling.promotion.arrears import differences_in_words
from jobs.modelling.promotion.sets import sets_in_words
from jobs.statistics.cut_off import cut_off_words
from jobs.statistics.rounding import count, figure, signed, two_decimals

Metrics = Mapping[str, Any]  # numbers, and under `not_in_arrears` and `in_arrears` those of these loans

CALIBRATION_ERROR = "expected_calibration_error"
FIGURES = {
    "out_of_fold_auc": "Out-of-fold AUC",
    "train_auc": "Train AUC",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    CALIBRATION_ERROR: "Calibration error",
}


def by_rank(candidates: Mapping[str, Metrics]) -> list[str]:
    """The names of the candidates, the best out-of-fold AUC first; without it, as in earlier releases, the test AUC."""
    measure = "out_of_fold_auc" if all("out_of_fold_auc" in one for one in candidates.values()) else "test_auc"
    return sorted(candidates, key=lambda name: -(candidates[name].get(measure) or 0.0))


def interval_text(metrics: Metrics) -> str:
    """The 95% interval of the test AUC; a dash when there is none."""
    low, high = metrics.get("auc_low"), metrics.get("auc_high")
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def auc_without_arrears(metrics: Metrics) -> str:
    """The AUC of the test loans that were not in arrears at scoring, with its interval; a dash when it is not known."""
    apart = metrics.get("not_in_arrears") or {}
    value = figure(apart.get("test_auc"))
    return value if value == "-" else f"{value} ({interval_text(apart)})"


def measures_note(cut_off: Mapping[str, Any] | None) -> str:
    """What the numbers of the candidates mean, with the cut-off of the selected one."""
    told = f"The cut-off of the selected model is {cut_off_words(cut_off)}."
    if not cut_off:
        return f"Precision, recall and F1 are those on the test loans. {told}"
    return (
        f"Candidates are chosen by the AUC of out-of-fold train scores; the test loans only report. {told} Each other "
        "candidate has its own cut-off by the same rule. The calibration error is the mean distance of score and bad "
        "rate over ten groups of test loans; its noise is what perfect scores show on average at so many loans."
    )


def arrears_note(metrics: Metrics) -> str:
    """How many test loans were in arrears at scoring, and how the metrics are without them; '' where none was."""
    apart, late = metrics.get("not_in_arrears"), metrics.get("in_arrears")
    if not apart or not late or not late["loans"]:
        return ""
    rate = f"{late['defaults'] / late['loans']:.1%}"
    numbers = [f"{_in_sentence(name)} {figure_text(apart, key)}" for key, name in FIGURES.items() if key in apart]
    return (
        f"{late['loans']:,} test loans were in arrears at scoring (bad rate {rate}). On the other {apart['loans']:,} "
        f"({apart['defaults']:,} bad) the selected model has {', '.join(numbers)}."
    )


def _in_sentence(name: str) -> str:
    """The name of a figure in a sentence: `precision`, but `F1`."""
    return name if name[1:2].isdigit() else f"{name[:1].lower()}{name[1:]}"


def figure_text(metrics: Metrics, key: str) -> str:
    """One of `FIGURES`; the calibration error with its noise where that is known: `0.061 (noise 0.051)`."""
    noise = metrics.get("calibration_noise") if key == CALIBRATION_ERROR else None
    return figure(metrics.get(key)) + ("" if noise is None else f" (noise {figure(noise)})")


def calibration_text(metrics: Metrics) -> str:
    """The calibration error with its noise, and that of the raw scores; `not known` in earlier releases."""
    if metrics.get(CALIBRATION_ERROR) is None:
        return "not known"
    means = f"mean score {figure(metrics['mean_score'])}, observed {figure(metrics['bad_rate'])}"
    raw = figure(metrics[f"raw_{CALIBRATION_ERROR}"])
    return f"{figure_text(metrics, CALIBRATION_ERROR)}, of raw scores {raw}; {means}"


def loans_text(rows: Mapping[str, int] | None) -> str:
    """The count of loans with the bad rate, the share of defaults: `7,949 loans (bad rate 29.0%)`; empty for None."""
    if not rows:
        return ""
    rate = f"{rows['defaults'] / rows['loans']:.1%}" if rows["loans"] else "-"
    return f"{count(rows['loans'])} loans (bad rate {rate})"


def verdict_numbers(verdict: Mapping[str, Any]) -> dict[str, str]:
    """The numbers of a promotion test in words; only those that were measured."""
    threshold = two_decimals(verdict["threshold"])
    numbers = {"AUC": f"{figure(verdict['auc'])} on {count(verdict['rows'])} test loans, threshold {threshold}"}
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
    return f"{'; '.join([*words, against] if against else words)}. The decision is on all test loans."


def compared_loans(verdict: Mapping[str, Any]) -> str:
    """The test loans of the paired comparison of a verdict, without a number where an earlier release kept none."""
    rows = verdict.get("compared_rows")
    return "the test loans that neither learned from" if rows is None else f"the same {rows:,} test loans"


def difference_text(comparison: Mapping[str, Any]) -> str:
    """The difference of a paired comparison with its sign and its 95% interval."""
    low, high = comparison.get("low"), comparison.get("high")
    interval = "" if low is None or high is None else f", 95% interval {signed(low)} to {signed(high)}"
    return f"{signed(comparison['difference'])}{interval}"


def comparison_words(comparison: Mapping[str, Any], plain_name: Callable[[str], str] = str) -> str:
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
