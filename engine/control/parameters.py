"""The checks of a run's parameters: they exist, are valid, and do not loosen the deployment's promotion test."""

from collections.abc import Mapping
from typing import Any

from engine.definitions.task import Pipeline, settings_of
from engine.deployment import Deployment
from engine.errors import UnusableRequest
from jobs.book.declaration import Book
from jobs.errors import JobError
from jobs.modelling.candidates import chosen_classifiers, is_every_set, word_for_every_set
from jobs.statistics.rounding import two_decimals
from storage.settings import Settings


def checked_params(deployment: Deployment, pipeline: Pipeline, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters. Raises UnusableRequest for an unknown one and UsageError for an invalid value."""
    allowed = {"data", *settings_of(pipeline)}
    unknown = sorted(set(params) - allowed)
    if unknown:
        raise UnusableRequest(
            f"Pipeline {pipeline.name} has no parameter {unknown[0]!r}; it has {', '.join(sorted(allowed))}."
        )
    checked = deployment.settings.changed(**params)
    check_promotion_test(deployment.settings, checked, pipeline)
    book, chosen = deployment.book, checked.feature_set
    if "feature_set" in allowed and chosen not in ("", *book.feature_sets) and not is_every_set(chosen, book):
        raise UnusableRequest(
            f"There is no feature set {chosen!r}; choose {', '.join(book.feature_sets)}, "
            f"or `{word_for_every_set(book)}` to compare them."
        )
    if "candidates" in allowed:
        _check_candidates(checked.candidates, book)
    return {name: getattr(checked, name) for name in params}


def changed_params(deployment: Deployment, params: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The deployment's setting and the run's parameter, by name, of each parameter that differs from its setting."""
    before = deployment.settings.model_dump(mode="json")
    return {name: [before[name], value] for name, value in params.items() if value != before[name]}


def check_promotion_test(ours: Settings, asked: Settings, pipeline: Pipeline) -> None:
    """Raises UnusableRequest for a run that would loosen the deployment's promotion test.

    It is checked at the request, with the settings of whoever requests the run, and again where the run is executed.
    """
    if ours.require_approval and not asked.require_approval:
        raise UnusableRequest("This deployment requires approval; a run can't set require_approval to false.")
    if not ours.promote and asked.promote:
        raise UnusableRequest("This deployment only registers models; a run can't set promote to true.")
    limits = settings_of(pipeline)
    if "anchor_margin" in limits and asked.anchor_margin > ours.anchor_margin:
        raise UnusableRequest(
            f"A run can't set anchor_margin to {asked.anchor_margin:g}, above the deployment's "
            f"{ours.anchor_margin:g}: it would loosen the promotion test; set LOANWATCH_ANCHOR_MARGIN instead."
        )
    if "anchor_margin" in limits and asked.auc_threshold < ours.auc_threshold:
        raise UnusableRequest(
            f"A run can't set auc_threshold to {two_decimals(asked.auc_threshold)}, below the deployment's "
            f"{two_decimals(ours.auc_threshold)}: it would loosen the promotion test; set LOANWATCH_AUC_THRESHOLD "
            "instead."
        )


def _check_candidates(chosen: str, book: Book) -> None:
    try:
        chosen_classifiers(chosen, book)
    except JobError as error:
        raise UnusableRequest(str(error)) from None
