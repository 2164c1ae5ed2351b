"""The order of the tests: what takes long, and what shares something costly, comes first and stays in one process."""

import pytest

# Fixtures that one process of xdist is to make, with the group of the tests that use them.
COSTLY = {"ray_executor": "ray", "ray_head": "head", "past": "replay"}


def group_of(item: pytest.Item) -> str:
    """The name of the group that runs in one process; '' for a test that may run anywhere."""
    if item.get_closest_marker("alone"):
        return "alone"
    if found := item.get_closest_marker("xdist_group"):
        return str(found.args[0])
    return next((name for fixture, name in COSTLY.items() if fixture in getattr(item, "fixturenames", ())), "")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    groups = {item: group_of(item) for item in items}
    for item, name in groups.items():
        if name and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: (groups[item] != "alone", not groups[item]))
