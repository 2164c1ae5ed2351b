"""The columns on the Data page: one delivery, several, a rejected one, none, and few statements."""

import json
from pathlib import Path

import pytest

from console.components.elements import named_html
from console.data.column_panels import column_panels, levels_over_time, over_time
from console.data.columns import ranked_columns
from engine.cli.commands.operation.status import refused_in_words
from engine.documents.profiles import deliveries_document
from engine.documents.values import Document
from engine.status.status import status_document
from storage.ledger.deliveries import record_profile
from tests.console.pages import Opened, words
from tests.console.statements import statements
from tests.engine.alerts.happenings import ended_run
from tests.marks import others_thorough
from tests.sandbox import Sandbox

FINANCIALS = "features_financials"


@pytest.fixture(scope="module")
def broken(broken_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A deployment whose newest financials have empty interest rates."""
    return Sandbox.copied(broken_home, tmp_path_factory.mktemp("broken") / "home")


def deliveries(sandbox: Sandbox, dataset: str = FINANCIALS) -> list[Document]:
    with sandbox.deployment.ledger.reading() as connection:
        return deliveries_document(connection, sandbox.deployment.book, dataset)


def test_an_empty_home_says_what_to_run(opened: Opened, empty_sandbox: Sandbox) -> None:
    said = words(opened(empty_sandbox.home, "data", view="Columns"))
    assert "No deliveries of feature_clickstream yet" in said
    assert "python -m engine run training" in said


def test_the_first_delivery_shows_every_column(opened: Opened, trained_sandbox: Sandbox) -> None:
    app = opened(trained_sandbox.home, "data", view="Columns", dataset="features_attributes")
    said = words(app)
    assert "This is the first delivery" in said
    (delivery,) = deliveries(trained_sandbox, "features_attributes")
    assert f"{delivery['rows']:,} rows" in said
    for column in trained_sandbox.deployment.book.by_dataset["features_attributes"].columns:
        assert f"<td>{named_html(column.description, column.name)}</td>" in said
    for name in trained_sandbox.table("staged.attributes")["Name"].drop_null().unique().to_pylist():
        assert name not in said


def test_what_changed_is_told_and_its_column_is_chosen(opened: Opened, broken: Sandbox) -> None:
    with statements() as found:
        app = opened(broken.home, "data", view="Columns", dataset=FINANCIALS)
    said = words(app)
    assert "<li>Interest_Rate: missing 0.0% → 100.0%</li>" in said
    assert "<td>! missing 0.0% → 100.0%</td>" in said
    assert app.selectbox[1].value == "Interest_Rate"
    assert sum("FROM deliveries" in " ".join(each.split()) for each in found) == 1
    app.selectbox[1].select("Credit_Mix").run()
    assert "Credit_Mix: levels" in words(app)


def test_a_rejected_delivery_says_why(opened: Opened, broken: Sandbox, tmp_path: Path) -> None:
    sandbox = broken.copy(tmp_path / "home")
    data = tmp_path / "data"
    data.mkdir()
    for extract in Path(broken.data()).iterdir():
        text = extract.read_text(encoding="utf-8")
        (data / extract.name).write_text(text.replace("/20", "-of-20") if "attributes" in extract.name else text)
    ended = sandbox.run("training", data=str(data))
    assert ended.state == "failed"
    refused = f'<a href="/run?run_id={ended.run_id}">refused at <time'
    for page in ("overview", "data"):
        said = words(opened(sandbox.home, page))
        assert said.count(refused) == 1
        assert said.count("up to date") == 3
    (told,) = refused_in_words(status_document(sandbox.deployment)["extracts"])
    assert told.startswith("features_attributes: the newest delivery was refused at ")
    said = words(opened(sandbox.home, "data", view="Columns", dataset="features_attributes"))
    assert "This delivery was rejected" in said
    assert "column snapshot_date" in said
    frame = over_time(deliveries(sandbox, "features_attributes"), "Age")
    assert frame["rejected"].tolist() == [False, True]


@pytest.mark.thorough
def test_a_delivery_that_a_trial_rejected_leaves_the_state_of_the_one_in_use(
    opened: Opened, broken: Sandbox, tmp_path: Path
) -> None:
    sandbox = broken.copy(tmp_path / "home")
    trial = {"trial": {"folder": ["/ours", "/other"]}}
    run_id = ended_run(sandbox.deployment, "failed", cause_detail=trial)
    with sandbox.deployment.ledger.writing() as connection:
        profile = {"dataset": FINANCIALS, "delivery": "d", "files": ["other.csv"], "rows": 5, "columns": []}
        now = sandbox.deployment.ledger.now(connection)
        record_profile(connection, run_id, profile, now, rejected="other.csv: is empty.")
    said = words(opened(sandbox.home, "data"))
    assert "last delivery rejected" in said
    assert said.count("up to date") == 4
    assert "refused at" not in said
    assert "all 4 extracts are up to date" in words(opened(sandbox.home))


def test_columns_that_changed_come_first(broken: Sandbox) -> None:
    newest = deliveries(broken)[-1]
    ranked = ranked_columns(newest)
    assert ranked[0] == "Interest_Rate"
    assert sorted(ranked) == sorted(column["name"] for column in newest["columns"])


@pytest.mark.parametrize("dataset", others_thorough(["features_financials", "features_attributes", "lms_loan_daily"]))
def test_a_column_of_every_kind_has_panels_that_can_be_drawn(broken: Sandbox, dataset: str) -> None:
    found = deliveries(broken, dataset)
    for name in {column["kind"]: column["name"] for column in found[-1]["columns"]}.values():
        for panel in column_panels(dataset, found, name):
            spec = panel.make().to_dict()
            assert spec["title"]["text"]
            assert panel.numbers["delivery"].max() == len(found)
            json.dumps(spec, allow_nan=False)


def test_the_panels_tell_the_newest_delivery_and_the_one_before(broken: Sandbox) -> None:
    absent, middle = (
        panel
        for panel in column_panels(FINANCIALS, deliveries(broken), "Interest_Rate")
        if panel.name[7:] in ("absent", "middle")
    )
    assert "missing 100.0% (before: 0.0%)" in absent.description
    assert "median none" in middle.description


def test_shares_of_levels_add_up(broken: Sandbox) -> None:
    frame = levels_over_time(deliveries(broken), "Credit_Mix")
    assert frame.groupby("delivery")["share"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert frame["delivery"].unique().tolist() == [1, 2]
