"""A deployment: its settings, book, pipelines, ledger and stores."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from types import ModuleType
from typing import Self

from engine.definitions.pipelines import pipelines_of
from engine.definitions.task import BOOK, Pipeline
from engine.errors import BadPipeline
from jobs.book.declaration import Book
from jobs.book.loading import load, module_of
from jobs.job import StoreRoots
from storage.db.ledger import Clock, Ledger, utc_now
from storage.errors import UsageError
from storage.lake.datamart import Datamart
from storage.lake.file_checks import FileChecks
from storage.lake.model_store import ModelStore
from storage.lake.report_store import ReportStore
from storage.settings import Settings


@dataclass(frozen=True)
class Deployment:
    """Settings, ledger and stores of a deployment. The ledger's clock is the deployment's clock."""

    settings: Settings
    ledger: Ledger

    @classmethod
    def open(cls, settings: Settings, clock: Clock = utc_now, retry_seconds: float = 0.0) -> Self:
        """The deployment of these settings. Creates its home and upgrades its ledger to the newest schema.

        The start of a transaction is tried for `retry_seconds` while the database server is unavailable. Raises
        UsageError when the home can't be made.
        """
        try:
            settings.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{settings.home} can't be used as home ({error.strerror}); choose another --home."
            ) from error
        ledger = Ledger(settings.ledger_url, clock, retry_seconds)
        ledger.prepare()
        return cls(settings, ledger)

    @classmethod
    def existing(cls, settings: Settings) -> Self:
        """The deployment of these settings, for commands that must not make or migrate its ledger.

        Raises NoLedger, LedgerTooOld or LedgerTooNew unless the ledger has the schema of this release.
        """
        deployment = cls.as_it_is(settings)
        try:
            deployment.ledger.refuse_unprepared()
        except BaseException:
            deployment.ledger.close()
            raise
        return deployment

    @classmethod
    def as_it_is(cls, settings: Settings) -> Self:
        """The deployment of these settings. Creates and upgrades nothing."""
        return cls(settings, Ledger(settings.ledger_url))

    @property
    def datamart(self) -> Datamart:
        return Datamart(self.settings.datamart_root, self.settings.storage_retry)

    @property
    def file_checks(self) -> FileChecks:
        """Whether stored files are intact; with the setting `verify` every byte is read for that."""
        return FileChecks(self.ledger, read_all=self.settings.verify)

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.settings.models_root, self.settings.storage_retry)

    @property
    def reports(self) -> ReportStore:
        return ReportStore(self.settings.reports_root, retry=self.settings.storage_retry)

    @property
    def roots(self) -> StoreRoots:
        ours = self.settings
        return StoreRoots(ours.datamart_root, ours.models_root, ours.reports_root, ours.storage_retry)

    @property
    def book(self) -> Book:
        """The lender's book; BookRejected when it can't be used."""
        return load(self.settings.book)

    @property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The pipelines by name: those of the book, and those that its file declares as PIPELINES."""
        return pipelines_at(self.settings.book)

    def timing(self, pipeline: str) -> str:
        """When a pipeline is due: as it was set, else as it was declared; `off` for never."""
        declared = self.pipelines[pipeline].schedule if pipeline in self.pipelines else "off"
        return self.settings.timing(pipeline, declared)

    def today(self) -> date:
        """The default as-of date: today in the deployment's time zone."""
        return self.ledger.clock().astimezone(self.settings.zone).date()

    def with_settings(self, settings: Settings) -> Self:
        """The same deployment with other settings."""
        return replace(self, settings=settings)


def pipelines_at(reference: str) -> Mapping[str, Pipeline]:
    """The pipelines by name of the book with that reference; BookRejected or BadPipeline when they can't be used."""
    load(reference)
    return _pipelines(module_of(reference))


@lru_cache(maxsize=8)
def _pipelines(module: ModuleType) -> Mapping[str, Pipeline]:
    """The pipelines of the book that a module declares, and more that it declares."""
    more = getattr(module, "PIPELINES", ())
    if not isinstance(more, tuple | list) or not all(isinstance(one, Pipeline) for one in more):
        raise BadPipeline(
            f"{module.__file__}: PIPELINES is no tuple of Pipeline; write `PIPELINES = (Pipeline(...),)`."
        )
    pipelines = pipelines_of(module.BOOK, tuple(more))
    for reference in (name for pipeline in more for task in pipeline.tasks for name in task.functions):
        place, _, name = reference.partition(":")
        if place == BOOK and not callable(getattr(module, name, None)):
            raise BadPipeline(f"{module.__file__}: there is no function {name}, which a task names as {reference}.")
    return pipelines
