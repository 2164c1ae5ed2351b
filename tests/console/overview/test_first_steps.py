"""The first visit: from an empty home to the page of the first run."""

from console.overview import first_steps
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.runs import recent_runs
from tests.console.pages import Opened, words
from tests.sandbox import AS_OF, Sandbox


def requested(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    """Pipeline, as-of date and folder of the requested runs."""
    with sandbox.deployment.ledger.reading() as connection:
        rows = recent_runs(connection, 10)
    return [(row.pipeline, row.as_of.isoformat(), row.params.get("data", "")) for row in rows]


def test_one_button_makes_sample_data_and_requests_the_first_training(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = opened(empty_sandbox.home)
    assert "First steps" in words(app)
    app.button(key="first-sample-go").click().run()
    folder = empty_sandbox.home / "data"
    assert len(list(folder.glob("*.csv"))) == 4
    assert requested(empty_sandbox) == [("training", "2025-07-01", str(folder))]
    with empty_sandbox.deployment.ledger.reading() as connection:
        done = {row.action: row.subject for row in action_page(connection, ActionFilter(), 10)}
    assert done["sample"] == str(folder)
    app = opened(empty_sandbox.home)
    assert "watch it" in words(app)
    assert "first-sample-go" not in {button.key for button in app.button}


def test_a_folder_is_looked_at_before_it_is_trained_on(opened: Opened, empty_sandbox: Sandbox) -> None:
    folder = empty_sandbox.home / "deliveries"
    app = opened(empty_sandbox.home)
    app.text_input(key=first_steps.FOLDER).input(str(folder)).run()
    app.button(key="first-folder-go").click().run()
    assert f"There is no folder {folder}" in words(app)
    folder.mkdir()
    app.button(key="first-folder-go").click().run()
    assert f"{folder} has no extract" in words(app)
    (folder / "lms_loan_daily.csv").write_text("loan_id\n")
    app.run()
    assert "features_financials is missing" in words(app)
    app.button(key="first-folder-go").click().run()
    assert [(pipeline, data) for pipeline, _, data in requested(empty_sandbox)] == [("training", str(folder))]
    with empty_sandbox.deployment.ledger.reading() as connection:
        assert "trial" not in recent_runs(connection, 1)[0].cause_detail


def test_the_next_step_is_as_of_the_date_of_the_training(opened: Opened, sandbox: Sandbox) -> None:
    app = opened(sandbox.home)
    app.button(key="first-monitoring").click().run()
    assert requested(sandbox)[0][:2] == ("monitoring", AS_OF.isoformat())


def test_the_steps_are_gone_once_the_model_is_monitored(opened: Opened, monitored_sandbox: Sandbox) -> None:
    assert "First steps" not in words(opened(monitored_sandbox.home))
