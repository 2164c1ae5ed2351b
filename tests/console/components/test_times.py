"""Ages as they are told: in whole units, which a page that is looked at for a while can keep up to date."""

from datetime import UTC, datetime, timedelta

import pytest

from console.components.times import ago, ago_html

NOW = datetime(2026, 5, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (2.4, "just now"),
        (-2.4, "now"),
        (9.9, "9 s ago"),
        (-75, "in 1 min 15 s"),
        (3 * 3600 + 59, "3 h ago"),
        (90_061, "1 d 1 h ago"),
    ],
)
def test_an_age_has_no_parts_of_a_second(seconds: float, told: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == told


def test_an_age_on_a_page_says_from_when_the_browser_counts() -> None:
    told = ago_html(NOW - timedelta(seconds=12.4), NOW)
    assert 'data-age="12"' in told
    assert ">12 s ago</time>" in told
