"""Explain a loan on the Models page: by its id in the field or in the address."""

from typing import Any

import pytest

from storage.lake.names import PREDICTIONS
from tests.commands import document
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


@pytest.fixture(scope="module")
def riskiest(trained_sandbox: Sandbox) -> dict[str, Any]:
    rows = trained_sandbox.table(PREDICTIONS).sort_by([("predicted_proba", "descending")])
    return document("explain", rows["loan_id"][0].as_py(), "--home", str(trained_sandbox.home))


def test_an_address_with_a_loan_opens_its_explanation(
    opened: Opened, trained_sandbox: Sandbox, riskiest: dict[str, Any]
) -> None:
    told = words(opened(trained_sandbox.home, "models", loan=riskiest["loan"]))
    assert f"probability of default {riskiest['predicted_proba']:.1%}" in told
    assert "What raises its risk most" in told
    for reason in riskiest["reasons"]:
        assert reason["name"] in told
        assert f"{reason['contribution']:+.2f}" in told


def test_a_loan_is_explained_by_its_id(opened: Opened, trained_sandbox: Sandbox, riskiest: dict[str, Any]) -> None:
    app = opened(trained_sandbox.home, "models", view="Explain a loan")
    assert "What raises its risk most" not in words(app)
    app.text_input(key="loan").input(riskiest["loan"]).run()
    assert "What raises its risk most" in words(app)


def test_an_unknown_loan_is_one_sentence(opened: Opened, trained_sandbox: Sandbox) -> None:
    told = words(opened(trained_sandbox.home, "models", loan="<b>none</b>"))
    assert "Loan &#39;&lt;b&gt;none&lt;/b&gt;&#39; has no prediction" in told
