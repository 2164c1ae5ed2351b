"""The model registry: versions, and the events that move the champion alias. Within the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, func, insert, not_, or_, select

from storage.db.ledger import LedgerRow
from storage.db.model_tables import alias_events, models
from storage.db.schema import actions, runs
from storage.files.folder import FileFacts
from storage.ledger.approvals import close_request
from storage.ledger.leases import Lease, check_lease

CHAMPION = "champion"
MOST_CHAMPIONS = 5  # current and past champions that a run gets


@dataclass(frozen=True)
class ModelVersion:
    """A registered model. `files` are model, encoders and metadata; `summary` is shown in lists and comparisons."""

    version: str
    model_name: str
    files: dict[str, FileFacts]
    summary: dict[str, Any]
    trained_on: dict[str, str]

    @property
    def promotion(self) -> dict[str, Any]:
        """The result of the promotion test in its training run; {} for a model without one."""
        verdict: dict[str, Any] = self.summary.get("promotion", {})
        return verdict

    @property
    def needs_approval(self) -> bool:
        """Whether the deployment required the approval of a second person when the model was registered."""
        return bool(self.promotion.get("approval"))

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "files": {role: vars(facts) for role, facts in self.files.items()}}


def model_from_json(content: dict[str, Any]) -> ModelVersion:
    """The model of its JSON form; the inverse of `ModelVersion.as_json`."""
    files = {role: FileFacts(**facts) for role, facts in content["files"].items()}
    return ModelVersion(**{**content, "files": files})


def free_version(connection: Connection, moment: datetime) -> str:
    """The first version name YYYYMMDD_HHMMSS, from `moment` on, that no model has."""
    while True:
        version = f"{moment:%Y%m%d_%H%M%S}"
        if connection.execute(select(models.c.version).where(models.c.version == version)).first() is None:
            return version
        moment += timedelta(seconds=1)


def register(connection: Connection, lease: Lease, model: ModelVersion, now: datetime) -> bool:
    """Registers a model. False when it is registered already (a cached task returns it again)."""
    check_lease(connection, lease)
    if connection.execute(select(models.c.version).where(models.c.version == model.version)).first() is not None:
        return False
    connection.execute(insert(models).values(**model.as_json(), run_id=lease.run_id, created_at=now))
    return True


@dataclass(frozen=True)
class AliasEvent:
    """The alias `alias` now points at `version`; `why` is the reason. `run_id` is None when a person moved it."""

    version: str
    who: str
    why: str
    run_id: str | None = None
    alias: str = CHAMPION


def move_alias(connection: Connection, change: AliasEvent, now: datetime) -> None:
    """Appends the event that moves an alias. A new champion supersedes the request for approval that waits."""
    if change.alias == CHAMPION:
        close_request(connection, change.who, f"Model {change.version} became champion.", now)
    connection.execute(insert(alias_events).values(**vars(change), at=now))


def model_by_alias(connection: Connection, alias: str = CHAMPION, at: datetime | None = None) -> ModelVersion | None:
    """The model that an alias points at, now or at an earlier time; None before the first event."""
    newest = select(func.max(alias_events.c.event_id)).where(alias_events.c.alias == alias)
    if at is not None:
        newest = newest.where(alias_events.c.at <= at)
    query = select(models).join(alias_events, alias_events.c.version == models.c.version)
    row = connection.execute(query.where(alias_events.c.event_id == newest.scalar_subquery())).first()
    return None if row is None else model_of_row(row)


def champions(connection: Connection, limit: int = MOST_CHAMPIONS) -> list[ModelVersion]:
    """The current and past champions, the latest first, each once."""
    latest = func.max(alias_events.c.event_id).label("latest")
    events = select(alias_events.c.version, latest).where(alias_events.c.alias == CHAMPION)
    ranked = events.group_by(alias_events.c.version).subquery()
    query = select(models).join(ranked, ranked.c.version == models.c.version).order_by(ranked.c.latest.desc())
    return [model_of_row(row) for row in connection.execute(query.limit(limit))]


def anchor(connection: Connection) -> ModelVersion | None:
    """The champion that a person promoted or approved last; the first champion if none did.

    A rollback makes a model the anchor only if a person promoted or approved it before, or if it was the first
    champion. It is an alias event at the time of an action `rollback` in the audit log on the same version.
    """
    events = alias_events.c.alias == CHAMPION
    first = select(func.min(alias_events.c.event_id)).where(events)
    earlier = alias_events.alias()
    anchored = or_(
        and_(earlier.c.run_id.is_(None), not_(_rolled_back(earlier))), earlier.c.event_id == first.scalar_subquery()
    )
    before = exists().where(
        earlier.c.alias == CHAMPION,
        earlier.c.version == alias_events.c.version,
        earlier.c.event_id < alias_events.c.event_id,
        anchored,
    )
    valid = or_(not_(_rolled_back(alias_events)), before)
    chosen = select(func.max(alias_events.c.event_id)).where(events, alias_events.c.run_id.is_(None), valid)
    event_id = func.coalesce(chosen.scalar_subquery(), first.scalar_subquery())
    query = select(models).join(alias_events, alias_events.c.version == models.c.version)
    row = connection.execute(query.where(alias_events.c.event_id == event_id)).first()
    return None if row is None else model_of_row(row)


def _rolled_back(event: FromClause) -> ColumnElement[bool]:
    """Whether an alias event was a rollback, which is recorded in the audit log at the same time."""
    return exists().where(
        actions.c.action == "rollback", actions.c.subject == event.c.version, actions.c.at == event.c.at
    )


def champions_after(model: ModelVersion, before: Sequence[ModelVersion]) -> tuple[ModelVersion, ...]:
    """The result of `champions` once this model is champion and `before` are the earlier ones."""
    return (model, *(old for old in before if old.version != model.version))[:MOST_CHAMPIONS]


def model_named(connection: Connection, version: str) -> ModelVersion | None:
    """The registered model with that version; None when there is none."""
    row = connection.execute(select(models).where(models.c.version == version)).first()
    return None if row is None else model_of_row(row)


def model_made_by(connection: Connection, run_id: str) -> ModelVersion | None:
    """The model that a run registered; None when it registered none."""
    row = connection.execute(select(models).where(models.c.run_id == run_id)).first()
    return None if row is None else model_of_row(row)


def registered_models(connection: Connection) -> list[ModelVersion]:
    """Every registered model, oldest first."""
    return [model_of_row(row) for row in connection.execute(select(models).order_by(models.c.created_at))]


def model_rows(connection: Connection, limit: int = 100, skip: int = 0) -> Sequence[LedgerRow]:
    """A page of the registered models, newest first: `limit` of them after the newest `skip`."""
    query = select(models).order_by(models.c.created_at.desc(), models.c.version.desc())
    return connection.execute(query.limit(limit).offset(skip)).all()


def model_comparisons(connection: Connection, limit: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """The newest models with the comparisons of their training, newest first: each version with its comparisons.

    They alone are read: a model's whole summary has the metrics of every candidate.
    """
    query = select(models.c.version, models.c.summary["comparisons"])
    newest = query.order_by(models.c.created_at.desc(), models.c.version.desc()).limit(limit)
    return [(version, found or []) for version, found in connection.execute(newest)]


def model_row(connection: Connection, version: str) -> LedgerRow | None:
    """The registered model with that version, its run and time of registration; None when there is none."""
    return connection.execute(select(models).where(models.c.version == version)).first()


def model_count(connection: Connection) -> int:
    """How many models are registered."""
    return int(connection.execute(select(func.count()).select_from(models)).scalar_one())


def model_names(connection: Connection, limit: int = 1000) -> list[str]:
    """The versions of the newest registered models, newest first."""
    query = select(models.c.version).order_by(models.c.created_at.desc(), models.c.version.desc())
    return list(connection.execute(query.limit(limit)).scalars())


def alias_rows(
    connection: Connection, alias: str = CHAMPION, limit: int = 100, version: str | None = None
) -> Sequence[LedgerRow]:
    """The newest events of an alias, newest first; only those that moved it to `version` when that is given."""
    query = select(alias_events).where(alias_events.c.alias == alias)
    if version is not None:
        query = query.where(alias_events.c.version == version)
    return connection.execute(query.order_by(alias_events.c.event_id.desc()).limit(limit)).all()


def champion_rows(connection: Connection) -> Sequence[LedgerRow]:
    """Every event that made a model champion, oldest first; `as_of` is that of its run, None for one of a person."""
    query = select(alias_events, runs.c.as_of).outerjoin(runs, runs.c.run_id == alias_events.c.run_id)
    return connection.execute(query.where(alias_events.c.alias == CHAMPION).order_by(alias_events.c.event_id)).all()


def models_with_training(connection: Connection, versions: Iterable[str]) -> Sequence[LedgerRow]:
    """Version and summary of each of these models, with id, date and trigger of the run that trained it."""
    columns = (runs.c.run_id, runs.c.as_of, runs.c.cause, runs.c.requested_by, runs.c.parent_run_id)
    query = select(models.c.version, models.c.summary, *columns).join(runs, runs.c.run_id == models.c.run_id)
    return connection.execute(query.where(models.c.version.in_(list(versions)))).all()


def model_of_row(row: LedgerRow) -> ModelVersion:
    """The model of a row of the registry."""
    return model_from_json(
        {name: getattr(row, name) for name in ("version", "model_name", "files", "summary", "trained_on")}
    )
