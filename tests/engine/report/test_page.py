"""The page as a whole: well-formed, without a network, the same bytes each time."""

import re
from pathlib import Path

from engine.report.page import SECTIONS, report
from storage.lake.names import OUTCOMES
from tests.engine.report.reading import Reading
from tests.sandbox import AS_OF, Sandbox


def test_the_sections_stand_in_their_order_and_all_have_text(page: Reading) -> None:
    assert list(page.sections) == list(SECTIONS)
    titles = [f"{number}. {title}" for number, (title, _) in enumerate(SECTIONS.values(), 1)]
    for section, title in zip(page.sections.values(), titles, strict=True):
        assert section.words.startswith(title)
        assert len(section.words) > len(title) + 40
    assert "can't be written" not in page.html.replace("&#39;", "'")


def test_the_page_is_well_formed(page: Reading) -> None:
    assert page.faults == []
    assert len(page.ids) == len(set(page.ids))
    assert page.html.startswith("<!DOCTYPE html>")


def test_the_page_needs_no_network(page: Reading) -> None:
    assert page.links
    assert [link for link in page.links if not link.startswith("#")] == []
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert not {"script", "link", "img", "iframe", "object", "embed"} & page.tags
    assert "@import" not in page.style
    assert "url(" not in page.style
    assert "svg" in page.tags
    # What is left of addresses are the names of XML namespaces in the charts.
    assert set(re.findall(r'(\S*?)="?https?://', page.html)) <= {"xmlns", "xmlns:xlink"}


def test_the_paper_has_breaks_and_repeated_heads(page: Reading) -> None:
    paper = page.style.partition("@media print")[2]
    assert "size: A4" in page.style
    for rule in ("break-before: page", "table-header-group", "break-after: avoid", "break-inside: avoid"):
        assert rule in paper
    assert page.html.count("<thead>") == page.html.count("<table") == page.html.count("<caption>")


def test_the_same_ledger_gives_the_same_bytes(page: Reading, monitored_sandbox: Sandbox) -> None:
    assert report(monitored_sandbox.deployment).decode() == page.html
    assert f"As of {AS_OF}." in page.html


def test_no_path_of_the_machine_is_told(page: Reading, monitored_sandbox: Sandbox) -> None:
    assert str(monitored_sandbox.home) not in page.html
    assert monitored_sandbox.data() not in page.html


def test_no_path_of_the_machine_is_told_of_damaged_files(monitored_sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "home")
    (model,) = sandbox.champions()
    metadata = model.files["metadata"].name
    sandbox.deployment.models.folder.write(metadata, b"{}")
    (part,) = sandbox.versions()[OUTCOMES].parts
    sandbox.deployment.datamart.folder.delete(part.name)
    said = Reading(report(sandbox.deployment))
    sandbox.close()
    for section in ("purpose", "limits", "calibration"):
        assert f"{metadata} was not opened" in said.sections[section].words
    assert f"{part.name} is missing" in said.sections["calibration"].words
    assert str(tmp_path) not in said.html
