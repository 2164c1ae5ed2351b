"""The locks: every release with its hashes, complete, alike in both files, and made of what pyproject.toml asks for."""

import re
import tomllib
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCKS = {"runtime": ROOT / "requirements.txt", "tests": ROOT / "tests" / "requirements.txt"}
ASKED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def name_of(requirement: Requirement) -> str:
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


def locked(group: str) -> dict[str, tuple[Requirement, int]]:
    """What a lock has, by name, and how many hashes each has."""
    text = re.sub(r"\\\n", " ", LOCKS[group].read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = [(Requirement(line.split(" --")[0]), len(HASH.findall(line))) for line in lines]
    return {name_of(requirement): (requirement, hashes) for requirement, hashes in found}


@pytest.mark.parametrize("group", LOCKS)
def test_every_release_of_a_lock_is_exact_and_has_its_hashes(group: str) -> None:
    releases = locked(group)
    assert len(releases) > len(ASKED[group])
    assert {
        name
        for name, (asked, hashes) in releases.items()
        if not hashes or not re.match("==[^*]+$", str(asked.specifier))
    } == set()


@pytest.mark.parametrize("group", LOCKS)
def test_a_lock_has_what_is_asked_for(group: str) -> None:
    asked = [Requirement(text) for text in ASKED[group]]
    releases = {name: requirement.specifier for name, (requirement, _) in locked(group).items()}
    assert {name_of(one): one.specifier for one in asked} == {name_of(one): releases.get(name_of(one)) for one in asked}


@pytest.mark.parametrize("group", LOCKS)
def test_a_lock_names_no_registry(group: str) -> None:
    assert not re.search(r"://|--(extra-)?index|--find-links", LOCKS[group].read_text(encoding="utf-8"))


def test_the_tests_run_on_the_releases_of_the_product() -> None:
    product, tests = ({name: str(one) for name, (one, _) in locked(group).items()} for group in LOCKS)
    assert product.items() <= tests.items()


@pytest.mark.parametrize("group", LOCKS)
def test_a_lock_lacks_nothing_that_its_releases_need(group: str) -> None:
    """It is installed without resolving, so what is left out would be missing."""
    releases = {name: one for name, (one, _) in locked(group).items() if one.marker is None or one.marker.evaluate()}
    assert {name: version(name) for name in releases} == {
        name: str(one.specifier)[2:] for name, one in releases.items()
    }
    needed = {name_of(need) for one in releases.values() for need in needs(one)}
    assert needed - set(releases) == set()


def needs(release: Requirement) -> list[Requirement]:
    """What an installed release needs on this machine, with the extras that are asked for."""
    texts = distribution(release.name).requires or []
    needed = [Requirement(text) for text in texts]
    extras = ["", *release.extras]
    return [
        one for one in needed if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
    ]


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_locks_are_installed_with_their_hashes(file: str) -> None:
    text = re.sub(r"\\\n", " ", (ROOT / file).read_text(encoding="utf-8"))
    installs = [
        line for line in text.splitlines() if "requirements.txt" in line and re.search(r"pip install|INSTALL", line)
    ]
    assert installs
    for line in installs:
        assert "$(INSTALL)" in line or "--require-hashes" in line
    assert "--require-hashes --no-deps" in text
