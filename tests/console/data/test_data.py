"""The Data page: tables, previews without personal data, where every row went, and what could not be read."""

import re
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import escape

from console.data.extracts import ages_words
from console.data.masking import masked, masked_record
from console.data.query import PREVIEW
from engine.documents.runs import run_details
from jobs.book.descriptions import column_description
from storage.ledger.runs import recent_runs
from tests.console.pages import Opened, words
from tests.retail import BOOK
from tests.sandbox import Sandbox

WHOLE_SSN = re.compile(r"(?<![\d*])\d{3}-\d{2}-\d{4}")


@pytest.fixture(scope="module")
def dirty_sandbox(trained_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A deployment with a record among its attributes that can't be read, an SSN and a name in it."""
    folder = tmp_path_factory.mktemp("dirty")
    data = folder / "data"
    data.mkdir()
    for extract in Path(trained_sandbox.data()).iterdir():
        (data / extract.name).write_bytes(extract.read_bytes())
    with (data / "features_attributes.csv").open("a") as file:
        file.write("CUS_0x1,Jane Roe,44,821-00-0265,Lawyer,2023-01-01,too,many,fields\n")
    sandbox = trained_sandbox.copy(folder / "home")
    sandbox.succeed("training", data=str(data))
    return sandbox


def test_an_empty_home_says_what_will_be_here(opened: Opened, empty_sandbox: Sandbox) -> None:
    for view in ("Extracts", "Tables", "Row accounting", "Quarantine"):
        said = words(opened(empty_sandbox.home, "data", view=view))
        assert "will be here" in said


def test_tables_are_listed_with_rows_size_and_the_run_that_made_them(
    opened: Opened, monitored_sandbox: Sandbox
) -> None:
    frame = opened(monitored_sandbox.home, "data", view="Tables").dataframe[0].value
    rows = dict(zip(frame["Layer"] + "." + frame["Table"], frame["Rows"], strict=True))
    versions = monitored_sandbox.versions()
    assert {name: versions[name].rows for name in rows} == rows
    assert frame["Layer"].tolist() == sorted(
        frame["Layer"], key=["gold", "silver", "bronze", "quarantine", "staged"].index
    )
    assert all(address.startswith("/run?run_id=") for address in frame["Run"])


def test_a_preview_masks_names_and_all_but_the_last_digits_of_ssns(opened: Opened, trained_sandbox: Sandbox) -> None:
    for table in ("bronze.features_attributes", "silver.attributes", "staged.attributes"):
        said = words(opened(trained_sandbox.home, "data", table=table))
        rows = trained_sandbox.table(table).slice(0, PREVIEW).to_pandas()
        assert "Masked, as personal:" in said
        assert not WHOLE_SSN.search(said)
        for name in rows["Name"].dropna():
            assert str(name) not in said
    assert "***-**-" in said


def test_columns_and_versions_of_a_table_are_shown(opened: Opened, trained_sandbox: Sandbox) -> None:
    table = "gold.model_training_data"
    said = words(opened(trained_sandbox.home, "data", table=table, part="Columns"))
    for name in trained_sandbox.table(table).column_names:
        assert f"<td>{name}</td><td>{escape(column_description(BOOK, name, table))}</td>" in said
    said = words(opened(trained_sandbox.home, "data", table=table, part="Versions"))
    assert trained_sandbox.versions()[table].version in said
    assert "in use" in said


def test_an_unknown_table_is_one_sentence(opened: Opened, trained_sandbox: Sandbox) -> None:
    said = words(opened(trained_sandbox.home, "data", table="gold.<i>none"))
    assert "No published table is named gold.&lt;i&gt;none" in said


def test_every_record_is_accounted_for(opened: Opened, dirty_sandbox: Sandbox) -> None:
    with dirty_sandbox.deployment.ledger.reading() as connection:
        run = recent_runs(connection, 1, "training", "succeeded")[0]
        accounts = run_details(connection, run.run_id)["accounts"]
    said = words(opened(dirty_sandbox.home, "data", view="Row accounting"))
    assert [one for one in accounts if not one["balanced"]] == []
    assert f"All {len(accounts)} accounts balance" in said
    assert said.count("> balanced<") == len(accounts)
    for one in accounts:
        assert f"{one['total']:,}" in said
    people = dirty_sandbox.table("bronze.features_attributes").num_rows
    assert f"{people + 1:,} records read</td><td>{people:,} stored, 1 quarantined" in said
    flagged = dirty_sandbox.values(run.run_id, "remove_flagged_customers")
    assert f"{flagged['flagged']:,} customers flagged" in said
    for reason, number in flagged["reasons"].items():
        assert f"{number:,} {reason}" in said


def test_the_loans_of_flagged_customers_stand_beside_their_reasons(
    opened: Opened, monitored_sandbox: Sandbox, trained_sandbox: Sandbox
) -> None:
    said = words(opened(monitored_sandbox.home, "data", view="Row accounting"))
    (row,) = monitored_sandbox.table("gold.model_monitoring").to_pylist()
    table = said[said.index("Loans of flagged customers") :]
    assert f"{row['flagged_loans']:,} loans of flagged customers, amount {row['flagged_amount']:,.0f} (" in table
    assert f"{row['flagged_defaults'] / row['flagged_labelled']:.1%} of {row['flagged_labelled']:,}" in table
    values = monitored_sandbox.values(row_run(monitored_sandbox), "fetch_predictions_and_actuals")
    assert "A number outside of its limits counts as missing." in said
    for reason, counts in values["flagged_by_reason"].items():
        assert f"{reason}</td><td" in table
        assert f"{counts['amount']:,.0f}</td>" in table
    not_monitored = words(opened(trained_sandbox.home, "data", view="Row accounting"))
    assert "Loans of flagged customers" not in not_monitored


def row_run(sandbox: Sandbox) -> str:
    with sandbox.deployment.ledger.reading() as connection:
        return str(recent_runs(connection, 1, "monitoring", "succeeded")[0].run_id)


def test_rows_after_each_step_are_those_of_the_tables(opened: Opened, dirty_sandbox: Sandbox) -> None:
    said = words(opened(dirty_sandbox.home, "data", view="Row accounting"))
    for source in dirty_sandbox.deployment.book.sources:
        rows = [dirty_sandbox.table(name).num_rows for name in (source.bronze_table, source.silver_table)]
        bars = said[said.index(f"<h3>{source.dataset}</h3>") :].partition("</dl>")[0]
        assert [f"<dd>{number:,}</dd>" in bars for number in rows] == [True, True]


def test_quarantine_shows_line_and_reason_but_nobodys_data(opened: Opened, dirty_sandbox: Sandbox) -> None:
    said = words(opened(dirty_sandbox.home, "data", view="Quarantine"))
    row = dirty_sandbox.table("quarantine.features_attributes").to_pylist()[0]
    assert f"{row['line']:,}" in said
    assert row["reason"] == "9 instead of 6 fields"
    assert "9 fields, expected 6" in said
    assert "821-00-0265" not in said
    assert "Jane Roe" not in said


def test_the_runs_page_says_why_a_record_was_quarantined(opened: Opened, dirty_sandbox: Sandbox) -> None:
    with dirty_sandbox.deployment.ledger.reading() as connection:
        run_id = recent_runs(connection, 1, "training", "succeeded")[0].run_id
    said = words(opened(dirty_sandbox.home, "run", run_id=run_id))
    assert "1 record quarantined</td><td>1 with 9 fields, expected 6" in said


def test_whatever_looks_like_an_ssn_is_masked_wherever_it_stands() -> None:
    frame = pd.DataFrame({"SSN": ["821-00-0265", "no number"], "note": ["call 821-00-0265", "x"], "Age": [4, 5]})
    shown = masked(frame)
    assert shown["SSN"].tolist() == ["***-**-0265", "•••"]
    assert shown["note"].tolist() == ["call ***-**-0265", "x"]
    assert shown["Age"].tolist() == [4, 5]
    assert masked_record("a,821000265,b") == "a,*****0265,b"
    assert frame["SSN"][0] == "821-00-0265", "the frame itself is left alone"


def test_the_ages_of_datasets_with_rows_of_new_loans_only_count_up_to_the_newest_loan() -> None:
    orders = {"dataset": "orders", "as_of": "2025-12-01", "until": "2025-12-01", "days": 3}
    traits = {"dataset": "traits", "as_of": "2025-12-01", "until": "2025-11-20", "days": 0}
    unknown = {"dataset": "more", "as_of": "2025-12-01", "until": "2025-12-01", "days": None}
    until = " Ages count up to 1 Dec 2025, the newest as-of date of a successful run"
    assert ages_words([]) == ""
    assert ages_words([orders, unknown]) == f"{until}."
    told = f"{until}; of traits (rows of new loans only) up to 20 Nov 2025, the newest loan."
    assert ages_words([orders, traits, unknown]) == told
    more = [{**traits, "dataset": name} for name in ("looks", "means", "traits")]
    assert "; of looks, means and traits (rows" in ages_words([orders, *more])
