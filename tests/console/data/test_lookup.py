"""The Data page begins with a field: a customer or a loan, all that is known of it, and an entry in the audit log."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from engine.documents.lookup.document import lookup_document
from engine.documents.values import Document
from storage.lake.names import PREDICTIONS
from storage.ledger.audit import ActionFilter, action_page
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


@pytest.fixture(scope="module")
def scored(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The trained deployment, to which this module's look-ups are recorded."""
    return Sandbox.copied(trained_home, tmp_path_factory.mktemp("lookup") / "home")


@pytest.fixture(scope="module")
def riskiest(scored: Sandbox) -> Document:
    rows = scored.table(PREDICTIONS)
    rows = rows.filter(pc.invert(rows["flagged"])).sort_by([("predicted_proba", "descending")])
    loan = rows["loan_id"][0].as_py()
    with scored.deployment.ledger.reading() as connection:
        return lookup_document(connection, scored.deployment, loan)


def recorded(sandbox: Sandbox) -> list[Any]:
    with sandbox.deployment.ledger.reading() as connection:
        return [row.subject for row in action_page(connection, ActionFilter(action="look up"), 100)]


def test_a_loan_says_score_reasons_features_payments_and_past_scores(
    opened: Opened, scored: Sandbox, riskiest: Document
) -> None:
    before = recorded(scored)
    app = opened(scored.home, "data")
    assert recorded(scored) == before
    app.text_input[0].set_value(f" {riskiest['asked']} ").run()
    said, loan = words(app), riskiest["loan"]
    assert f'<span class="lw-figure">{loan["predicted_proba"]:.1%}</span>' in said
    assert f'href="/data?find={riskiest["customer"]}"' in said
    for reason in loan["explanation"]["reasons"]:
        assert f"{reason['contribution']:+.2f}" in said
    for one in loan["features"]:
        assert one["feature"] in said
    assert said.count("<td") > len(loan["payments"]) * len(loan["payments"][0])
    assert "Amount paid with this instalment" in said
    assert loan["scores"][0]["run_id"] in said
    app.run()
    assert recorded(scored) == [riskiest["asked"], *before], "drawn twice, looked up once"
    app.text_input[0].set_value("").run()
    app.text_input[0].set_value(riskiest["asked"]).run()
    assert recorded(scored) == [riskiest["asked"]] * 2 + before


def test_nobodys_name_or_number_is_shown_and_none_can_be_looked_up(
    opened: Opened, scored: Sandbox, riskiest: Document
) -> None:
    rows = scored.table("staged.attributes")
    (person,) = rows.filter(pc.equal(rows["Customer_ID"], riskiest["customer"])).to_pylist()
    said = words(opened(scored.home, "data", find=riskiest["customer"]))
    assert riskiest["loan"]["loan"] in said
    assert person["Name"] not in said
    assert person["SSN"] not in said
    assert "look the customer up by the id" in words(opened(scored.home, "data", find="821-00-0265"))
    unknown = words(opened(scored.home, "data", find="<b>x</b>"))
    assert "No row of the cleaned tables has the id &#39;&lt;b&gt;x&lt;/b&gt;&#39;" in unknown
    assert "821-00-0265" not in recorded(scored)


def test_a_flagged_customer_with_a_quarantined_record_says_why(
    opened: Opened, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = sandbox.table(PREDICTIONS)
    flagged = rows.filter(rows["flagged"]).slice(0, 1).to_pylist()[0]
    data = Path(shutil.copytree(sandbox.data(), tmp_path / "data"))
    with (data / "features_attributes.csv").open("a") as file:
        file.write(f"{flagged['customer_id']},Jane Roe,44,821-00-0265,Lawyer,2023-01-01,too,many,fields\n")
    sandbox.succeed("inference", data=str(data))
    said = words(opened(sandbox.home, "data", find=flagged["loan_id"]))
    assert f"Flagged by quality control: {flagged['flagged_reason']}." in said
    assert "1 record in quarantine" in said
    assert "9 fields, expected 6" in said
    assert "Jane Roe" not in said
    assert "821-00-0265" not in said


def test_extracts_say_their_last_delivery_and_rows_against_the_usual(
    opened: Opened, trained_sandbox: Sandbox, broken_home: Path, tmp_path: Path
) -> None:
    first = words(opened(trained_sandbox.home, "data"))
    for source in trained_sandbox.deployment.book.sources:
        rows = trained_sandbox.versions()[source.staged_table].rows
        assert f"{rows:,} rows, the first delivery" in first
    broken = Sandbox.copied(broken_home, tmp_path / "broken")
    assert "rows, as usual" in words(opened(broken.home, "data"))
    assert 'dataset=features_financials">1 changed</a>' in words(opened(broken.home, "data"))
