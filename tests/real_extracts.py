"""The tests that need what lies beside the project: without it they are left out, and one line says so."""

import pytest

from tests.paths import CASES, LOANS, REFERENCE

HERE = all(folder.is_dir() for folder in (LOANS, REFERENCE, CASES))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not HERE:
        left_out = [item for item in items if item.get_closest_marker("reference")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not HERE:
        terminalreporter.write_line("The comparison with the reference is left out: ../shared has no data and cases.")
