"""The tests that need the real extracts: without them they are left out, and one line says so."""

import pytest

from tests.paths import LOANS, REFERENCE

HERE = LOANS.is_dir() and REFERENCE.is_dir()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not HERE:
        left_out = [item for item in items if item.get_closest_marker("reference")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not HERE:
        terminalreporter.write_line("The comparison with the reference is left out: ../shared/data is not here.")
