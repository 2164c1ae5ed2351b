"""What differs between two versions, as plain rows; nothing here knows Streamlit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from os.path import commonpath
from typing import Any

from console.app.deployment import plain_name
from console.components.elements import count, figure
from console.models.query import Metrics, ModelView
from console.runs.parameters import IN_GIB, label
from engine.documents.candidates import (
    FIGURES,
    auc_without_arrears,
    by_rank,
    compared_loans,
    difference_text,
    figure_text,
    interval_text,
)
from engine.documents.values import Document
from jobs.modelling.promotion.outcome import outcome_of_test
from jobs.statistics.cut_off import cut_off_words
from jobs.statistics.rounding import signed
from storage.settings import GIB

ABSENT = "-"
OWN_AUC = "Test AUC on its own test loans"
METRICS = {
    **FIGURES,
    "brier": "Brier score",
}


@dataclass(frozen=True)
class Difference:
    """One property of two versions: its section, its name, both values, and a minus b where both are numbers.

    `raw` is the column or setting behind the name, if there is one. `digest` says that the values are digests.
    """

    section: str
    name: str
    a: str
    b: str
    change: str = ""
    digest: bool = False
    raw: str = ""

    @property
    def differs(self) -> bool:
        return self.a != self.b


def differences(a: ModelView, b: ModelView) -> list[Difference]:
    """Everything that is compared about two versions, in the order in which it is shown."""
    one, other = a.details, b.details
    return [
        *_model(a, b),
        *_metrics(a.metrics, b.metrics),
        *_candidates(one, other),
        *_features(one, other),
        *_loans(one, other),
        *_settings(a.params, b.params),
        *_pairs("Hyperparameters", _hyperparameters(one), _hyperparameters(other)),
        *_pairs("Libraries", one.get("libraries", {}), other.get("libraries", {})),
        *_pairs("Input tables, by digest", _tables(one), _tables(other), digest=True),
        Difference("Extracts, by SHA-256", "Folder", _folder(one), _folder(other)),
        *_pairs("Extracts, by SHA-256", _extracts(one), _extracts(other), digest=True),
        *_pairs("Files, by SHA-256", _files(a), _files(b), digest=True),
    ]


def comparability(a: ModelView, b: ModelView, paired: Document | None = None) -> str:
    """Whether the test AUCs of two versions can be compared, in a sentence; with the result of a promotion test.

    It is a minus b, whichever of them was tested. It is left out when `paired`, that of today's loans, is the same.
    """
    for new, old, sign in ((a, b, 1), (b, a, -1)):
        verdict = new.details.get("promotion") or {}
        if verdict.get("compared_with") == old.version and verdict.get("difference") is not None:
            told = _signed(verdict, sign)
            if paired and difference_text(paired["difference"]) == difference_text(told):
                break
            return (
                f"On {compared_loans(verdict)} the AUC of {a.version} minus that of {b.version} is "
                f"{difference_text(told)} (paired comparison, in the promotion test of {new.version})."
                f"{_without_arrears(verdict.get('champion_not_in_arrears'), verdict.get('compared_rows'), sign)}"
            )
    digests = [_tables(view.details).get("gold.model_training_data") for view in (a, b)]
    if digests[0] is not None and digests[0] == digests[1]:
        return "Both trainings had the same test loans."
    return "The two trainings had different test loans: a small difference of their test AUCs says little."


def _signed(comparison: Mapping[str, Any], sign: int) -> dict[str, Any]:
    """The difference and its interval; those of the two in the other order for -1."""
    found = [comparison.get(name) for name in ("difference", "low", "high")]
    if sign < 0:
        found = [None if value is None else -value for value in (found[0], found[2], found[1])]
    return dict(zip(("difference", "low", "high"), found, strict=True))


def _without_arrears(found: Mapping[str, Any] | None, rows: int | None, sign: int) -> str:
    """The difference on the loans not in arrears at scoring; '' where it is not known, or they are all `rows` loans."""
    if not found or found["difference"] is None or found["n"] == rows:
        return ""
    return f" On the {found['n']:,} of them not in arrears at scoring it is {difference_text(_signed(found, sign))}."


def parameter_text(name: str, value: Any) -> str:
    """The value of a run's parameter in the unit of its label."""
    return f"{value / GIB:g}" if name == IN_GIB else str(value)


def _model(a: ModelView, b: ModelView) -> Iterable[Difference]:
    section = "Model"
    yield Difference(section, "Model", _full_name(a.row.model_name, a.details), _full_name(b.row.model_name, b.details))
    for name, key in (("Feature set", "feature_set"), ("Trained on data up to", "as_of")):
        yield Difference(section, name, str(a.details.get(key, ABSENT)), str(b.details.get(key, ABSENT)))
    one, other = (cut_off_words(view.details.get("cut_off")) for view in (a, b))
    yield Difference(section, "Predicts default at", one, other)
    yield Difference(section, "Promotion test", _verdict(a), _verdict(b))


def _metrics(a: Metrics, b: Metrics) -> Iterable[Difference]:
    section = "Metrics of the selected model, each on the loans of its own training"
    yield _numbers(section, OWN_AUC, a.get("test_auc"), b.get("test_auc"))
    yield Difference(section, "Its 95% interval", interval_text(a), interval_text(b))
    yield Difference(section, f"{OWN_AUC}, not in arrears", auc_without_arrears(a), auc_without_arrears(b))
    for key, name in METRICS.items():
        found = _numbers(section, name, a.get(key), b.get(key))
        yield replace(found, a=figure_text(a, key), b=figure_text(b, key))


def _candidates(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Difference]:
    a, b = _by_full_name(one), _by_full_name(other)
    for name in dict.fromkeys((*by_rank(a), *by_rank(b))):
        yield Difference(f"{OWN_AUC}, of the candidates", name, _auc(a.get(name)), _auc(b.get(name)))


def _features(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Difference]:
    a, b = one.get("features", []), other.get("features", [])
    for name in dict.fromkeys((*a, *b)):
        one_use, other_use = ("used" if name in features else "not used" for features in (a, b))
        yield Difference("Features", plain_name(name), one_use, other_use, raw=name)


def _loans(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Difference]:
    for side in ("train", "test"):
        for kind in ("loans", "defaults"):
            a, b = (details.get("rows", {}).get(side, {}).get(kind) for details in (one, other))
            change = f"{a - b:+,}" if a is not None and b is not None and a != b else ""
            yield Difference("Loans", f"{side.capitalize()} {kind}", count(a), count(b), change)


def _settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterable[Difference]:
    for name in dict.fromkeys((*a, *b)):
        one, other = (parameter_text(name, params[name]) if name in params else ABSENT for params in (a, b))
        yield Difference("Parameters of the run", label(name), one, other, raw=name)


def _pairs(section: str, a: Mapping[str, str], b: Mapping[str, str], *, digest: bool = False) -> Iterable[Difference]:
    for name in dict.fromkeys((*a, *b)):
        yield Difference(section, name, str(a.get(name, ABSENT)), str(b.get(name, ABSENT)), digest=digest)


def _numbers(section: str, name: str, a: float | None, b: float | None) -> Difference:
    change = signed(a - b) if a is not None and b is not None and figure(a) != figure(b) else ""
    return Difference(section, name, figure(a), figure(b), change)


def _auc(metrics: Metrics | None) -> str:
    return ABSENT if metrics is None else f"{figure(metrics.get('test_auc'))} ({interval_text(metrics)})"


def _verdict(view: ModelView) -> str:
    verdict = view.details.get("promotion")
    approval = vars(view.approval) if view.approval else None
    return outcome_of_test(verdict, approval).words if verdict else ABSENT


def _tables(details: Mapping[str, Any]) -> dict[str, str]:
    return {name: table["digest"] for name, table in details.get("tables", {}).items()}


def _hyperparameters(details: Mapping[str, Any]) -> dict[str, str]:
    """The declared parameters of each candidate's classifier, by candidate and name."""
    found = details.get("hyperparameters", {})
    return {f"{name}: {key}": repr(value) for name, own in found.items() for key, value in own.items()}


def _by_full_name(details: Mapping[str, Any]) -> dict[str, Metrics]:
    """The candidates by full name: model and feature set, also when one feature set was trained on."""
    return {_full_name(name, details): metrics for name, metrics in details.get("candidates", {}).items()}


def _full_name(name: str, details: Mapping[str, Any]) -> str:
    return name if name.endswith(")") or "feature_set" not in details else f"{name} ({details['feature_set']})"


def _folder(details: Mapping[str, Any]) -> str:
    """The common folder of all extracts."""
    folders = {path.rpartition("/")[0] for path in details.get("extracts", {})}
    return next(iter(folders)) if len(folders) == 1 else commonpath(folders) if folders else ABSENT


def _extracts(details: Mapping[str, Any]) -> dict[str, str]:
    """The digests of the extracts by their path below that folder."""
    folder = _folder(details)
    return {path[len(folder) :].lstrip("/"): sha256 for path, sha256 in details.get("extracts", {}).items()}


def _files(view: ModelView) -> dict[str, str]:
    return {role: facts["sha256"] for role, facts in sorted(view.row.files.items())}
