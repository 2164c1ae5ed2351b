"""What differs between two versions, as plain rows; nothing here knows Streamlit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os.path import commonpath
from typing import Any

from console.components.elements import count, figure
from console.models.candidates import by_rank, interval_text
from console.models.query import Chosen, best

ABSENT = "-"
MEASURES = {"train_auc": "Train AUC", "precision": "Precision", "recall": "Recall", "f1": "F1"}


@dataclass(frozen=True)
class Difference:
    """One thing about two versions: its part of the whole, its name, both values, and b minus a where that says much.

    `digest` says that the values are digests.
    """

    part: str
    name: str
    a: str
    b: str
    change: str = ""
    digest: bool = False

    @property
    def differs(self) -> bool:
        return self.a != self.b


def differences(a: Chosen, b: Chosen) -> list[Difference]:
    """Everything that is compared about two versions, in the order in which it is shown."""
    one, other = a.told, b.told
    return [
        *_model(a, b),
        *_measures(a, b),
        *_candidates(one, other),
        *_pairs("Features", _used(one, other), _used(other, one)),
        *_loans(one, other),
        *_pairs("Settings of the run", _texts(a.params), _texts(b.params)),
        *_pairs("Libraries", one.get("libraries", {}), other.get("libraries", {})),
        *_pairs("Input tables, by digest", _tables(one), _tables(other), digest=True),
        Difference("Extracts, by SHA-256", "Folder", _folder(one), _folder(other)),
        *_pairs("Extracts, by SHA-256", _extracts(one), _extracts(other), digest=True),
        *_pairs("Files, by SHA-256", _files(a), _files(b), digest=True),
    ]


def same_loans(a: Chosen, b: Chosen) -> str:
    """Whether the test AUCs of two versions may be held against each other, in a sentence; with the paired result."""
    for new, old in ((a, b), (b, a)):
        verdict = new.told.get("promotion") or {}
        if verdict.get("compared_with") == old.version and verdict.get("difference") is not None:
            low, high = verdict.get("low"), verdict.get("high")
            interval = "" if low is None or high is None else f", 95% interval {low:+.3f} to {high:+.3f}"
            return (
                f"On the same {verdict['rows']:,} test loans the AUC of {new.version} minus that of {old.version} is "
                f"{verdict['difference']:+.3f}{interval} (paired comparison, at the training of {new.version})."
            )
    digests = [_tables(one.told).get("gold.model_training_data") for one in (a, b)]
    if digests[0] is not None and digests[0] == digests[1]:
        return "Both were measured on the same test loans."
    return "They were measured on different test loans: a small difference of their AUCs says little."


def _model(a: Chosen, b: Chosen) -> Iterable[Difference]:
    part = "Model"
    yield Difference(part, "Model", _full_name(a.row.model_name, a.told), _full_name(b.row.model_name, b.told))
    for name, key in (("Feature set", "feature_set"), ("As of", "as_of")):
        yield Difference(part, name, str(a.told.get(key, ABSENT)), str(b.told.get(key, ABSENT)))
    yield Difference(part, "Promotion test", _verdict(a), _verdict(b))


def _measures(a: Chosen, b: Chosen) -> Iterable[Difference]:
    one, other = best(a.told, a.row.model_name), best(b.told, b.row.model_name)
    part = "Measures of the chosen model"
    yield _numbers(part, "Test AUC", one.get("test_auc"), other.get("test_auc"))
    yield Difference(part, "its 95% interval", interval_text(one), interval_text(other))
    for key, name in MEASURES.items():
        yield _numbers(part, name, one.get(key), other.get(key))


def _candidates(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Difference]:
    a, b = _by_full_name(one), _by_full_name(other)
    for name in dict.fromkeys((*by_rank(a), *by_rank(b))):
        yield Difference("Test AUC of the candidates", name, _ranked(a.get(name)), _ranked(b.get(name)))


def _loans(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[Difference]:
    for side in ("train", "test"):
        for what in ("loans", "defaults"):
            a, b = (told.get("rows", {}).get(side, {}).get(what) for told in (one, other))
            change = f"{b - a:+,}" if a is not None and b is not None and a != b else ""
            yield Difference("Loans", f"{side.capitalize()} {what}", count(a), count(b), change)


def _pairs(part: str, a: Mapping[str, str], b: Mapping[str, str], *, digest: bool = False) -> Iterable[Difference]:
    for name in dict.fromkeys((*a, *b)):
        yield Difference(part, name, str(a.get(name, ABSENT)), str(b.get(name, ABSENT)), digest=digest)


def _numbers(part: str, name: str, a: float | None, b: float | None) -> Difference:
    change = f"{b - a:+.3f}" if a is not None and b is not None and figure(a) != figure(b) else ""
    return Difference(part, name, figure(a), figure(b), change)


def _ranked(numbers: dict[str, float | None] | None) -> str:
    return ABSENT if numbers is None else f"{figure(numbers.get('test_auc'))} ({interval_text(numbers)})"


def _verdict(one: Chosen) -> str:
    verdict = one.told.get("promotion")
    return ABSENT if not verdict else "promoted" if verdict["promote"] else "not promoted"


def _used(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, str]:
    """The features of both, in one order, as far as the first uses them."""
    every = dict.fromkeys((*one.get("features", []), *other.get("features", [])))
    return {name: "used" if name in one.get("features", []) else "not used" for name in every}


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}


def _tables(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: table["digest"] for name, table in told.get("tables", {}).items()}


def _by_full_name(told: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """The candidates by names that tell the feature set, whether or not several sets were trained on."""
    return {_full_name(name, told): numbers for name, numbers in told.get("candidates", {}).items()}


def _full_name(name: str, told: Mapping[str, Any]) -> str:
    return name if name.endswith(")") or "feature_set" not in told else f"{name} ({told['feature_set']})"


def _folder(told: Mapping[str, Any]) -> str:
    """The folder in which all extracts lay."""
    folders = {path.rpartition("/")[0] for path in told.get("extracts", {})}
    return next(iter(folders)) if len(folders) == 1 else commonpath(folders) if folders else ABSENT


def _extracts(told: Mapping[str, Any]) -> dict[str, str]:
    """The digests of the extracts by their path below that folder."""
    folder = _folder(told)
    return {path[len(folder) :].lstrip("/"): sha256 for path, sha256 in told.get("extracts", {}).items()}


def _files(one: Chosen) -> dict[str, str]:
    return {role: facts["sha256"] for role, facts in sorted(one.row.files.items())}
