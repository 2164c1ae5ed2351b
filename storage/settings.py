"""Settings: one frozen object, read once from the environment (prefix `LOANWATCH_`) and the command line.

They are the deployment's, not a person's: each process and each person's command should have the same environment.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from storage.cut_off import declared_cut_off
from storage.errors import UsageError
from storage.fit_settings import FitSettings

PREFIX = "LOANWATCH_"
GIB = 1024**3
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TIMING = re.compile(rf"off|(daily|{'|'.join(WEEKDAYS)}) ([01]\d|2[0-3]):([0-5]\d)")
REPLACED = {"auc_rows": "auc_least_defaults"}  # settings of earlier releases, which counted loans, and what counts now
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|s3:")  # how an address begins, rather than a path
HOST_AND_PORT = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


class Settings(FitSettings):
    """The settings of a deployment. Durations are in seconds unless the name gives another unit."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    home: Path = Field(Path("loanwatch-home"), description="the folder of this deployment's files")
    book: str = Field("", description="the lender's book: a .py file or a module; by default jobs/book/retail.py")
    data: str = Field(
        "",
        description="folder of the extracts; by default HOME/data (after training: the folder read last)",
    )
    datamart: str = Field(
        "", description="root of the tables; by default HOME/datamart; s3://bucket/prefix for several hosts"
    )
    models: str = Field("", description="root of the model store; by default HOME/model_store")
    reports: str = Field("", description="root of the dashboard pictures; by default HOME/reports")
    ledger: str = Field("", description="SQLAlchemy address of the ledger; by default HOME/loanwatch.db")
    timezone: str = Field("UTC", description="the time zone of as-of dates and schedules")
    schedule_training: str = Field("sunday 02:00", description="when training is due: `daily HH:MM`, a weekday, or off")
    schedule_inference: str = Field("daily 03:00", description="when inference is due")
    schedule_monitoring: str = Field("daily 04:00", description="when monitoring is due")

    ray_address: str = Field("", description="HOST:PORT of a Ray cluster to join; by default a worker starts its own")
    ray_cpus: int = Field(0, ge=0, description="CPUs that local Ray may use; 0 for all of this machine's")
    ray_memory: int = Field(GIB // 2, ge=80 * 1024**2, description="bytes of Ray's local object store")
    retry_pause: float = Field(1.0, ge=0, description="pause before the second try of a task; doubled before the third")
    heartbeat: float = Field(5.0, gt=0, description="time between two heartbeats of a run")
    lease: float = Field(
        30.0, gt=0, description="time without a heartbeat after which a run counts as crashed; below 10 s for tests"
    )
    stop_grace: float = Field(10.0, ge=0, description="time that a stopping worker gives its runs to finish")

    console_address: str = Field("127.0.0.1", min_length=1, description="the address on which the console listens")
    console_port: int = Field(8501, ge=1, le=65535, description="the console's port")
    passwords: str = Field("", description="the console's password file; without it and without OIDC there is no login")
    operators: str = Field("", description="OIDC users who may act: e-mails or subjects, separated by commas")

    quarantine_limit: float = Field(0.01, ge=0, le=1, description="largest share of a file's rows in quarantine")
    shrink_limit: float = Field(
        0.1, ge=0, le=1, description="largest share of a dataset's rows that the next delivery of a folder may lack"
    )
    extract_limit: int = Field(64 * GIB, gt=0, description="bytes of the largest extract, after decompression")
    feature_set: str = Field(
        "",
        description="the book's feature set for training, by default its first; `all` trains and compares every set",
    )
    cut_off: str = Field(
        "",
        description="the probability from which on a loan is predicted to default: `0.3`, `approve 0.8` (a share of "
        "loans) or `cost 5` (good loans refused that cost one default); by default it approves the share of good loans",
    )
    candidates: str = Field(
        "",
        description="names of the candidates to train, separated by commas; by default those that are not optional",
    )
    auc_threshold: float = Field(0.70, gt=0, lt=1, description="AUC below which the gate retrains")
    anchor_margin: float = Field(
        0.02,
        gt=0,
        lt=1,
        description="AUC by which a new model may be worse than the model that a person chose last, else the first",
    )
    require_approval: bool = Field(
        False,
        description="whether a model becomes champion only after the approval of a second person; a model that was "
        "registered under this rule stays under it",
    )
    psi_threshold: float = Field(0.2, gt=0, description="PSI at or above which the gate retrains")
    cooldown_days: float = Field(7.0, ge=0, description="days in which the gate requests one retraining at most")
    auc_defaults: int = Field(
        100, ge=2, description="number of defaults up to which the gate adds older cohorts to the newest for AUC"
    )
    auc_least_defaults: int = Field(50, ge=2, description="minimum number of defaults in these cohorts for AUC")
    drift_rows: int = Field(150, ge=1, description="minimum number of loans in the newest cohorts for PSI")

    lgd: float = Field(
        0.45, ge=0, le=1, description="loss given default, the share of the exposure, for expected losses"
    )

    @field_validator("book")
    @classmethod
    def _file_wherever_a_process_runs(cls, book: str) -> str:
        return str(Path(book).expanduser().absolute()) if book.endswith(".py") else book

    @field_validator("data", "datamart", "models", "reports")
    @classmethod
    def _address_or_folder(cls, root: str) -> str:
        if (begins := SCHEME.match(root)) and not re.match("s3://[^/?]", root):
            raise ValueError(f"it begins with {begins[0]}, but an address begins with s3://BUCKET; else give a folder")
        return root

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin") from error
        return name

    @field_validator("schedule_training", "schedule_inference", "schedule_monitoring")
    @classmethod
    def _known_timing(cls, text: str) -> str:
        if not is_timing(text.strip().lower()):
            raise ValueError(f"{text!r} is not a schedule such as `daily 03:00`, `sunday 02:00` or `off`")
        return text.strip().lower()

    @field_validator("cut_off")
    @classmethod
    def _known_cut_off(cls, text: str) -> str:
        declared_cut_off(text)
        return " ".join(text.lower().split())

    @field_validator("ray_address")
    @classmethod
    def _host_and_port(cls, address: str) -> str:
        if address and not HOST_AND_PORT.fullmatch(address):
            raise ValueError(f"{address!r} is not a HOST:PORT such as 10.0.0.5:6379")
        return address

    @model_validator(mode="after")
    def _heartbeat_within_lease(self) -> Self:
        if self.heartbeat * 2 > self.lease:
            raise ValueError(f"a heartbeat of {self.heartbeat} s is too slow for a lease of {self.lease} s")
        return self

    @model_validator(mode="after")
    def _enough_defaults_in_the_window(self) -> Self:
        if self.auc_least_defaults > self.auc_defaults:
            raise ValueError(
                f"auc_least_defaults is {self.auc_least_defaults}, more than auc_defaults, {self.auc_defaults}; "
                "set auc_defaults to at least as many"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def datamart_root(self) -> str:
        return self.datamart or str(self.home.absolute() / "datamart")

    @property
    def models_root(self) -> str:
        return self.models or str(self.home.absolute() / "model_store")

    @property
    def reports_root(self) -> str:
        return self.reports or str(self.home.absolute() / "reports")

    @property
    def ledger_url(self) -> str:
        return self.ledger or f"sqlite:///{quote(str(self.home.absolute() / 'loanwatch.db'))}"

    @property
    def passwords_file(self) -> Path:
        """The path of the password file; by default HOME/passwords."""
        return Path(self.passwords) if self.passwords else self.home.absolute() / "passwords"

    def timing(self, pipeline: str, declared: str = "off") -> str:
        """The schedule of a pipeline, as it was set; `declared` for a pipeline without such a setting."""
        return str(getattr(self, f"schedule_{pipeline}", declared))

    def changed(self, **changes: Any) -> Self:
        """A copy with `changes` applied and checked. Raises UsageError for an unknown or invalid setting."""
        unknown = sorted(set(changes) - set(type(self).model_fields))
        if unknown:
            _refuse_replaced(unknown)
            raise UsageError(
                f"There is no setting {unknown[0]!r}; the settings are {', '.join(type(self).model_fields)}."
            )
        try:
            return type(self)(**{**self.model_dump(), **changes})
        except ValidationError as error:
            raise UsageError(_sentence(error)) from None


def is_timing(text: str) -> bool:
    """Whether a text says when a pipeline is due: `daily 03:00`, `sunday 02:00` or `off`."""
    return TIMING.fullmatch(text) is not None


def load_settings(**given: Any) -> Settings:
    """The settings of this process. `given` (None means not given) overrides the environment, which overrides defaults.

    Raises UsageError for an invalid value, and for a setting of an earlier release in the environment.
    """
    environment = {name.upper() for name in os.environ}
    _refuse_replaced(name for name in REPLACED if f"{PREFIX}{name.upper()}" in environment)
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None


def is_remote(root: str) -> bool:
    """Whether `root` names object storage (`s3://...`) rather than a folder of this machine."""
    return "://" in root


def _refuse_replaced(names: Iterable[str]) -> None:
    for name in set(names) & set(REPLACED):
        new = REPLACED[name]
        raise UsageError(
            f"Setting {name} ({PREFIX}{name.upper()}), which counted loans, does not exist any more; remove it and "
            f"set {new} ({PREFIX}{new.upper()}), which counts defaults."
        )


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    said = first["msg"].removeprefix("Value error, ")  # what pydantic puts before a sentence of a validator
    if not first["loc"]:
        return f"The settings can't be used together: {said}."
    name = str(first["loc"][0])
    return f"Setting {name} ({PREFIX}{name.upper()}) can't be used: {said}."
