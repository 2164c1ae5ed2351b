"""The report on the champion of the monitored deployment, written once."""

import pytest

from engine.report.page import report
from tests.engine.report.reading import Reading
from tests.sandbox import Sandbox


@pytest.fixture(scope="session")
def page(monitored_sandbox: Sandbox) -> Reading:
    """The report on the champion."""
    return Reading(report(monitored_sandbox.deployment))
