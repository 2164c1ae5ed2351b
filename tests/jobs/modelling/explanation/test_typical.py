"""The typical good payer: medians and most frequent levels of good loans."""

import pyarrow as pa

from jobs.modelling.explanation.typical import typical_payer


def test_medians_and_most_frequent_levels_of_good_loans_alone() -> None:
    train = pa.table(
        {
            "label": pa.array([0, 0, 0, 0, 1, 1], pa.int8()),
            "count": pa.array([1, 2, None, 10, 500, 500], pa.int64()),
            "level": pa.array(["b", "a", "b", None, "z", "z"]),
            "tied": pa.array(["d", "c", "d", "c", "z", "z"]).dictionary_encode(),
            "none": pa.array([None, None, None, None, 3.0, 4.0]),
            "undefined": pa.array([float("nan"), 1.0, 3.0, None, 9.0, 9.0]),
        }
    )
    found = typical_payer(train, ["count", "level", "tied", "none", "undefined"])
    assert found == {"count": 2.0, "level": "b", "tied": "c", "none": None, "undefined": 2.0}
