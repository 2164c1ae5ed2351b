"""The report of the second lender: its own names, and nobody's data."""

import re
from pathlib import Path

import pytest

from engine.report.page import report
from tests.books.homes import MATURED
from tests.books.kredit_pandas import personal_values
from tests.engine.report.reading import Reading
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough

RETAIL = re.compile(r"Customer_ID|loan_start_date|snapshot_date|clickstream|lms_loan|LMS|installment|fe_\d|SSN")


def test_it_speaks_of_the_second_lender_alone(kredit_sandbox: Sandbox, kredit_data: Path) -> None:
    page = Reading(report(kredit_sandbox.deployment))
    assert page.faults == []
    assert not RETAIL.findall(page.html)
    assert [value for value in sorted(personal_values(kredit_data)) if value in page.html] == []
    assert "can't be written" not in page.html.replace("&#39;", "'")
    assert f"As of {MATURED}." in page.html
    assert "Returned direct debits of 6 months" in page.sections["stability"].words
    for dataset in kredit_sandbox.deployment.book.by_dataset:
        assert dataset in page.sections["data"].words
