"""The last lines of a test run: what the fault tests counted, and what was left out."""

import pytest

COUNT = "count"  # the name of a property with a line for the summary; properties cross from xdist's workers


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = (each for group in terminalreporter.stats.values() for each in group)
    lines = {line for each in reports for name, line in getattr(each, "user_properties", ()) if name == COUNT}
    if lines:
        terminalreporter.section("counts")
        for line in sorted(lines):
            terminalreporter.write_line(f"faults: {line}")
