"""The page as a whole: well-formed, without a network, the same bytes each time."""

import re
from dataclasses import replace
from pathlib import Path

from engine.report.facts import Facts, facts_of
from engine.report.page import SECTIONS, report
from engine.report.sections import limits, purpose, stability
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


def test_thresholds_are_those_of_the_monitoring_run_else_those_of_today(monitored_sandbox: Sandbox) -> None:
    changes = {"auc_threshold": 0.6, "psi_threshold": 0.3, "auc_least_defaults": 20, "drift_rows": 700}
    deployment = monitored_sandbox.deployment
    changed = deployment.with_settings(deployment.settings.model_copy(update=changes))
    facts = facts_of(changed)
    values = facts.monitored.run.values
    kept = {name: value for name, value in values.items() if name not in ("thresholds", "drift_rows")}
    early = replace(facts, monitored=replace(facts.monitored, run=replace(facts.monitored.run, values=kept)))
    by, now, then = "by the settings of today", judged(facts), judged(early)
    for told in (
        f"The thresholds are told {by}.",
        f"A breach is an AUC below 0.60 or a PSI of at least 0.3, {by}.",
        f"An AUC is judged from 20 defaults on, {by}.",
        f"Drift is measured from 700 loans on, {by}.",
    ):
        assert told in then
        assert told not in now
    assert "is above the minimum of 0.60" in then
    assert facts.monitored.thresholds == facts_of(deployment).monitored.thresholds
    assert "is above the minimum of 0.70" in now


def judged(facts: Facts) -> str:
    """The parts that tell what numbers were judged by."""
    history = stability.PARTS["AUC and PSI by monitoring date"]
    parts = (purpose.PARTS["Newest monitoring"], history, limits.PARTS["Least numbers"])
    return "".join(part(facts) for part in parts)


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
