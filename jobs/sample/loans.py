"""The sample's loan ledger: ten installments of 1,000, as `lms_loan_daily` records them.

The rule of the real book, where all 16 possible starts occur at the frequencies that it implies: who never defaults
pays every installment; who does misses installment k with probability k / 5, independently, catches up in full at each
one paid, and from the fifth on pays nothing.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.sample.applicants import Integers
from jobs.sample.text import DAY_TEXTS, LOAN_TEXTS, csv_bytes, joined, taken

COLUMNS = (
    "loan_id", "Customer_ID", "loan_start_date", "tenure", "installment_num", "loan_amt", "due_amt", "paid_amt",
    "overdue_amt", "balance", "snapshot_date",
)  # fmt: skip
TENURE = 10
INSTALLMENT = 1000
LAST_PAYMENT = 4  # a defaulter's last possible payment
AMOUNTS = tuple(str(number * INSTALLMENT) for number in range(TENURE + 1))
COUNTS = tuple(str(number) for number in range(TENURE + 1))


def missed_installments(rng: np.random.Generator, defaulted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which installments 0..10 each loan misses (n x 11); a defaulter's fifth and later ones always."""
    chances = np.minimum(np.arange(TENURE + 1) / (LAST_PAYMENT + 1.0), 1.0)
    drawn = rng.random((len(defaulted), TENURE + 1), dtype=np.float32) < chances
    return np.asarray(drawn & defaulted[:, None])


def payments(missed: NDArray[np.bool_]) -> tuple[Integers, Integers, Integers]:
    """Paid, overdue and outstanding at each installment (n x 11 each), in units of one installment.

    overdue = sum of due - sum of paid, balance = loan - sum of paid: both hold at every installment.
    """
    installments = np.arange(TENURE + 1, dtype=np.int64)
    settled = np.maximum.accumulate(np.where(missed, 0, installments), axis=1)
    paid = np.diff(settled, axis=1, prepend=0)
    return paid, installments - settled, TENURE - settled


def ledger_csv(rng: np.random.Generator, ids: Any, cohorts: Integers, defaulted: NDArray[np.bool_]) -> Any:
    """The ledger's lines of these loans, as one buffer of 11 lines a loan."""
    rows = TENURE + 1
    paid, overdue, balance = payments(missed_installments(rng, defaulted))
    loan_ids = joined([ids, taken(LOAN_TEXTS, cohorts)], "")
    owner = np.repeat(np.arange(len(ids)), rows)
    installment = np.tile(np.arange(rows), len(ids))
    start = cohorts[owner]
    return csv_bytes([
        taken(loan_ids, owner),
        taken(ids, owner),
        taken(DAY_TEXTS, start),
        pa.scalar(str(TENURE)),
        taken(COUNTS, installment),
        pa.scalar(str(TENURE * INSTALLMENT)),
        taken(AMOUNTS, np.minimum(installment, 1)),
        taken(AMOUNTS, paid.ravel()),
        taken(AMOUNTS, overdue.ravel()),
        taken(AMOUNTS, balance.ravel()),
        taken(DAY_TEXTS, start + installment),
    ])  # fmt: skip
