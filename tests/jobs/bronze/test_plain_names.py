"""Every feature of the feature sets has a plain name that fits on the axis of a chart."""

from jobs.bronze.plain_names import PLAIN_NAMES, plain_name
from tests.retail import FEATURE_SETS

LONGEST = 28  # letters


def test_every_feature_has_a_short_plain_name_of_its_own() -> None:
    features = {name for names in FEATURE_SETS.values() for name in names}
    assert features == set(PLAIN_NAMES)
    names = [plain_name(name) for name in features]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= LONGEST


def test_a_column_without_a_plain_name_keeps_its_own() -> None:
    assert plain_name("new_column") == "new_column"
