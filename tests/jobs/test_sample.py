import csv
import gzip
import io
import math
import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from jobs.sample import CHUNK, HEADERS, SampleSpec, existing_extracts, write_sample
from jobs.sample_applicants import COHORTS, DRIFTED_COHORTS, archetype_shares, customer_roll, risk_levels
from jobs.sample_loans import missed_installments, payments
from jobs.sample_money import BALANCE_CONSTANT, BEHAVIOURS
from jobs.sample_tables import ARCHETYPE_SHARE, DEFAULT_RATE, HISTOGRAMS
from jobs.sample_text import customer_texts, significant, text_of
from storage.errors import UsageError

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "loans"
CUSTOMERS = 6000
SPEC = SampleSpec(CUSTOMERS, seed=11)

# What the real extracts hold, counted in them: the generator's own constants are not consulted.
REAL_CUSTOMERS, REAL_FLAGGED, REAL_DEFAULTED = 6191, 829, 1786
REAL_DIRT = {
    ("features_attributes", "Age", r"\d+_"): 285,
    ("features_attributes", "Age", r"-500"): 43,
    ("features_attributes", "Age", r"(1(0[1-9]|[1-9]\d)|[2-9]\d\d|\d{4})_?"): 122,
    ("features_attributes", "Age", r"1[4-7]_?"): 324,
    ("features_attributes", "SSN", r"#F%\$D@\*&8"): 370,
    ("features_attributes", "Occupation", r"_{7}"): 434,
    ("features_financials", "Annual_Income", r".*_"): 396,
    ("features_financials", "Annual_Income", r"\d{6,}_?"): 56,
    ("features_financials", "Num_of_Loan", r".*_"): 306,
    ("features_financials", "Num_of_Loan", r"-100"): 242,
    ("features_financials", "Num_of_Loan", r"\d\d+_?"): 29,
    ("features_financials", "Num_of_Delayed_Payment", r".*_"): 191,
    ("features_financials", "Num_of_Delayed_Payment", r"\d{3,}_?"): 54,
    ("features_financials", "Outstanding_Debt", r".*_"): 70,
    ("features_financials", "Changed_Credit_Limit", r"_"): 133,
    ("features_financials", "Amount_invested_monthly", r"__10000__"): 283,
    ("features_financials", "Credit_Mix", r"_"): 1275,
    ("features_financials", "Payment_of_Min_Amount", r"NM"): 724,
    ("features_financials", "Payment_Behaviour", r"!@9#%8"): 503,
    ("features_financials", "Interest_Rate", r"3[5-9]|[4-9]\d|\d{3,}"): 126,
    ("features_financials", "Num_Bank_Accounts", r"1[2-9]|[2-9]\d|\d{3,}"): 86,
    ("features_financials", "Num_Credit_Card", r"1[2-9]|[2-9]\d|\d{3,}"): 155,
    ("features_financials", "Num_Credit_Inquiries", r"1[89]|[2-9]\d|\d{3,}"): 105,
    ("features_financials", "Total_EMI_per_month", r"[2-9]\d{3}|\d{5}"): 186,
    ("features_financials", "Type_of_Loan", r""): 672,
}
FALSE_ALARM = 5.0  # standard deviations: one false alarm in 1.7 million checks

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


def texts_of(folder: Path) -> dict[str, str]:
    return {name: (folder / f"{name}.csv").read_bytes().decode() for name in HEADERS}


def month_of(day: str) -> int:
    _, month, year = day.split("/")
    return (int(year) - 2023) * 12 + int(month) - 1


def amount(text: str) -> float:
    return float(text.strip("_"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("sample") / "new"
    write_sample(where, SPEC, None)
    return where


@pytest.fixture(scope="module")
def texts(folder: Path) -> dict[str, str]:
    return texts_of(folder)


@pytest.fixture(scope="module")
def extracts(texts: dict[str, str]) -> dict[str, Columns]:
    return {name: parsed(text) for name, text in texts.items()}


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    where = tmp_path_factory.mktemp("drifted")
    write_sample(where, SampleSpec(CUSTOMERS, seed=11, drift=1.0), None)
    return texts_of(where)


def test_same_seed_gives_the_same_bytes(tmp_path: Path, texts: dict[str, str]) -> None:
    write_sample(tmp_path, SampleSpec(CUSTOMERS, seed=11, drift=0.0), None)
    assert texts_of(tmp_path) == texts


def test_another_seed_gives_another_book(tmp_path: Path, texts: dict[str, str]) -> None:
    write_sample(tmp_path, SampleSpec(CUSTOMERS, seed=12), None)
    assert all(texts_of(tmp_path)[name] != texts[name] for name in HEADERS)


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


@pytest.mark.skipif(not REAL.exists(), reason="the real extracts are not here")
@pytest.mark.parametrize("name", HEADERS)
def test_the_formats_are_those_of_the_real_extracts(name: str) -> None:
    with gzip.open(REAL / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as handle:
        real = parsed("".join(line for _, line in zip(range(20_000), handle, strict=False)))
    assert list(real) == list(FORMATS[name])
    for column, values in real.items():
        if column != "Name":
            assert all(re.fullmatch(FORMATS[name][column], value) for value in values), column


@pytest.mark.parametrize(("where", "count"), REAL_DIRT.items(), ids=lambda value: str(value))
def test_dirt_is_as_frequent_as_in_the_real_extracts(
    where: tuple[str, str, str], count: int, extracts: dict[str, Columns]
) -> None:
    name, column, pattern = where
    found = sum(re.fullmatch(pattern, value) is not None for value in extracts[name][column])
    pooled = (found + count) / (CUSTOMERS + REAL_CUSTOMERS)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / CUSTOMERS + 1 / REAL_CUSTOMERS))
    assert abs(found / CUSTOMERS - count / REAL_CUSTOMERS) < FALSE_ALARM * deviation


def test_the_share_that_quality_control_flags_is_the_real_one(extracts: dict[str, Columns]) -> None:
    people = extracts["features_attributes"]
    flagged = sum(
        not (18 <= float(age.strip("_")) <= 100 and ssn[0] != "#")
        for age, ssn in zip(people["Age"], people["SSN"], strict=True)
    )
    share = REAL_FLAGGED / REAL_CUSTOMERS
    deviation = math.sqrt(share * (1 - share) * (1 / CUSTOMERS + 1 / REAL_CUSTOMERS))
    assert abs(flagged / CUSTOMERS - share) < FALSE_ALARM * deviation


def overdue_by_loan(loans: Columns) -> np.ndarray:
    return np.array(loans["overdue_amt"], dtype=np.int64).reshape(-1, 11)


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


def test_loan_types_are_as_many_as_loans(extracts: dict[str, Columns]) -> None:
    money = extracts["features_financials"]
    counts = Counter()
    for number, kinds in zip(money["Num_of_Loan"], money["Type_of_Loan"], strict=True):
        if 0 <= amount(number) <= 9:
            counts[len(kinds.split(", ")) * bool(kinds) == amount(number)] += 1
    assert set(counts) == {True}


def test_balances_follow_from_salary_instalments_investment_and_behaviour(extracts: dict[str, Columns]) -> None:
    money = extracts["features_financials"]
    constants = dict(zip(BEHAVIOURS, BALANCE_CONSTANT, strict=True))
    names = ("Monthly_Inhand_Salary", "Total_EMI_per_month", "Amount_invested_monthly", "Payment_Behaviour")
    met = known = 0
    for salary, emi, invested, behaviour, balance in zip(
        *(money[name] for name in names), money["Monthly_Balance"], strict=True
    ):
        if behaviour in constants and "_" not in invested + balance and amount(emi) < 2000:
            known += 1
            expected = amount(salary) / 10 - amount(emi) - amount(invested) + constants[behaviour]
            met += abs(amount(balance) - expected) < 0.01
    # The real book: 4,626 of 5,265 known.
    deviation = math.sqrt(0.88 * 0.12 * (1 / known + 1 / 5265))
    assert abs(met / known - 4626 / 5265) < FALSE_ALARM * deviation
    assert min(amount(balance) for balance in money["Monthly_Balance"] if "_" not in balance) > 0


def test_salaries_are_a_twelfth_of_income_give_or_take_300(extracts: dict[str, Columns]) -> None:
    money = extracts["features_financials"]
    incomes, salaries = (
        np.array([amount(value) for value in money[name]]) for name in ("Annual_Income", "Monthly_Inhand_Salary")
    )
    usual = incomes < 200_000
    off = (salaries - incomes / 12)[usual]
    whole = np.abs(off - np.rint(off)) < 1e-3
    # The real book: 388 of 6,135 known are of another month.
    assert abs((~whole).mean() - 388 / 6135) < FALSE_ALARM * math.sqrt(0.0632 * 0.9368 * (1 / len(off) + 1 / 6135))
    assert np.abs(off[whole]).max() <= 300.001


def test_the_mix_of_credit_says_who_defaults(extracts: dict[str, Columns]) -> None:
    bad = overdue_by_loan(extracts["lms_loan_daily"])[:, 6] > 0
    mix = np.array(extracts["features_financials"]["Credit_Mix"])
    rates = [bad[mix == kind].mean() for kind in ("Good", "Standard", "Bad")]
    # The real book: 15%, 24% and 56%.
    assert rates == pytest.approx([0.154, 0.240, 0.561], abs=0.06)


def test_drift_moves_the_newest_cohorts_alone(texts: dict[str, str], drifted: dict[str, str]) -> None:
    book, moved = (parsed(each["features_financials"]) for each in (texts, drifted))
    newest = np.array([month_of(day) >= COHORTS - DRIFTED_COHORTS for day in book["snapshot_date"]])
    lines = [each["features_financials"].splitlines()[1:] for each in (texts, drifted)]
    same = np.array([a == b for a, b in zip(*lines, strict=True)])
    assert same[~newest].all()
    assert same[newest].mean() < 0.5
    rates = [np.array(each["Interest_Rate"], dtype=np.float64) for each in (book, moved)]
    usual = (rates[0] < 90) & (rates[1] < 90)
    shift = (rates[1] - rates[0])[newest & usual].mean() / rates[0][usual].std()
    assert 0.75 < shift < 1.25


def test_drift_leaves_the_other_loans_as_they_are(texts: dict[str, str], drifted: dict[str, str]) -> None:
    lines = [each["lms_loan_daily"].splitlines()[1:] for each in (texts, drifted)]
    changed = {a.split(",")[2] for a, b in zip(*lines, strict=True) if a != b}
    assert {month_of(day) for day in changed} == set(range(COHORTS - DRIFTED_COHORTS, COHORTS))


def test_archetypes_explain_the_default_rate_and_drift_makes_them_riskier() -> None:
    assert ARCHETYPE_SHARE.sum() == pytest.approx(1.0)
    assert archetype_shares(0.0) == pytest.approx(ARCHETYPE_SHARE)
    shares = [archetype_shares(drift) for drift in (0.0, 0.5, 1.0, 2.0, 5.0)]
    levels = [each @ risk_levels() for each in shares]
    assert levels == sorted(levels)
    assert levels[0] == pytest.approx(0.0, abs=1e-12)
    assert shares[2] @ DEFAULT_RATE > 1.5 * (shares[0] @ DEFAULT_RATE)


@pytest.mark.parametrize("name", HISTOGRAMS)
def test_histograms_are_whole(name: str) -> None:
    edges, cumulative = HISTOGRAMS[name]
    assert (np.diff(edges) > 0).all()
    assert cumulative.shape == (len(ARCHETYPE_SHARE), len(edges))
    assert (np.diff(cumulative, axis=1) >= 0).all()
    assert (cumulative[:, 0] == 0).all()
    assert (cumulative[:, -1] == 1).all()


@pytest.mark.parametrize(
    ("customers", "seed", "drift", "says"),
    [
        (0, 1, 0.0, "0 customers"),
        (-5, 1, 0.0, "-5 customers"),
        (20_000_001, 1, 0.0, "20000001 customers"),
        (10, -1, 0.0, "seed -1"),
        (10, 1, -0.1, "drift of -0.1"),
        (10, 1, 5.1, "drift of 5.1"),
        (10, 1, math.nan, "drift of nan"),
        (10, 1, math.inf, "drift of inf"),
    ],
)
def test_impossible_samples_are_refused(customers: int, seed: int, drift: float, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)):
        SampleSpec(customers, seed, drift)


def test_one_customer_is_a_book(tmp_path: Path) -> None:
    rows = write_sample(tmp_path, SampleSpec(1, seed=0), None)
    assert rows["features_attributes"] == rows["features_financials"] == 1
    assert rows["lms_loan_daily"] == 11
    assert rows["feature_clickstream"] in {0, 24}


def test_chunks_join_without_a_seam(tmp_path: Path) -> None:
    customers = CHUNK + 300
    steps: list[tuple[int, int]] = []
    rows = write_sample(tmp_path, SampleSpec(customers, seed=3), lambda done, total: steps.append((done, total)))
    assert rows["features_attributes"] == rows["features_financials"] == customers
    assert rows["lms_loan_daily"] == 11 * customers
    assert rows == {name: (tmp_path / f"{name}.csv").read_bytes().count(b"\n") - 1 for name in HEADERS}
    people = parsed((tmp_path / "features_attributes.csv").read_text())
    assert people["Customer_ID"] == sorted(set(people["Customer_ID"]))
    # The second chunk is drawn anew: it is not the beginning of the first over again.
    assert people["SSN"][CHUNK:] != people["SSN"][:300]
    done, totals = zip(*steps, strict=True)
    assert list(done) == sorted(set(done))
    assert set(totals) == {done[-1]} == {sum(rows.values())}


def test_an_interrupted_sample_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        assert list(tmp_path.iterdir())
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, SampleSpec(500, seed=1), stop)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_replaced(tmp_path: Path, texts: dict[str, str]) -> None:
    (tmp_path / ".lms_loan_daily.csv.part").write_text("half a line" * 1_000_000)
    write_sample(tmp_path, SPEC, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.csv" for name in HEADERS)
    assert texts_of(tmp_path) == texts


@pytest.mark.parametrize("there", ["lms_loan_daily.csv", "feature_clickstream.csv.gz", "features_attributes"])
def test_extracts_that_are_there_are_not_overwritten(there: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no extract")
    assert existing_extracts(tmp_path) == []
    (tmp_path / there).write_text("mine")
    assert existing_extracts(tmp_path) == [tmp_path / there]
    with pytest.raises(UsageError, match=re.escape(there)):
        write_sample(tmp_path, SampleSpec(10, seed=1), None)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([there, "notes.txt"])
    assert (tmp_path / there).read_text() == "mine"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="not a folder"):
        write_sample(tmp_path / "file", SampleSpec(10, seed=1), None)


def test_extracts_of_a_missing_folder_are_none(tmp_path: Path) -> None:
    assert existing_extracts(tmp_path / "nowhere") == []


@pytest.mark.parametrize("customers", [1, 20, 200_000])
def test_customer_numbers_are_distinct_and_sorted_as_their_texts(customers: int) -> None:
    roll = customer_roll(np.random.default_rng(5), customers)
    texts = customer_texts(roll.numbers).to_pylist()
    assert texts == [f"CUS_0x{number:x}" for number in roll.numbers]
    assert texts == sorted(set(texts))
    assert len(texts) == len(roll.cohorts) == customers


def test_numbers_are_written_with_ten_digits_and_no_more() -> None:
    values = np.array([2706.16166666, 0.0, -0.0, 75.9, 0.0123456789012, 14463.8566666667, 82000.0])
    assert text_of(significant(values)).to_pylist() == [
        "2706.161667", "0", "0", "75.9", "0.0123456789", "14463.85667", "82000",
    ]  # fmt: skip
