import csv
import io
import math
from collections import defaultdict

import numpy as np
import pytest

from jobs.sample.applicants import COHORTS
from jobs.sample.loans import missed_installments, payments
from jobs.sample.write import HEADERS, SampleSpec, write_sample

pytestmark = pytest.mark.thorough

CUSTOMERS = 6000
REAL_CUSTOMERS, REAL_DEFAULTED = 6191, 1786
FALSE_ALARM = 5.0  # standard deviations: one false alarm in 1.7 million checks

Columns = dict[str, list[str]]


def parsed(text: str) -> Columns:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def month_of(day: str) -> int:
    _, month, year = day.split("/")
    return (int(year) - 2023) * 12 + int(month) - 1


def overdue_by_loan(loans: Columns) -> np.ndarray:
    return np.array(loans["overdue_amt"], dtype=np.int64).reshape(-1, 11)


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Columns]:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, SampleSpec(CUSTOMERS, seed=11), None)
    return {name: parsed((folder / f"{name}.csv").read_bytes().decode()) for name in HEADERS}


def test_the_default_rate_is_the_real_one(extracts: dict[str, Columns]) -> None:
    defaulted = int((overdue_by_loan(extracts["lms_loan_daily"])[:, 3:7] > 0).any(axis=1).sum())
    share = REAL_DEFAULTED / REAL_CUSTOMERS
    deviation = math.sqrt(share * (1 - share) * (1 / CUSTOMERS + 1 / REAL_CUSTOMERS))
    assert abs(defaulted / CUSTOMERS - share) < FALSE_ALARM * deviation


def test_the_ledger_adds_up_at_every_installment(extracts: dict[str, Columns]) -> None:
    loans = extracts["lms_loan_daily"]
    due, paid, overdue, balance, number = (
        np.array(loans[column], dtype=np.int64).reshape(-1, 11)
        for column in ("due_amt", "paid_amt", "overdue_amt", "balance", "installment_num")
    )
    assert (number == np.arange(11)).all()
    assert (due == np.where(number == 0, 0, 1000)).all()
    assert (overdue == (due - paid).cumsum(axis=1)).all()
    assert (balance == 10_000 - paid.cumsum(axis=1)).all()
    # Whoever pays, pays all that is due; whoever is behind at the fifth never pays again.
    assert ((paid == 0) | (overdue == 0)).all()
    behind = overdue[:, 5] > 0
    assert (paid[behind, 5:] == 0).all()
    assert (overdue[~behind] == 0).all()


def test_ledger_dates_follow_the_loan_month_by_month(extracts: dict[str, Columns]) -> None:
    loans = extracts["lms_loan_daily"]
    starts = [month_of(day) for day in loans["loan_start_date"]]
    shown = [month_of(day) for day in loans["snapshot_date"]]
    assert [now - start for now, start in zip(shown, starts, strict=True)] == [int(n) for n in loans["installment_num"]]
    assert sorted(set(starts)) == list(range(COHORTS))
    year_month = [f"_{2023 + start // 12}_{start % 12 + 1:02d}_01" for start in starts]
    assert loans["loan_id"] == [a + b for a, b in zip(loans["Customer_ID"], year_month, strict=True)]


def test_the_three_extracts_in_customer_order_agree(extracts: dict[str, Columns]) -> None:
    people, money, loans = (extracts[name] for name in ("features_attributes", "features_financials", "lms_loan_daily"))
    assert people["Customer_ID"] == sorted(set(people["Customer_ID"]))
    assert money["Customer_ID"] == people["Customer_ID"] == loans["Customer_ID"][::11]
    assert money["snapshot_date"] == people["snapshot_date"] == loans["loan_start_date"][::11]


def test_missed_installments_follow_the_rule_of_the_real_ledger() -> None:
    missed = missed_installments(np.random.default_rng(0), np.repeat([True, False], 20_000))
    assert not missed[20_000:].any()
    for number in range(11):
        expected = min(number / 5, 1.0)
        deviation = math.sqrt(expected * (1 - expected) / 20_000)
        assert abs(missed[:20_000, number].mean() - expected) <= FALSE_ALARM * deviation


def test_a_payment_catches_up_in_full() -> None:
    missed = np.zeros((1, 11), dtype=np.bool_)
    missed[0, [1, 2, 5, 6, 7, 8, 9, 10]] = True
    paid, overdue, balance = payments(missed)
    assert paid.tolist() == [[0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0]]
    assert overdue.tolist() == [[0, 1, 2, 0, 0, 1, 2, 3, 4, 5, 6]]
    assert balance.tolist() == [[10, 10, 10, 7, 6, 6, 6, 6, 6, 6, 6]]


def test_the_mix_of_credit_says_who_defaults(extracts: dict[str, Columns]) -> None:
    bad = overdue_by_loan(extracts["lms_loan_daily"])[:, 6] > 0
    mix = np.array(extracts["features_financials"]["Credit_Mix"])
    rates = [bad[mix == kind].mean() for kind in ("Good", "Standard", "Bad")]
    # The real book: 15%, 24% and 56%.
    assert rates == pytest.approx([0.154, 0.240, 0.561], abs=0.06)


def test_whoever_appears_in_the_clickstream_is_there_in_all_24_months(extracts: dict[str, Columns]) -> None:
    clicks = extracts["feature_clickstream"]
    months = [month_of(day) for day in clicks["snapshot_date"]]
    assert months == sorted(months)
    by_month = defaultdict(list)
    for month, customer in zip(months, clicks["Customer_ID"], strict=True):
        by_month[month].append(customer)
    assert sorted(by_month) == list(range(24))
    assert all(customers == by_month[0] for customers in by_month.values())
    assert set(by_month[0]) < set(extracts["features_attributes"]["Customer_ID"])
    assert abs(len(set(by_month[0])) / CUSTOMERS - 0.72) < FALSE_ALARM * math.sqrt(0.72 * 0.28 / CUSTOMERS)


def test_the_clickstream_tells_payers_from_defaulters(extracts: dict[str, Columns]) -> None:
    clicks, loans = extracts["feature_clickstream"], extracts["lms_loan_daily"]
    defaulted = dict(zip(loans["Customer_ID"][::11], overdue_by_loan(loans)[:, 6] > 0, strict=True))
    bad = np.array([defaulted[customer] for customer in clicks["Customer_ID"]])
    for feature, difference in (("fe_1", 4.5), ("fe_5", 22.5), ("fe_10", -22.5), ("fe_15", 0.0), ("fe_20", 0.0)):
        values = np.array(clicks[feature], dtype=np.float64)
        error = math.sqrt(values[bad].var() / bad.sum() + values[~bad].var() / (~bad).sum())
        assert abs(values[bad].mean() - values[~bad].mean() - difference) < FALSE_ALARM * error, feature
