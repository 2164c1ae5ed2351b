"""The page of a run: its graph, timeline, log, rows and versions, what went wrong, and what can be done about it."""

import re
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pytest
from sqlalchemy import update

from console.run.gantt import AXIS, TICKS, chart, ticks, wait_words, waits
from engine.control import runs
from jobs.modelling.candidates import FOLDS
from jobs.silver.quality import report
from storage.db.ledger import LedgerRow
from storage.db.schema import decisions
from storage.db.schema import runs as runs_table
from storage.db.schema import tasks as tasks_table
from storage.ledger.runs import recent_runs, run_row
from storage.ledger.schedules import Slot, SlotOutcome, record_outcome
from storage.ledger.tasks import LogLine, add_logs, task_rows
from tests.commands import command
from tests.console.pages import Opened, words
from tests.sandbox import AS_OF, Sandbox


@pytest.fixture
def failed(sandbox: Sandbox, tmp_path: Path) -> str:
    """The id of a training whose ledger of loans lacks a column."""
    folder = tmp_path / "broken"
    folder.mkdir()
    for extract in Path(sandbox.data()).iterdir():
        content = extract.read_bytes()
        (folder / extract.name).write_bytes(
            content.replace(b"loan_id", b"loan_number", 1) if "lms" in extract.name else content
        )
    ended = sandbox.run("training", AS_OF + timedelta(days=1), data=str(folder), force=True)
    assert ended.state == "failed"
    return ended.run_id


def newest(sandbox: Sandbox, pipeline: str) -> LedgerRow:
    with sandbox.deployment.ledger.reading() as connection:
        return recent_runs(connection, 1, pipeline)[0]


def test_a_run_shows_each_task_with_its_state_rows_and_parts(opened: Opened, trained_sandbox: Sandbox) -> None:
    run = newest(trained_sandbox, "training")
    said = words(opened(trained_sandbox.home, "run", run_id=run.run_id))
    assert said.count('role="listitem"') == 12
    assert said.count('aria-label="Step') == 6
    with trained_sandbox.deployment.ledger.reading() as connection:
        rows = {row.task: row for row in task_rows(connection, run.run_id)}
    cleaned = rows["clean_loan_daily"]
    assert f"{cleaned.rows_in:,} → {cleaned.rows_out:,} rows" in said
    fits = len(trained_sandbox.champions()[0].summary["candidates"]) * (1 + FOLDS)
    assert f"{fits} of {fits} fits" in said
    assert "12 of 12 tasks done" in said


def test_the_critical_path_is_named_and_starred_in_the_timeline(opened: Opened, trained_sandbox: Sandbox) -> None:
    run = newest(trained_sandbox, "training")
    said = words(opened(trained_sandbox.home, "run", run_id=run.run_id))
    path = re.search(r"Critical path: ([^,]+),", said)
    assert path
    names = path[1].split(" → ")
    assert names[-3:] == ["gold_feature_engineering", "train_evaluate_select_model", "store_best_model"]
    assert names[0].startswith("ingest_")


@pytest.mark.thorough
def test_the_log_is_filtered_by_task_and_by_level(opened: Opened, sandbox: Sandbox, failed: str) -> None:
    app = opened(sandbox.home, "run", run_id=failed)
    assert "records read, " in words(app)
    assert 'title="ERROR"' in words(app)
    app.segmented_control(key="lines").set_value("errors").run()
    log = words(app)
    assert 'title="ERROR"' in log
    assert "records read, " not in log
    app.segmented_control(key="lines").set_value("all").run()
    app.text_input(key="find").set_value("RECORDS Read").run()
    found = re.findall(r'<span class="lw-said[^>]*>(.*?)</span>', words(app))
    assert found
    assert all("<mark>records read</mark>" in line for line in found)
    app.text_input(key="find").set_value("").run()
    app.selectbox(key="task").select("ingest_features_attributes").run()
    assert set(re.findall(r'<span class="lw-by">([^<]+)<', words(app))) == {"ingest_features_attributes"}


def test_a_run_shows_its_accounts_and_its_versions(opened: Opened, trained_sandbox: Sandbox) -> None:
    run = newest(trained_sandbox, "training")
    said = words(opened(trained_sandbox.home, "run", run_id=run.run_id))
    flagged = trained_sandbox.values(run.run_id, "remove_flagged_customers")["flagged"]
    assert re.search(r"All \d+ accounts balance", said)
    assert f"{flagged:,} customers flagged" in said
    ledger = trained_sandbox.table("bronze.LMS_loans").num_rows
    assert f"lms_loan_daily.csv</td><td>{ledger:,} records read</td><td>{ledger:,} stored, 0 quarantined" in said
    nulls = trained_sandbox.table("staged.financials")["Credit_Mix"].null_count
    assert f"{nulls:,} placeholder" in said
    assert f"{trained_sandbox.table('gold.model_training_data').num_rows:,} labelled" in said
    assert '/data?table=silver.loan_daily"' in said
    assert f"/models?version={trained_sandbox.champions()[0].version}" in said


def test_inference_and_monitoring_show_their_loans(opened: Opened, monitored_sandbox: Sandbox) -> None:
    predictions = monitored_sandbox.table("gold.model_predictions")
    scored, flagged = f"{predictions.num_rows:,}", pc.sum(predictions["flagged"]).as_py()
    run_id = newest(monitored_sandbox, "inference").run_id
    parts = f"{predictions.num_rows - flagged:,} scored, {flagged:,} scored of flagged customers, 0 not due yet"
    assert f"{scored} loans known</td><td>{parts}" in words(opened(monitored_sandbox.home, "run", run_id=run_id))
    run_id = newest(monitored_sandbox, "monitoring").run_id
    said = words(opened(monitored_sandbox.home, "run", run_id=run_id))
    assert f"{scored} loans with a prediction" in said
    assert "The account balances" in said


def test_a_failed_run_shows_the_accounts_of_what_was_done(opened: Opened, sandbox: Sandbox, failed: str) -> None:
    said = words(opened(sandbox.home, "run", run_id=failed))
    assert "records read</td>" in said
    assert "lms_loan_daily.csv</td>" not in said
    assert "loans known" not in said


def test_an_account_that_does_not_balance_says_by_how_much(
    opened: Opened, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = report._counted
    monkeypatch.setattr(report, "_counted", lambda grounds, rows: (kept(grounds, rows)[0], {"undated": 7}))
    ended = sandbox.run("training", data=sandbox.data(), force=True)
    assert ended.state == "failed"
    said = words(opened(sandbox.home, "run", run_id=ended.run_id))
    assert re.search(r"\d of \d+ accounts do not balance", said)
    assert re.search(r'lw-bad"><span[^>]*>✗</span> [\d,]+ are (missing|too many)', said)
    assert "nothing was published, the last tables stay" in said


def test_a_failure_says_where_why_what_is_still_in_use_and_what_to_do(
    opened: Opened, sandbox: Sandbox, failed: str
) -> None:
    app = opened(sandbox.home, "run", run_id=failed)
    said = words(app)
    assert "ingest_lms_loan_daily failed" in said
    assert "lms_loan_daily.csv, line 1: missing column" in said
    assert "because ingest_lms_loan_daily failed" in said
    boxes = re.findall(
        r'lw-task lw-(\w+)" role="listitem"><a href="[^"]*task=(\w+)".*?lw-state lw-(\w+)".*?</div>', said
    )
    assert [task for tone, task, of_state in boxes if "bad" in (tone, of_state)] == ["ingest_lms_loan_daily"]
    assert ("quiet", "store_best_model", "quiet") in boxes
    assert said.count('<span class="lw-why lw-bad"') == 1
    grid = words(opened(sandbox.home, "runs"))
    late = str(AS_OF + timedelta(days=1))
    cells = {task: tone for tone, task in re.findall(rf'<a class="lw-(\w+)" [^>]*title="(\w+), as of {late}', grid)}
    assert [task for task, tone in cells.items() if tone == "bad"] == ["ingest_lms_loan_daily"]
    assert f"store_best_model, as of {late}: upstream failed" in grid
    assert cells["store_best_model"] == "quiet"
    assert f"python -m engine resume {failed}" in said
    assert {f"resume-{failed}", f"again-{failed}"} <= {button.key for button in app.button}
    assert f"Published tables and champion {sandbox.champions()[0].version} are unchanged." in said
    assert "Scores in use are of 1 Dec 2025: " in said
    told = [str(getattr(each, "label", "") or getattr(each, "value", "") or each.proto) for each in app.main]
    places = ["ingest_lms_loan_daily failed", "are unchanged", "Run again", "Requested", "Result", "Tasks", "Timeline"]
    found = [next(at for at, each in enumerate(told) if place in each) for place in places]
    assert found == sorted(found)


def test_the_last_lines_of_the_failed_task_are_told_below_the_impact(
    opened: Opened, sandbox: Sandbox, failed: str
) -> None:
    assert "Last lines of" not in words(opened(sandbox.home, "run", run_id=failed)), "one line, which is the error"
    now = sandbox.deployment.ledger.clock()
    with sandbox.deployment.ledger.writing() as connection:
        more = [LogLine("ingest_lms_loan_daily", now, "INFO", f"<b>block {number}") for number in range(7)]
        other = LogLine("ingest_features_financials", now, "INFO", "block of another task")
        add_logs(connection, failed, [*more, other])
    app = opened(sandbox.home, "run", run_id=failed)
    told = next(str(each.proto.body) for each in app.get("html") if "Last lines of" in str(each.proto.body))
    assert "Last lines of ingest_lms_loan_daily" in told
    lines = re.findall(r'<span class="lw-said[^>]*>(.*?)</span>', told)
    assert lines == [f"&lt;b&gt;block {number}" for number in range(2, 7)]
    assert f'/run?run_id={failed}&amp;task=ingest_lms_loan_daily"' in told
    assert words(app).index("are unchanged.") < words(app).index("Last lines of")


@pytest.mark.thorough
def test_a_failed_run_is_resumed_with_another_folder_and_both_are_linked(
    opened: Opened, sandbox: Sandbox, failed: str
) -> None:
    app = opened(sandbox.home, "run", run_id=failed)
    app.button(key=f"resume-{failed}").click().run()
    app.text_input(key=f"resume-{failed}-data").set_value(sandbox.data())
    app.button(key=f"resume-{failed}-confirm").click().run()
    child = newest(sandbox, "training")
    assert (child.parent_run_id, child.cause, child.params["data"]) == (failed, "resume", sandbox.data())
    assert f"/run?run_id={child.run_id}" in words(opened(sandbox.home, "run", run_id=failed))
    assert f"/run?run_id={failed}" in words(opened(sandbox.home, "run", run_id=child.run_id))


@pytest.mark.thorough
def test_a_run_is_run_again_with_other_parameters(opened: Opened, trained_sandbox: Sandbox, sandbox: Sandbox) -> None:
    run = newest(sandbox, "training")
    app = opened(sandbox.home, "run", run_id=run.run_id)
    app.button(key=f"again-{run.run_id}").click().run()
    app.selectbox(key=f"again-{run.run_id}-feature_set").select("all")
    app.button(key=f"again-{run.run_id}-confirm").click().run()
    again = newest(sandbox, "training")
    assert again.run_id != run.run_id
    assert again.params == {**run.params, "feature_set": "all"}
    assert again.as_of == run.as_of


def test_a_waiting_run_says_what_to_type_and_is_cancelled(opened: Opened, sandbox: Sandbox) -> None:
    run_id = runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "inference", AS_OF, force=True))
    app = opened(sandbox.home, "run", run_id=run_id)
    assert words(app).count("The worker is not running") == 1
    assert "python -m engine up" in words(app)
    assert f"resume-{run_id}" not in {button.key for button in app.button}
    app.button(key=f"cancel-{run_id}").click().run()
    app.button(key=f"cancel-{run_id}-confirm").click().run()
    with sandbox.deployment.ledger.reading() as connection:
        assert run_row(connection, run_id).state == "cancelled"
    assert f"resume-{run_id}" in {button.key for button in app.button}


def test_past_runs_tell_how_long_a_run_will_take(opened: Opened, sandbox: Sandbox) -> None:
    run_id = runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "inference", AS_OF, force=True))
    assert "Usually takes" in words(opened(sandbox.home, "run", run_id=run_id))
    other = runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "monitoring", AS_OF))
    assert "no estimate without an earlier run" in words(opened(sandbox.home, "run", run_id=other))


def test_the_retraining_task_has_a_plain_label_with_its_name_in_small(opened: Opened, sandbox: Sandbox) -> None:
    run_id = runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "monitoring", AS_OF))
    said = words(opened(sandbox.home, "run", run_id=run_id))
    assert ">Request retraining</a>" in said
    assert ">trigger_retraining_dag</span>" in said


@pytest.mark.parametrize("action", ["escalated", "suppressed", "requested"])
def test_the_box_of_the_retraining_task_says_what_was_decided(
    opened: Opened, monitored_sandbox: Sandbox, tmp_path: Path, action: str
) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "home")
    run_id, training = newest(sandbox, "monitoring").run_id, newest(sandbox, "training").run_id
    requested = training if action == "requested" else None
    with sandbox.deployment.ledger.writing() as connection:
        task = update(tasks_table).where(tasks_table.c.run_id == run_id, tasks_table.c.task == "trigger_retraining_dag")
        connection.execute(task.values(state="succeeded"))
        decided = update(decisions).where(decisions.c.run_id == run_id)
        connection.execute(decided.values(action=action, requested_run_id=requested))
    said = words(opened(sandbox.home, "run", run_id=run_id))
    (box,) = re.findall(r"Request retraining</a>(.*?)</div>", said)
    assert f"</span> {action}</span>" in box
    assert "</span> succeeded</span>" not in box
    assert (f"/run?run_id={training}" in box) == (action == "requested")
    assert ("no run was requested" in box) == (action != "requested")
    assert (
        f"{action}: {requested or 'no run was requested'}"
        in command("show", run_id, "--home", str(sandbox.home)).stdout
    )


def test_a_cached_task_leads_to_the_run_whose_result_it_is(opened: Opened, sandbox: Sandbox) -> None:
    first = newest(sandbox, "training").run_id
    again = sandbox.succeed("training", data=sandbox.data())
    said = words(opened(sandbox.home, "run", run_id=again))
    assert said.count("cached from <a") >= 10
    assert re.search(r"All \d+ accounts balance", said)
    assert first in said


def test_an_unknown_run_is_one_sentence(opened: Opened, empty_sandbox: Sandbox) -> None:
    assert "There is no run nothing-here" in words(opened(empty_sandbox.home, "run", run_id="nothing-here"))
    assert "There is no run yet" in words(opened(empty_sandbox.home, "run"))


@pytest.mark.parametrize(("minutes", "words_of_it"), [(30, "in 30 min"), (-3, "missed by 2 min")])
def test_a_run_of_the_schedule_has_a_deadline(
    opened: Opened, sandbox: Sandbox, minutes: float, words_of_it: str
) -> None:
    deployment = sandbox.deployment
    run_id = runs.request(
        deployment, runs.checked_request(deployment, "inference", AS_OF, slot="inference@2025-12-01T03:00")
    )
    grace = timedelta(minutes=deployment.settings.alert_late_minutes)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        slot = Slot("inference@2025-12-01T03:00", "inference", now + timedelta(minutes=minutes, seconds=5) - grace)
        record_outcome(connection, slot, SlotOutcome("requested", "", run_id), now)
    said = words(opened(sandbox.home, "run", run_id=run_id))
    assert words_of_it in said[said.index("Deadline") :]


def test_the_timeline_of_a_run_without_an_ended_task_has_room_for_its_axis() -> None:
    bar = {"task": "ingest", "partition": "all", "attempt": 1, "state": "running", "start": 0.0, "end": 0.0}
    bar |= {"duration": "0 s", "error": "", "sign": "", "critical": False, "top": 18, "bottom": 30, "middle": 24}
    names = pd.DataFrame([{"position": 8, "name": "ingest", "critical": False}])
    spec = chart(pd.DataFrame([bar]), names)
    assert spec["height"] >= bar["bottom"] + AXIS
    domains = [layer["encoding"]["x"].get("scale", {}).get("domain") for layer in spec["layer"]]
    assert domains[0] == [0, 1.0]


@pytest.mark.parametrize("end", [0.3, 1.0, 2.3, 9.0, 31.9, 60.0, 61.0, 3_599.0, 86_400.0])
def test_the_timeline_has_ten_ticks_at_most(end: float) -> None:
    found = ticks(end)
    assert 3 <= len(found) <= TICKS
    assert found[0] == 0
    assert found[-1] <= end < found[-1] + 2 * found[1]


def test_the_wait_before_a_task_began_is_drawn_and_told(opened: Opened, sandbox: Sandbox) -> None:
    run = newest(sandbox, "training")
    with sandbox.deployment.ledger.writing() as connection:
        earlier = update(runs_table).where(runs_table.c.run_id == run.run_id)
        connection.execute(earlier.values(started_at=run.started_at - timedelta(seconds=100)))
    said = words(opened(sandbox.home, "run", run_id=run.run_id))
    assert re.search(r"Thin grey lines: ready, waiting to begin; the longest 1 min 4\d s, ingest_\w+\.", said)


def test_each_lane_waits_from_when_its_task_was_ready_until_its_first_attempt() -> None:
    bar = {"attempt": 1, "middle": 24.0, "lane": 0, "task": "fit"}
    spans = [(5.0, 2.0, 0), (7.0, 2.0, 0), (6.0, 2.0, 1), (9.0, None, 2), (2.05, 2.0, 3)]
    found = waits(pd.DataFrame([{**bar, "start": start, "ready": ready, "lane": lane} for start, ready, lane in spans]))
    assert found[["start", "end"]].to_numpy().tolist() == [[2.0, 5.0], [2.0, 6.0]]
    assert wait_words(found).endswith("the longest 4.0 s, fit.")
    assert wait_words(waits(pd.DataFrame([{**bar, "start": 1.0, "ready": None}]))) == ""
