import csv
import gzip
import io
import re

import numpy as np
import pytest

from jobs.sample.text import significant, text_of
from jobs.sample.write import HEADERS, SampleSpec, write_sample
from tests.paths import LOANS

pytestmark = pytest.mark.thorough

CUSTOMERS = 6000

NUMBER = r"-?\d+(\.\d+)?"
DAY = r"1/([1-9]|1[0-2])/202[345]"
FORMATS = {
    "features_attributes": {
        "Customer_ID": r"CUS_0x[0-9a-f]+",
        "Name": r".*[a-z]",
        "Age": r"-500|\d+_?",
        "SSN": r"\d{3}-\d{2}-\d{4}|#F%\$D@\*&8",
        "Occupation": r"[A-Z][a-z]+(_Manager)?|_{7}",
        "snapshot_date": DAY,
    },
    "features_financials": {
        "Customer_ID": r"CUS_0x[0-9a-f]+",
        "Annual_Income": r"\d+(\.\d+)?_?",
        "Monthly_Inhand_Salary": r"\d+(\.\d{1,7})?",
        "Num_Bank_Accounts": r"-1|\d+",
        "Num_Credit_Card": r"\d+",
        "Interest_Rate": r"\d+",
        "Num_of_Loan": r"-100|\d+_?",
        "Type_of_Loan": r"|[^,]+ ?[^,]+|(([^,]+), )+and [^,]+",
        "Delay_from_due_date": r"-?\d+",
        "Num_of_Delayed_Payment": r"-?\d+_?",
        "Changed_Credit_Limit": r"_|-?\d+(\.\d\d?)?",
        "Num_Credit_Inquiries": r"\d+",
        "Credit_Mix": r"Good|Standard|Bad|_",
        "Outstanding_Debt": r"\d+(\.\d\d?)?_?",
        "Credit_Utilization_Ratio": r"\d\d(\.\d{1,8})?",
        "Credit_History_Age": r"\d{1,2} Years and \d{1,2} Months",
        "Payment_of_Min_Amount": r"Yes|No|NM",
        "Total_EMI_per_month": NUMBER,
        "Amount_invested_monthly": rf"__10000__|{NUMBER}",
        "Payment_Behaviour": r"(High|Low)_spent_(Large|Medium|Small)_value_payments|!@9#%8",
        "Monthly_Balance": rf"__-3{{27}}__|{NUMBER}",
        "snapshot_date": DAY,
    },
    "lms_loan_daily": {
        "loan_id": r"CUS_0x[0-9a-f]+_202[345]_(0[1-9]|1[0-2])_01",
        "Customer_ID": r"CUS_0x[0-9a-f]+",
        "loan_start_date": DAY,
        "tenure": r"10",
        "installment_num": r"\d|10",
        "loan_amt": r"10000",
        "due_amt": r"0|1000",
        "paid_amt": r"0|[1-4]000",
        "overdue_amt": r"0|[1-9]000|10000",
        "balance": r"0|[1-9]000|10000",
        "snapshot_date": DAY,
    },
    "feature_clickstream": {
        **{f"fe_{number}": r"-?\d{1,3}" for number in range(1, 21)},
        "Customer_ID": r"CUS_0x[0-9a-f]+",
        "snapshot_date": r"1/([1-9]|1[0-2])/202[34]",
    },
}  # fmt: skip

Columns = dict[str, list[str]]


def parsed(text: str) -> Columns:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, SampleSpec(CUSTOMERS, seed=11), None)
    return {name: (folder / f"{name}.csv").read_bytes().decode() for name in HEADERS}


@pytest.fixture(scope="module")
def extracts(texts: dict[str, str]) -> dict[str, Columns]:
    return {name: parsed(text) for name, text in texts.items()}


@pytest.mark.parametrize("name", HEADERS)
def test_quotation_is_what_a_csv_writer_does_where_needed(name: str, texts: dict[str, str]) -> None:
    again = io.StringIO(newline="")
    csv.writer(again, lineterminator="\n").writerows(csv.reader(io.StringIO(texts[name], newline="")))
    assert again.getvalue() == texts[name]


@pytest.mark.parametrize("name", HEADERS)
def test_every_value_has_the_format_of_its_column(name: str, extracts: dict[str, Columns]) -> None:
    assert list(extracts[name]) == list(FORMATS[name])
    for column, values in extracts[name].items():
        pattern = re.compile(FORMATS[name][column])
        assert [value for value in values if not pattern.fullmatch(value)][:3] == [], column


@pytest.mark.reference
@pytest.mark.parametrize("name", HEADERS)
def test_the_formats_are_those_of_the_real_extracts(name: str) -> None:
    with gzip.open(LOANS / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as handle:
        real = parsed("".join(line for _, line in zip(range(20_000), handle, strict=False)))
    assert list(real) == list(FORMATS[name])
    for column, values in real.items():
        if column != "Name":
            assert all(re.fullmatch(FORMATS[name][column], value) for value in values), column


def test_numbers_are_written_with_ten_digits_and_no_more() -> None:
    values = np.array([2706.16166666, 0.0, -0.0, 75.9, 0.0123456789012, 14463.8566666667, 82000.0])
    assert text_of(significant(values)).to_pylist() == [
        "2706.161667", "0", "0", "75.9", "0.0123456789", "14463.85667", "82000",
    ]  # fmt: skip
