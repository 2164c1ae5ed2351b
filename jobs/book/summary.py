"""A book as plain documents: what it declares, in words, for the command line and the console."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jobs.book.columns import Column, Source
from jobs.book.declaration import Book
from jobs.book.digest import digest
from jobs.book.features import Candidate, Computed, Feature, Window

Document = dict[str, Any]
FLAGS = ("optional", "personal", "median", "required")
STATISTICS: Mapping[str, str] = {
    "count": "count of {}",
    "sum": "sum of {}",
    "mean": "mean of {}",
    "deviation": "sample deviation of {}",
}


def summary(book: Book) -> Document:
    """All that a valid book declares, as one JSON document."""
    roles = ("loan_source", "loan_id", "customer_id", "loan_start", "exposure", "prediction", "observation")
    return {
        "book": book.name,
        "digest": digest(book),
        **{role: getattr(book, role) for role in roles},
        "label": label_in_words(book),
        "sources": [source_document(source) for source in book.sources],
        "features": [feature_document(book, feature) for feature in book.features],
        "feature_sets": [
            {"feature_set": name, "default": place == 0, "features": list(members)}
            for place, (name, members) in enumerate(book.feature_sets.items())
        ],
        "candidates": [candidate_document(candidate) for candidate in book.candidates],
        "segments": [{"feature": one.feature, "bounds": list(one.bounds)} for one in book.segments],
    }


def source_document(source: Source) -> Document:
    """A source: its names, its dialect and its columns."""
    return {
        "dataset": source.dataset,
        "bronze": source.bronze,
        "silver": source.silver,
        "known_on": source.known_on,
        "key": list(source.key),
        "every_loan": source.every_loan,
        "cadence": source.cadence,
        "new_loans_only": source.new_loans_only,
        "expected": cadence_in_words(source),
        "dialect": {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(source.dialect).items()
        },
        "columns": [column_document(column) for column in source.columns],
    }


def cadence_in_words(source: Source) -> str:
    """When a newer row of a source is expected."""
    until = "the start of the newest loan" if source.new_loans_only else "as-of"
    return f"a row at most {source.cadence} days before {until}"


def column_document(column: Column) -> Document:
    """A column: its names, kind, flags and description."""
    return {
        "column": column.name,
        "received": column.label,
        "kind": column.kind.value,
        "flags": flags(column),
        "description": column.description,
    }


def flags(column: Column) -> list[str]:
    """What there is to know of a column besides its kind, a few words each."""
    limits = [
        f"{word} {limit:g}"
        for word, limit in (("at least", column.minimum), ("at most", column.maximum))
        if limit is not None
    ]
    pattern = [f"matches {column.pattern}"] if column.pattern else []
    missing = [f"missing: {' '.join(column.missing_values)}"] if column.missing_values else []
    return [name for name in FLAGS if getattr(column, name)] + limits + pattern + missing


def label_in_words(book: Book) -> str:
    """What the lender calls a bad loan; when a loan is bad, when it is predicted and when it is known."""
    bad = book.bad_loan
    counted = bad.month or "counted from the loan's start"
    name = f"{bad.description.removesuffix('.')}. " if bad.description else ""
    return (
        f"{name}A loan is bad when {bad.column} of {bad.source} is above {bad.above:g} in any month on book from "
        f"{bad.first} to {bad.last} ({counted}). It is predicted {months(book.prediction)} and known "
        f"{months(book.observation)} after the loan's start ({book.loan_start})."
    )


def feature_document(book: Book, feature: Feature) -> Document:
    """A feature: where it comes from and when that is known."""
    return {
        "feature": feature.name,
        "from": origin(feature),
        "known": known(book, feature),
        "hidden": feature.hidden,
        "feature_sets": [name for name, members in book.feature_sets.items() if feature.name in members],
        "description": feature.description,
    }


def origin(feature: Feature) -> str:
    """What a feature is made of."""
    if isinstance(feature, Computed):
        return f"{feature.function.__name__}({', '.join(feature.of)})"
    if isinstance(feature, Window):
        return STATISTICS[feature.statistic].format(f"{feature.source}.{feature.column}")
    return f"{feature.source}.{feature.reads}"


def known(book: Book, feature: Feature) -> str:
    """Which rows a feature sees."""
    prediction = f"the prediction date (start + {months(book.prediction)})"
    if isinstance(feature, Computed):
        inputs = (known(book, one) for name in feature.of if (one := book.feature(name)) is not None)
        return "; ".join(dict.fromkeys(inputs))
    if isinstance(feature, Window):
        end = prediction if feature.until == "prediction" else "the loan's start"
        length = f", at most {months(feature.months)} earlier" if feature.months else ""
        return f"rows of {feature.source} known before {end}{length}"
    return f"newest row of {feature.source} known on {prediction}"


def candidate_document(candidate: Candidate) -> Document:
    """A candidate: its estimator and parameters."""
    parameters = {
        name: value if value is None or isinstance(value, str | bool | int | float) else repr(value)
        for name, value in candidate.parameters.items()
    }
    return {
        "candidate": candidate.label,
        "estimator": candidate.estimator,
        "parameters": parameters,
        "scaled": candidate.scaled,
        "keeps_missing": candidate.keeps_missing,
        "optional": candidate.optional,
    }


def months(count: int) -> str:
    """`1 month`, `3 months`."""
    return f"{count} month" if count == 1 else f"{count} months"
