"""A ledger that ended nine months ago: the state is stale, and every place says which file, since when, what to do."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.doctor.checks import Finding, findings
from jobs.monitoring.schemas import MONITORING_SCHEMA
from jobs.silver.staleness import ages
from jobs.silver.values import MARKED
from storage.db.schema import table_versions
from storage.lake.datamart import TableVersion
from storage.lake.names import MONITORING
from storage.ledger.catalog import as_json
from tests.commands import command, document
from tests.retail import STAGED_LOANS
from tests.sandbox import AS_OF, Sandbox
from tests.trained import LEDGER, STALE_ON, STALE_SINCE

pytestmark = pytest.mark.thorough

SINCE = f"its newest row is of {STALE_SINCE}"


def newest_rows(sandbox: Sandbox) -> list[Finding]:
    return [finding for finding in findings(sandbox.deployment) if finding.check == "newest rows"]


def test_the_gate_is_stale_and_requests_no_retraining(stale_sandbox: Sandbox) -> None:
    (decision,) = stale_sandbox.decisions()
    assert (decision.status, decision.action) == ("stale", "none")
    assert decision.reason.startswith(f"{LEDGER} is stale: {SINCE}, 273 days before {STALE_ON}, more than its cadence")
    assert "declare a longer `cadence` in jobs/book/retail.py." in decision.reason
    assert f"there are no newer ones up to {STALE_ON}." in decision.reason
    assert stale_sandbox.governance_requests() == []


def test_the_monitoring_table_names_the_stale_dataset_and_all_newest_days(stale_sandbox: Sandbox) -> None:
    (row,) = stale_sandbox.table(MONITORING).to_pylist()
    assert (row["status"], row["stale"]) == ("stale", f"{LEDGER} {STALE_SINCE}")
    assert row["newest_data"] == (
        "feature_clickstream 2024-12-01, features_attributes 2025-01-01, features_financials 2025-01-01, "
        f"{LEDGER} {STALE_SINCE}"
    )


def test_metrics_say_it_as_table_and_as_json(stale_sandbox: Sandbox) -> None:
    home = ("--home", str(stale_sandbox.home))
    told = command("metrics", *home, env={"COLUMNS": "250"}).stdout
    assert f"Stale on {STALE_ON}: {LEDGER} {STALE_SINCE}." in told
    assert "there are no newer ones" in told
    (row,) = document("metrics", *home)
    assert (row["status"], row["stale"]) == ("stale", f"{LEDGER} {STALE_SINCE}")


def test_doctor_names_the_file_its_newest_day_and_what_to_do(stale_sandbox: Sandbox) -> None:
    (finding,) = newest_rows(stale_sandbox)
    assert finding.level == "warning"
    assert f"{LEDGER} is stale: {SINCE}, 273 days before {STALE_ON}" in finding.message
    assert "deliver newer extracts, or declare a longer `cadence`" in finding.message
    assert f"/{LEDGER}.csv" in finding.message


def test_up_to_date_extracts_are_no_finding(monitored_sandbox: Sandbox) -> None:
    (finding,) = newest_rows(monitored_sandbox)
    assert finding.level == "ok"
    assert f"{LEDGER} 2025-11-01" in finding.message
    (row,) = monitored_sandbox.table(MONITORING).to_pylist()
    assert row["status"] != "stale"
    assert row["stale"] is None


def test_a_later_day_makes_the_same_extracts_stale(monitored_home: Path, tmp_path: Path) -> None:
    sandbox = Sandbox.copied(monitored_home, tmp_path / "home")
    sandbox.succeed("monitoring", AS_OF.replace(year=2026))
    assert [one.status for one in sandbox.decisions()][-1] == "stale"


def test_no_month_of_a_replay_of_whole_extracts_is_stale(monitored_sandbox: Sandbox) -> None:
    versions, book = monitored_sandbox.versions(), monitored_sandbox.deployment.book
    months = [date(year, month, 1) for year in (2024, 2025) for month in range(1, 13)]
    assert {one.state for month in months for one in ages(versions, book, month)} == {"fresh"}


def rewrite(sandbox: Sandbox, old: TableVersion, new: TableVersion) -> None:
    """Has the ledger hold another content of a version, as an earlier release wrote it."""
    content = as_json(new)
    del content["days"], content["date_orders"]
    which = (table_versions.c.table_name == old.table, table_versions.c.version == old.version)
    with sandbox.deployment.ledger.writing() as connection:
        connection.execute(update(table_versions).where(*which).values(content=content))


def test_a_home_of_an_earlier_release_opens_and_knows_its_newest_rows_after_the_next_inference(
    monitored_home: Path, tmp_path: Path
) -> None:
    sandbox = Sandbox.copied(monitored_home, tmp_path / "home")
    for table in sandbox.versions().values():
        if not table.table.startswith("staged.") or MARKED not in (rows := sandbox.table(table.table)).column_names:
            rewrite(sandbox, table, table)
            continue
        part = sandbox.deployment.datamart.write(table.table, table.version, 99, [rows.drop_columns([MARKED])])
        rewrite(sandbox, table, replace(table, parts=(part,)))
    history = sandbox.versions()[MONITORING]
    rows = sandbox.table(MONITORING).drop_columns(["stale", "newest_data"])
    rewrite(
        sandbox,
        history,
        replace(history, parts=(sandbox.deployment.datamart.write(MONITORING, history.version, 1, [rows]),)),
    )
    (finding,) = newest_rows(sandbox)
    assert (finding.level, f"{LEDGER} not known" in finding.message) == ("ok", True)
    (row,) = document("metrics", "--home", str(sandbox.home))
    assert (row["stale"], row["newest_data"]) == (None, None)
    assert command("metrics", "--home", str(sandbox.home)).returncode == 0
    day = AS_OF.replace(day=2)
    run = sandbox.succeed("inference", day, force=True)  # as new code does
    book = sandbox.deployment.book
    assert sandbox.values(run, "prepare_inference_data")["refreshed"] == sorted(book.by_dataset)
    assert sandbox.versions()[STAGED_LOANS].days
    assert all(MARKED in sandbox.table(source.staged_table).column_names for source in book.sources)
    sandbox.succeed("monitoring", day)
    first, second = sandbox.table(MONITORING).to_pylist()
    assert sandbox.table(MONITORING).schema.equals(MONITORING_SCHEMA)
    assert (first["newest_data"], second["newest_data"].endswith(f"{LEDGER} 2025-11-01")) == (None, True)
