"""What a soak runs on with `--services`: PostgreSQL that is restarted, a store that fails, a webhook for alerts.

The store fails for 2% of its calls, the server is restarted every two minutes without a checkpoint, and the webhook
hangs up or is busy at times. At the end every object of the store and every connection must be accounted for, and every
message must have reached the webhook once, or be marked as repeated or failed.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep

from sqlalchemy import func, select

from engine.alerts.delivery import deliver_next
from engine.deployment import Deployment
from storage.db.alert_tables import alert_messages
from storage.db.model_tables import models
from storage.db.schema import publications, runs, table_versions
from storage.ledger.catalog import current_versions
from tests.flaky_store import CREDENTIALS, FlakyStore, flaky_store
from tests.postgres import Postgres, running_postgres
from tests.receivers import Webhook, running_webhook

FAILING = 0.02  # of the calls of the store
RESTART = 120.0  # seconds between two restarts of the database server
BUSY = 0.1  # of the messages, which the webhook takes but does not acknowledge
DATABASE = "soak"
STORES = ("datamart", "models", "reports")
SETTINGS = {"alert_seconds": 1.0, "alert_group_seconds": 1.0, "alert_retry_seconds": 1.0, "alert_timeout": 3.0}
PATIENCE = 60.0  # seconds for the last messages
MOST_SHOWN = 5
FOLDER_OF_A_TABLE = re.compile(r"datamart/[.]versions/[^/]+/[^/]+/")  # an object without bytes, one for each table


@dataclass
class Services:
    """The services of a soak, and what was done to them."""

    postgres: Postgres
    store: FlakyStore
    webhook: Webhook
    random: random.Random
    restarts: int = 0
    next_restart: float = field(default_factory=lambda: monotonic() + RESTART)

    def environment(self) -> dict[str, str]:
        """What every process of the deployment has in its environment."""
        given = {name: self.store.address(name) for name in STORES}
        given |= {"ledger": self.postgres.url(DATABASE), "alert_webhook": self.webhook.url}
        given |= {name: str(value) for name, value in SETTINGS.items()}
        return {**CREDENTIALS, **{f"LOANWATCH_{name.upper()}": value for name, value in given.items()}}

    def begin(self) -> None:
        """From now on the services fail."""
        self.store.rate = FAILING
        self.next_restart = monotonic() + RESTART / 2
        self.webhook.before_answer = self._be_busy

    def disturb(self) -> None:
        """Restarts the database server when it is time."""
        if monotonic() > self.next_restart:
            self.postgres.control("restart", "-m", "immediate")
            self.restarts += 1
            self.next_restart = monotonic() + RESTART

    def end(self) -> None:
        """From now on nothing fails."""
        self.store.rate = 0.0
        self.webhook.before_answer = lambda: None
        self.webhook.answers.clear()

    def _be_busy(self) -> None:
        if self.random.random() < BUSY:
            self.webhook.answers.append(503)

    def send_the_rest(self, deployment: Deployment) -> None:
        """Sends what the worker and the scheduler had not sent when they ended, as the next worker does."""
        deadline, waits = monotonic() + PATIENCE, True
        while waits and monotonic() < deadline:
            while deliver_next(deployment, "webhook"):
                pass
            with deployment.ledger.reading() as connection:
                waiting = alert_messages.c.state.in_(("pending", "sending"))
                waits = connection.execute(select(func.count()).where(waiting)).scalar_one() > 0
            sleep(0.5)

    def findings(self, deployment: Deployment) -> list[str]:
        """Everything that is not as it must be, a sentence each; prints the figures."""
        print(f"database server: {self.restarts} restarts; calls of the store: {dict(self.store.calls)}")
        found = [*self._messages(deployment), *self._objects(deployment), *_doubled(deployment)]
        return [*found, *_damaged(deployment), *self._connections(), *self._successes(deployment)]

    def _messages(self, deployment: Deployment) -> Iterator[str]:
        with deployment.ledger.reading() as connection:
            rows = connection.execute(select(alert_messages)).all()
        got: dict[str, list[bool]] = defaultdict(list)
        for message in self.webhook.got:
            got[message["delivery"]].append(message["repeated"])
        states = Counter(row.state for row in rows)
        unmarked = [key for key, marks in got.items() if marks.count(False) > 1]
        lost = [row.delivery for row in rows if row.state == "sent" and not got.get(row.delivery)]
        waiting = [row.delivery for row in rows if row.state in ("pending", "sending")]
        unknown = sorted(got.keys() - {row.delivery for row in rows})
        again = sum(len(marks) - 1 for marks in got.values())
        print(
            f"alert messages: {len(rows)} ({dict(states)}), {len(self.webhook.got)} received, {again} of them again "
            f"and marked so, {len(lost)} lost, {len(unmarked)} doubled unmarked"
        )
        if not rows:
            yield "nobody was alerted of anything"
        named = (("lost", lost), ("doubled", unmarked), ("still waiting", waiting), ("unknown to the ledger", unknown))
        for what, keys in named:
            if keys:
                yield f"messages {what}: {keys[:MOST_SHOWN]}"

    def _objects(self, deployment: Deployment) -> Iterator[str]:
        with deployment.ledger.reading() as connection:
            stored = connection.execute(select(table_versions).where(table_versions.c.removed_at.is_(None))).all()
            registered = connection.execute(select(models.c.files)).scalars().all()
        parts = {f"datamart/{part['name']}" for row in stored for part in row.content["parts"]}
        kept = {f"models/{facts['name']}" for files in registered for facts in files.values()}
        keys = set(self.store.keys())
        versions = {
            key for key in keys if key.startswith("datamart/.versions/") and not FOLDER_OF_A_TABLE.fullmatch(key)
        }
        pickles = {key for key in keys if key.startswith("models/") and not key.startswith("models/.")}
        uploads = self.store.uploads()
        print(f"objects: {len(keys)}, of tables {len(versions)}, of models {len(pickles)}; {len(uploads)} open uploads")
        named = (
            ("that no version has", versions - parts),
            ("that are missing", parts - keys),
            ("of models that nobody registered", pickles - kept),
            ("of models that are missing", kept - keys),
            ("whose upload is open", set(uploads)),
        )
        for what, names in named:
            if names:
                yield f"{len(names)} objects {what}: {sorted(names)[:MOST_SHOWN]}"

    def _connections(self) -> Iterator[str]:
        query = f"SELECT application_name, state FROM pg_stat_activity WHERE datname = '{DATABASE}'"  # noqa: S608
        open_ones = self.postgres.execute(query)
        print(f"connections to the database: {len(open_ones)}, of the soak itself")
        if len(open_ones) > MOST_SHOWN:
            yield f"{len(open_ones)} connections are open"

    def _successes(self, deployment: Deployment) -> Iterator[str]:
        with deployment.ledger.reading() as connection:
            query = select(runs.c.state, func.count()).where(runs.c.started_at.is_not(None)).group_by(runs.c.state)
            states = dict(connection.execute(query).tuples().all())
        share = states.get("succeeded", 0) / max(sum(states.values()), 1)
        print(f"runs that began and succeeded: {share:.0%} of {sum(states.values())}")
        if share < 0.25:
            yield f"only {share:.0%} of the runs succeeded"


def _doubled(deployment: Deployment) -> Iterator[str]:
    """Runs that published a table twice, and rows of a day or of a loan that are there twice."""
    with deployment.ledger.reading() as connection:
        columns = publications.c.run_id, publications.c.table_name
        query = select(*columns).group_by(*columns).having(func.count() > 1)
        twice = [f"{row.table_name} by {row.run_id}" for row in connection.execute(query)]
        current = current_versions(connection)
    if twice:
        yield f"published twice: {twice[:MOST_SHOWN]}"
    keys = {"gold.model_monitoring": ["monitoring_date"], "gold.model_predictions": ["loan_id", "prediction_date"]}
    for table, names in keys.items():
        if table in current:
            rows = deployment.datamart.read(current[table], names).to_pylist()
            doubled = len(rows) - len({tuple(row.values()) for row in rows})
            print(f"{table}: {len(rows)} rows, {doubled} doubled")
            if doubled:
                yield f"{doubled} rows of {table} are doubled"


def _damaged(deployment: Deployment) -> Iterator[str]:
    with deployment.ledger.reading() as connection:
        current = current_versions(connection)
    for version in current.values():
        try:
            deployment.datamart.verify(version)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            yield f"{version.table} is damaged: {error}"


@contextmanager
def running_services(seed: int) -> Iterator[Services]:
    """Services that do not fail yet, gone when the block ends."""
    with running_postgres() as postgres, flaky_store(seed) as store, running_webhook() as webhook:
        postgres.execute(f"CREATE DATABASE {DATABASE}")
        yield Services(postgres, store, webhook, random.Random(seed))
