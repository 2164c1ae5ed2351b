"""`lookup ID`: a customer or a loan with score, features, payments and past scores; each is in the audit log."""

from datetime import date
from typing import Any

import pyarrow.compute as pc
import pytest

from jobs.book.features import Latest
from storage.lake.names import INFERENCE_FEATURES, PREDICTIONS
from storage.ledger.audit import ActionFilter, action_page
from tests.commands import command, document
from tests.retail import BOOK, SAFE15
from tests.sandbox import AS_OF, Sandbox

EARLIER = date(2024, 6, 1)


@pytest.fixture(scope="module")
def scored(trained_home: Any, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The trained deployment, to which this module's look-ups are recorded."""
    return Sandbox.copied(trained_home, tmp_path_factory.mktemp("lookup") / "home")


def found(sandbox: Sandbox, wanted: str) -> Any:
    return document("lookup", wanted, "--home", str(sandbox.home))


def row_of(sandbox: Sandbox, table: str, loan: str) -> dict[str, Any]:
    rows = sandbox.table(table)
    (row,) = rows.filter(pc.equal(rows["loan_id"], loan)).to_pylist()
    return dict(row)


def recorded(sandbox: Sandbox) -> list[tuple[str, str, str]]:
    with sandbox.deployment.ledger.reading() as connection:
        rows = action_page(connection, ActionFilter(action="look up"), 100)
    return [(row.action, row.subject, row.reason) for row in rows]


@pytest.fixture(scope="module")
def riskiest(scored: Sandbox) -> dict[str, Any]:
    rows = scored.table(PREDICTIONS)
    rows = rows.filter(pc.invert(rows["flagged"])).sort_by([("predicted_proba", "descending")])
    return dict(rows.slice(0, 1).to_pylist()[0])


def test_a_loan_has_its_score_features_with_their_rows_and_payments(scored: Sandbox, riskiest: dict[str, Any]) -> None:
    told = found(scored, riskiest["loan_id"])
    loan = told["loan"]
    assert (told["kind"], told["customer"], told["as_of"]) == ("loan", riskiest["customer_id"], AS_OF.isoformat())
    assert (told["flagged"], told["quarantined"]) == (None, [])
    for name in ("predicted_proba", "predicted_label", "model_version", "cohort"):
        assert loan[name] == riskiest[name]
    added = [one["contribution"] for one in loan["features"] if one["in_model"]]
    assert added == [one["contribution"] for one in loan["explanation"]["contributions"]]
    assert {one["feature"] for one in loan["features"] if one["in_model"]} == set(SAFE15)
    features = row_of(scored, INFERENCE_FEATURES, riskiest["loan_id"])
    for one in loan["features"]:
        assert one["value"] == features[one["feature"]]
        declared = BOOK.feature(one["feature"])
        if isinstance(declared, Latest) and not one["note"]:
            (row,) = one["rows"]
            assert row[declared.reads] == one["value"]
    staged = scored.table("staged.loan_daily")
    own = staged.filter(pc.equal(staged["loan_id"], riskiest["loan_id"])).sort_by("installment_num").to_pylist()
    assert [row["paid_amt"] for row in loan["payments"]] == [row["paid_amt"] for row in own]
    assert loan["outcome"] == {1: "bad", 0: "good", None: None}[features["label"]]


def test_a_customer_is_found_and_nobodys_name_or_number_is_shown(scored: Sandbox, riskiest: dict[str, Any]) -> None:
    told = found(scored, riskiest["customer_id"])
    assert (told["kind"], told["loan"]["loan"]) == ("customer", riskiest["loan_id"])
    done = command("lookup", riskiest["customer_id"], "--home", str(scored.home))
    assert done.returncode == 0
    assert f"probability of default {riskiest['predicted_proba']:.1%}" in done.stdout
    attributes = scored.table("staged.attributes")
    (person,) = attributes.filter(pc.equal(attributes["Customer_ID"], riskiest["customer_id"])).to_pylist()
    for text in (done.stdout, str(told)):
        assert person["SSN"] not in text
        assert person["Name"] not in text


def test_a_flagged_customer_says_why_and_what_stands_for_the_value(scored: Sandbox) -> None:
    rows = scored.table(PREDICTIONS).filter(pc.equal(scored.table(PREDICTIONS)["flagged_reason"], "Age under 18"))
    flagged = rows.slice(0, 1).to_pylist()[0]
    told = found(scored, flagged["loan_id"])
    assert told["flagged"] == "Age under 18"
    (age,) = [one for one in told["loan"]["features"] if one["feature"] == "Age"]
    assert age["rows"][0]["Age"] < 18 <= age["value"]
    assert "outside of its limits" in age["note"]


def test_every_lookup_is_in_the_audit_log(scored: Sandbox, riskiest: dict[str, Any]) -> None:
    loan, home = riskiest["loan_id"], ("--home", str(scored.home))
    before = len(recorded(scored))
    for words in (("lookup", loan), ("explain", loan), ("book", "features", loan), ("lookup", "nobody")):
        command(*words, *home)
    new = recorded(scored)[: len(recorded(scored)) - before]
    assert [(subject, reason) for _, subject, reason in reversed(new)] == [
        (loan, "lookup on the command line"),
        (loan, "explain on the command line"),
        (loan, "book features on the command line"),
        ("nobody", "lookup on the command line"),
    ]


def test_an_unknown_id_and_a_social_security_number_are_one_sentence(scored: Sandbox) -> None:
    for wanted, sentence in (
        ("nobody", "No row of the cleaned tables has the id 'nobody'"),
        ("821-00-0265", "by the id"),
    ):
        done = command("lookup", wanted, "--home", str(scored.home))
        assert done.returncode == 2
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
    assert "821-00-0265" not in str(recorded(scored))


def test_past_scores_are_kept_by_date_and_a_later_loan_says_when_it_can_be_scored(
    sandbox: Sandbox,
) -> None:
    sandbox.succeed("inference", EARLIER)
    earlier = sandbox.table(PREDICTIONS)
    one_loan = earlier.filter(pc.invert(earlier["flagged"])).slice(0, 1).to_pylist()[0]
    loan = found(sandbox, one_loan["loan_id"])["loan"]
    assert [one["as_of"] for one in loan["scores"]] == [AS_OF.isoformat(), EARLIER.isoformat()]
    assert loan["scores"][1]["predicted_proba"] == one_loan["predicted_proba"] == loan["predicted_proba"]
    rows = sandbox.table("staged.loan_daily")
    starts = rows.filter(
        pc.and_(pc.greater(rows["loan_start_date"], date(2024, 3, 1)), pc.less_equal(rows["snapshot_date"], EARLIER))
    )
    later = found(sandbox, starts["loan_id"][0].as_py())["loan"]
    assert later["predicted_proba"] is None
    assert later["not_scored"] == f"It can be scored from {later['prediction_date']} on, 3 months after its start."
