"""What is published and which model serves, in few statements: the Overview page asks every two seconds."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, literal, select, true

from storage.db.model_tables import alias_events, models
from storage.db.schema import decisions, publications, table_versions
from storage.lake.datamart import TableVersion
from storage.ledger.approvals import WAITING, Approval, approval_of_row
from storage.ledger.catalog import SAME_VERSION, from_json, newest_publications
from storage.ledger.models import CHAMPION, ModelVersion, model_of_row

TOLD = ("run_id", "monitoring_date", "status", "action", "reason")  # of a decision
NEWEST_DECISION = (
    select(*(decisions.c[name].label(f"decision_{name}") for name in TOLD))
    .order_by(decisions.c.monitoring_date.desc(), decisions.c.decision_id.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Publication:
    """The current version of a table: when its content was made, and when which run published it."""

    version: TableVersion
    made_at: datetime
    run_id: str
    published_at: datetime


@dataclass(frozen=True)
class Decision:
    """What a monitoring run decided about the model of its date."""

    run_id: str
    monitoring_date: date
    status: str
    action: str
    reason: str


@dataclass(frozen=True)
class Serving:
    """The champion, the request for approval that waits, and the decision of the newest monitoring date."""

    champion: ModelVersion | None
    waiting: Approval | None
    decision: Decision | None


def current_publications(connection: Connection) -> dict[str, Publication]:
    """The current version of every published table, by the table's name."""
    columns = publications.c.run_id, publications.c.published_at, table_versions.c.created_at
    query = (
        select(table_versions.c.content, *columns)
        .join_from(table_versions, publications, SAME_VERSION)
        .where(publications.c.publication_id.in_(newest_publications()))
    )
    rows = connection.execute(query).all()
    found = (Publication(from_json(row.content), row.created_at, row.run_id, row.published_at) for row in rows)
    return {each.version.table: each for each in found}


def serving(connection: Connection) -> Serving:
    """Champion, request and decision, in one statement."""
    newest = select(func.max(alias_events.c.event_id)).where(alias_events.c.alias == CHAMPION)
    champion = (
        select(models)
        .join(alias_events, alias_events.c.version == models.c.version)
        .where(alias_events.c.event_id == newest.scalar_subquery())
        .subquery()
    )
    waiting, decided, one = WAITING.subquery(), NEWEST_DECISION.subquery(), select(literal(1).label("one")).subquery()
    found = one.outerjoin(champion, true()).outerjoin(waiting, true()).outerjoin(decided, true())
    requested = (column.label(f"request_{column.name}") for column in waiting.c)
    row = connection.execute(select(champion, *requested, decided).select_from(found)).one()
    return Serving(
        model_of_row(row) if row.version else None,
        approval_of_row(row, "request_") if row.request_version else None,
        Decision(**{name: getattr(row, f"decision_{name}") for name in TOLD}) if row.decision_run_id else None,
    )
