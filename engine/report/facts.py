"""Everything that the report on a model is made of, read at once from the ledger and the files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection

from engine.control.approval import no_champion
from engine.deployment import Deployment
from engine.documents.champions.history import OF_MODELS, History, history_of
from engine.documents.models import cost_in_words, left_out_costs
from engine.documents.runs import values_of
from engine.documents.values import Document
from engine.errors import UnusableRequest
from engine.report.damage import error_in_words
from engine.report.deliveries import deliveries_of
from engine.report.monitored import FIRST, Monitored, Rows, history_until, monitored
from jobs.accounting.account import Account
from jobs.accounting.statements import accounts_of
from jobs.book.declaration import Book
from jobs.modelling.candidates import word_for_every_set
from storage.db.ledger import LedgerRow
from storage.errors import LoanwatchError
from storage.ledger.approvals import REQUESTED
from storage.ledger.decisions import decisions_between
from storage.ledger.models import anchor, model_of_row, model_row
from storage.ledger.runs import newest_success, run_row, success_for
from storage.ledger.tasks import task_rows


@dataclass(frozen=True)
class Facts:
    """What is known of one model on one logical date.

    `asked` is the date that was asked for, None for the newest. `details` are the registry's summary and the metadata;
    the summary alone when the file is damaged, and `damage` says why. `inference` and `training` are accounts of loans
    and files of the runs that trained the model and that scored the loans last. `anchor` is the anchor of today, None
    for a date of the past. `verdicts` are the promotion tests of the models that people decided on.
    """

    deployment: Deployment
    as_of: date
    asked: date | None
    row: LedgerRow
    details: dict[str, Any]
    damage: str
    params: Mapping[str, Any]
    training: Sequence[Account]
    inference: Sequence[Account]
    deliveries: Mapping[str, Document]
    rejected: Sequence[Document]
    history: History
    decisions: Sequence[LedgerRow]
    monitored: Monitored
    anchor: str | None
    verdicts: Mapping[str, Mapping[str, Any]]
    costs: Sequence[str]

    @property
    def book(self) -> Book:
        return self.deployment.book

    @property
    def version(self) -> str:
        return str(self.row.version)

    @property
    def is_champion(self) -> bool:
        """Whether the model was champion at the end of the date."""
        return self.history.champion == self.version

    @property
    def metrics(self) -> dict[str, Any]:
        """The numbers of the selected candidate; {} when there are none."""
        found: dict[str, Any] = self.details.get("candidates", {}).get(self.row.model_name, {})
        return found

    @property
    def approval(self) -> dict[str, Any] | None:
        """State and person of the newest request for the model's approval, as `outcome` wants it; None for none."""
        own = [one for one in self.history.approvals if one.subject == self.version]
        if not own:
            return None
        newest = own[-1]
        state = "waiting" if newest.what == REQUESTED else newest.what
        return {"state": state, "who": newest.who}


Parts = Mapping[str, Callable[[Facts], Markup]]  # the parts of a section by their titles, '' for one without


def facts_of(deployment: Deployment, version: str | None = None, day: date | None = None) -> Facts:
    """The facts about a version; without one, about the champion of a date, by default of today.

    The champion of a date that was monitored is the model that was monitored. Raises UnusableRequest for an unknown
    version, for a date before the first champion, and in a home without a champion.
    """
    with deployment.ledger.reading() as connection:
        history = history_of(connection, deployment.settings.zone)
        known = history if day is None else history.until(day)
        newest, today = newest_success(connection), deployment.today()
        as_of = newest.as_of if newest else today
        if day is not None and day > max(as_of, today):
            raise UnusableRequest(f"--date {day} has not come yet; give a date up to {max(as_of, today)}.")
        numbers = history_until(connection, deployment, day)
        chosen = version or _champion(connection, known, numbers.get(day) if day else None, day)
        row = model_row(connection, chosen)
        if row is None:
            raise UnusableRequest(f"There is no model {chosen!r}; `python -m engine models` lists the versions.")
        return _gathered(connection, deployment, row, known, numbers, (day or as_of, day))


def _champion(connection: Connection, history: History, row: Mapping[str, Any] | None, day: date | None) -> str:
    version = row["model_version"] if row else history.champion
    if version is None and day is None:
        advice = "run `python -m engine run training`, or give --model VERSION"
        raise UnusableRequest(no_champion(connection, advice))
    if version is None:
        raise UnusableRequest(f"There was no champion on {day}; `python -m engine models` lists the champions.")
    return str(version)


def _gathered(
    connection: Connection,
    deployment: Deployment,
    row: LedgerRow,
    history: History,
    numbers: Rows,
    dates: tuple[date, date | None],
) -> Facts:
    as_of, asked = dates
    details, damage = _details(deployment, row)
    trained = run_row(connection, row.run_id)
    found = monitored(connection, deployment, row.version, numbers)
    scored = success_for(connection, "inference", found.day) if found.day else None
    used, rejected = deliveries_of(connection, deployment.book, details.get("extracts", {}), as_of)
    chosen = anchor(connection) if asked is None else None
    return Facts(
        deployment=deployment,
        as_of=as_of,
        asked=asked,
        row=row,
        details=details,
        damage=damage,
        params=dict(trained.params),
        training=_accounts(connection, trained.run_id),
        inference=_accounts(connection, scored.run_id) if scored else (),
        deliveries=used,
        rejected=rejected,
        history=history,
        decisions=decisions_between(connection, FIRST, asked or date.max),
        monitored=found,
        anchor=chosen.version if chosen else None,
        verdicts=_verdicts(connection, history),
        costs=_costs(connection, deployment.book) if asked is None else (),
    )


def _details(deployment: Deployment, row: LedgerRow) -> tuple[dict[str, Any], str]:
    """(summary and metadata of a model, why the metadata can't be read). The verdict is the registry's."""
    verdict = {"promotion": row.summary["promotion"]} if "promotion" in row.summary else {}
    try:
        metadata = json.loads(deployment.models.read(model_of_row(row).files["metadata"]))
    except (LoanwatchError, KeyError) as error:
        return dict(row.summary), error_in_words(deployment, error)
    return {**row.summary, **metadata, **verdict}, ""


def _costs(connection: Connection, book: Book) -> list[str]:
    """What leaving features out costs, for each of the book's smaller feature sets."""
    word = word_for_every_set(book)
    return [cost_in_words(cost, word, book.plain_name) for cost in left_out_costs(connection, book)]


def _verdicts(connection: Connection, history: History) -> dict[str, dict[str, Any]]:
    """The promotion tests of the models that people decided on, by version; {} for a model without one."""
    versions = dict.fromkeys(one.subject for one in history.actions if one.what in OF_MODELS)
    rows = {version: model_row(connection, version) for version in versions}
    return {version: row.summary.get("promotion") or {} for version, row in rows.items() if row is not None}


def _accounts(connection: Connection, run_id: str) -> list[Account]:
    return accounts_of(values_of(task_rows(connection, run_id)))
