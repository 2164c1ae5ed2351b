"""The sample's loan ledger: ten installments of 1,000, in the form of `lms_loan_daily`.

The rule is that of the real book. A customer who never defaults pays every installment. A customer who defaults misses
installment k with probability k / 5, independently of the others, pays all arrears with each installment that is paid,
and pays nothing from the fifth installment on.
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
    """True for the installments 0..10 that each loan misses (n x 11). A defaulter misses all from the fifth on."""
    chances = np.minimum(np.arange(TENURE + 1) / (LAST_PAYMENT + 1.0), 1.0)
    drawn = rng.random((len(defaulted), TENURE + 1), dtype=np.float32) < chances
    return np.asarray(drawn & defaulted[:, None])


def payments(missed: NDArray[np.bool_]) -> tuple[Integers, Integers, Integers]:
    """Paid, overdue and outstanding at each installment (n x 11 each), in units of one installment.

    At every installment, overdue = sum of due - sum of paid and balance = loan - sum of paid.
    """
    installments = np.arange(TENURE + 1, dtype=np.int64)
    total_paid = np.maximum.accumulate(np.where(missed, 0, installments), axis=1)
    paid = np.diff(total_paid, axis=1, prepend=0)
    return paid, installments - total_paid, TENURE - total_paid


def ledger_csv(rng: np.random.Generator, ids: Any, cohorts: Integers, defaulted: NDArray[np.bool_]) -> Any:
    """The lines of these loans, as one buffer with 11 lines for each loan."""
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
