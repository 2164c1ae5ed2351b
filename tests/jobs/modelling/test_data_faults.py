"""Data faults in words: when a whole extract is broken, a sentence names the fault once."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.book.retail import BOOK
from jobs.modelling.data_faults import data_faults, fault_sentences
from jobs.statistics.reference import numeric_reference

RATES = ("Interest_Rate", "Num_Bank_Accounts", "Num_Credit_Card", "Amount_invested_monthly", "Monthly_Inhand_Salary")
REFERENCE = {
    "features": {
        name: numeric_reference(np.random.default_rng(place).normal(15, 4, 600)).as_json()
        for place, name in enumerate((*RATES, "Age"))
    }
}


def sentences(broken: dict[str, float], newest: str = "") -> list[str]:
    """Of 150 loans in which these features have no value (NaN) or are so many times what they were."""
    generator = np.random.default_rng(9)
    values = {name: generator.normal(15, 4, 150) * broken.get(name, 1) for name in (*RATES, "Age")}
    table = pa.table({name: pa.array(column, from_pandas=True) for name, column in values.items()})
    return fault_sentences(data_faults(table, REFERENCE, BOOK, 30, newest))


def test_features_that_broke_in_the_same_way_are_one_sentence() -> None:
    (sentence,) = sentences(dict.fromkeys(RATES, np.nan), "loans of 2025-07")
    assert sentence == (
        "5 features (Interest_Rate, Num_Bank_Accounts, Num_Credit_Card and 2 more) have no value in any of 150 loans "
        "of 2025-07; in the baseline they had; check columns Interest_Rate, Num_Bank_Accounts, Num_Credit_Card and 2 "
        "more of features_financials."
    )


def test_every_kind_of_fault_and_every_dataset_is_told() -> None:
    told = sentences({RATES[0]: np.nan, RATES[1]: 100, "Age": 100})
    assert told[0].startswith("Interest_Rate has no value in any of 150 loans; in the baseline 100.0% of 600 loans had")
    assert told[0].endswith("; check column Interest_Rate of features_financials.")
    (other,) = told[1:]
    assert other == (
        "2 features (Num_Bank_Accounts and Age) are in another unit than in the baseline, in all 150 loans; check "
        "column Num_Bank_Accounts of features_financials, column Age of features_attributes."
    )


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_sentence_names_at_most_three_features_and_three_columns(count: int) -> None:
    (sentence,) = sentences(dict.fromkeys(RATES[:count], np.nan))
    # Each named feature is named twice, for it is a column too.
    assert sum(sentence.count(name) for name in RATES) == 2 * min(count, 3)
    assert ("and 1 more" in sentence) == (count == 4)
