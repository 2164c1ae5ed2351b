"""Ids of loans that are compared across the buckets of customers."""

from datetime import date

import pyarrow as pa
import pytest

from jobs.errors import InputRejected
from jobs.silver.buckets import Bucket, buckets_of_rows
from jobs.silver.quality.identity import check_buckets
from tests.job_factory import JobFactory
from tests.retail import BOOK, STAGED_LOANS

BUCKETS = [Bucket(number, 4) for number in range(4)]


def customers_of_two_buckets() -> tuple[str, str]:
    """Two customers, the second of another bucket than the first."""
    ids = [f"CUS_{number}" for number in range(20)]
    found = buckets_of_rows(pa.chunked_array([ids]), 4)
    return ids[0], next(each for each, bucket in zip(ids, found, strict=True) if bucket != found[0])


def check(job_factory: JobFactory, rows: list[tuple[str | None, str]], known_on: date = date(2024, 1, 1)) -> None:
    loans, customers = zip(*rows, strict=True)
    table = {BOOK.loan_id: loans, BOOK.customer_id: customers, BOOK.loans.known_on: [known_on] * len(rows)}
    job = job_factory.job({STAGED_LOANS: pa.table(table)})
    check_buckets(job, job.table(STAGED_LOANS), BUCKETS)


def test_a_loan_of_customers_in_two_buckets_is_refused_by_name(job_factory: JobFactory) -> None:
    one, other = customers_of_two_buckets()
    with pytest.raises(InputRejected, match="1 id names loans of several customers, the first is 'shared'"):
        check(job_factory, [("own", one), ("shared", one), ("shared", other), ("others", other)])


def test_many_rows_of_a_loan_are_one_loan(job_factory: JobFactory) -> None:
    one, other = customers_of_two_buckets()
    check(job_factory, [("own", one), ("own", one), ("others", other), ("others", other)])


def test_rows_that_come_later_or_name_no_loan_do_not_count(job_factory: JobFactory) -> None:
    one, other = customers_of_two_buckets()
    check(job_factory, [("shared", one), ("shared", other)], known_on=date(2199, 1, 1))
    check(job_factory, [("own", one), (None, one), (None, other)])
