"""The report as a download of the Models page and of the Drift page: the same bytes as from the command."""

from pathlib import Path

import pytest

from console.app.report import report_of
from tests.commands import command
from tests.console.pages import Opened
from tests.marks import others_thorough
from tests.sandbox import AS_OF, Sandbox


@pytest.mark.parametrize(("page", "key"), others_thorough([("models", "version"), ("drift", "day")]))
def test_a_page_offers_the_report_of_what_it_shows(
    opened: Opened, monitored_sandbox: Sandbox, tmp_path: Path, page: str, key: str
) -> None:
    (model,) = monitored_sandbox.champions()
    version, day = (model.version, None) if key == "version" else (None, AS_OF)
    app = opened(monitored_sandbox.home, page)
    (button,) = (one for one in app.get("download_button") if one.label == "Download report (HTML)")
    assert button.proto.deferred_file_id  # made when it is asked for, not when the page is shown
    assert button.proto.id.endswith(f"report-{version or day}")
    asked = ("--model", version) if version else ("--date", str(day))
    out = tmp_path / "page.html"
    done = command("report", str(out), *asked, "--home", str(monitored_sandbox.home))  # type: ignore[arg-type]
    assert done.returncode == 0
    assert report_of(version, day) == out.read_bytes()
