"""A few of the books of `make fuzz`, the same ones each time."""

import pytest
from hypothesis import HealthCheck, given, settings

from storage.db.ledger import Ledger
from tests.fuzz.books import Made, made_books, verdict

FEW = 40


@pytest.mark.thorough
@settings(max_examples=FEW, derandomize=True, database=None, deadline=None, suppress_health_check=HealthCheck)
@given(made=made_books(bases=5))
def test_an_export_is_read_as_it_was_meant_or_refused_by_name(ledger: Ledger, made: Made) -> None:
    one = verdict(ledger, made)
    assert one.state != "fault", (one.sentence, made)
