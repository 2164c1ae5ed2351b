"""The data part of training as a DuckDB script: SQL from four CSVs to bronze, silver and gold Parquet.

`python -m tests.benchmarks.scripts.duckdb_sql DATA OUT AS_OF`.
"""

import sys
from datetime import date
from pathlib import Path

import duckdb

from tests.benchmarks.scripts.columns import (
    AMOUNTS,
    BRONZE,
    CATEGORIES,
    CATEGORY,
    CLICKS,
    COUNTS,
    DATES,
    DECIMAL,
    FINANCIALS,
    HIDDEN,
    LARGEST,
    LAYERS,
    OCCUPATION,
    SILVER,
    WHOLE,
    extract,
)

MACROS = f"""
CREATE MACRO plain(text) AS regexp_replace(text, '[^0-9.\\-]', '', 'g');
CREATE MACRO sane(value) AS CASE WHEN abs(value) <= {LARGEST} THEN value END;
CREATE MACRO whole(text) AS sane(coalesce(TRY_CAST(text AS BIGINT), TRY_CAST(plain(text) AS BIGINT)));
CREATE MACRO counted(text) AS CASE WHEN whole(text) >= 0 THEN whole(text) END;
CREATE MACRO money(text) AS sane(coalesce(TRY_CAST(text AS DOUBLE), TRY_CAST(plain(text) AS DOUBLE)));
CREATE MACRO day(text) AS CAST(try_strptime(text, '%d/%m/%Y') AS DATE);
CREATE MACRO known(text, placeholders) AS CASE WHEN trim(text) NOT IN placeholders THEN trim(text) END;
"""
GUILTY = f"""
CREATE TEMP TABLE guilty AS
SELECT Customer_ID FROM clean_features_attributes
WHERE Age IS NULL OR Age < 18 OR Age > 100
  OR NOT coalesce(regexp_matches(SSN, '^[0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}$'), false)
UNION
SELECT Customer_ID FROM clean_features_financials
WHERE Annual_Income < 0 OR Monthly_Inhand_Salary < 0 OR Outstanding_Debt < 0
UNION
SELECT Customer_ID FROM clean_lms_loan_daily WHERE {" OR ".join(f"{name} < 0" for name in AMOUNTS)}
"""
LOANS = """
CREATE TEMP TABLE loans AS
WITH months AS (
  SELECT loan_id, first(Customer_ID) AS Customer_ID, first(loan_start_date) AS loan_start_date,
    first(loan_amt) AS loan_amt, first(tenure) AS tenure,
    count(*) FILTER (installment_num < 3) AS early, count(*) FILTER (installment_num BETWEEN 3 AND 6) AS late,
    count(*) FILTER (installment_num BETWEEN 3 AND 6 AND overdue_amt > 0) AS bad,
    count(*) FILTER (installment_num < 3 AND overdue_amt > 0) > 0 AS in_arrears, first(loan_amt) AS exposure,
    coalesce(sum(paid_amt) FILTER (installment_num < 3), 0) AS paid,
    coalesce(sum(due_amt) FILTER (installment_num < 3), 0) AS due,
    coalesce(sum(overdue_amt) FILTER (installment_num < 3), 0) AS overdue
  FROM lms_loan_daily GROUP BY loan_id
)
SELECT loan_id, Customer_ID, loan_start_date, loan_amt, tenure, in_arrears, exposure,
  CAST(loan_start_date + INTERVAL 3 MONTH AS DATE) AS prediction_date,
  CAST(loan_start_date + INTERVAL 6 MONTH AS DATE) AS observation_date,
  CASE WHEN late > 0 THEN CAST(bad > 0 AS TINYINT) END AS label,
  CASE WHEN early > 0 THEN paid END AS hist_total_paid, CASE WHEN early > 0 THEN due END AS hist_total_due,
  CASE WHEN early > 0 THEN overdue END AS hist_total_overdue_amount,
  CASE WHEN early > 0 THEN CASE WHEN due = 0 THEN 1.0 ELSE paid / due END END AS hist_Loan_Payment_Ratio
FROM months
"""
MEDIANS = f"""
CREATE TEMP TABLE medians AS SELECT {", ".join(f"median({name}) AS {name}" for name in FINANCIALS)},
  (SELECT median(Age) FROM features_attributes) AS Age
FROM features_financials
"""
GOLD = f"""
WITH clicks AS (
  SELECT loan_id, {", ".join(f"avg({name}) AS {name}_mean" for name in CLICKS)}, stddev_samp(fe_10) AS fe_10_std
  FROM loans JOIN feature_clickstream AS click USING (Customer_ID)
  WHERE click.snapshot_date < loans.loan_start_date GROUP BY loan_id
), joined AS (
  SELECT loans.*, coalesce(CAST(people.Age AS DOUBLE), medians.Age) AS Age, people.Occupation,
    {", ".join(f"money.{name}" for name in (*CATEGORIES, *HIDDEN))}, clicks.* EXCLUDE (loan_id),
    {", ".join(f"coalesce(CAST(money.{name} AS DOUBLE), medians.{name}) AS {name}" for name in FINANCIALS)}
  FROM loans
  ASOF JOIN features_attributes AS people
    ON loans.Customer_ID = people.Customer_ID AND loans.prediction_date >= people.snapshot_date
  ASOF JOIN features_financials AS money
    ON loans.Customer_ID = money.Customer_ID AND loans.prediction_date >= money.snapshot_date
  LEFT JOIN clicks USING (loan_id) CROSS JOIN medians
  WHERE loans.observation_date <= $as_of AND loans.label IS NOT NULL
)
SELECT * EXCLUDE ({", ".join(HIDDEN)}),
  TRY_CAST(regexp_extract(Credit_History_Age, '^(\\d+) Years? and', 1) AS BIGINT) * 12
    + TRY_CAST(regexp_extract(Credit_History_Age, 'and (\\d+) Months?$', 1) AS BIGINT) AS Credit_History_Months,
  len(list_distinct(string_split(replace(nullif(Type_of_Loan, ''), ', and ', ', '), ', '))) AS Loan_Types,
  CASE WHEN Monthly_Inhand_Salary <> 0 THEN Total_EMI_per_month / Monthly_Inhand_Salary END AS DTI,
  CASE WHEN Monthly_Inhand_Salary <> 0 THEN Amount_invested_monthly / Monthly_Inhand_Salary END AS Savings_Ratio,
  Monthly_Inhand_Salary - Total_EMI_per_month - Amount_invested_monthly AS Monthly_Surplus,
  CASE WHEN Annual_Income <> 0 THEN Outstanding_Debt / Annual_Income END AS Debt_to_Annual_Income,
  CASE WHEN CAST('0x' || left(sha256(Customer_ID), 16) AS UBIGINT) % 100 < 20 THEN 'test' ELSE 'train' END AS split
FROM joined
"""


def typed(name: str) -> str:
    """The cleaned columns of a dataset, for SELECT * REPLACE."""
    replaced = {column: f"{'counted' if column in COUNTS else 'whole'}({column})" for column in WHOLE[name]}
    replaced |= {column: f"day({column})" for column in DATES[name]}
    replaced |= {column: f"money({column})" for column in DECIMAL[name]}
    if name == "features_attributes":
        replaced |= {"Occupation": known("Occupation", OCCUPATION), "SSN": "trim(SSN)"}
    if name == "features_financials":
        replaced |= {column: known(column, CATEGORY) for column in CATEGORIES}
    return ", ".join(f"{value} AS {column}" for column, value in replaced.items())


def known(column: str, placeholders: tuple[str, ...]) -> str:
    return f"known({column}, {('', *placeholders)!r})"


def copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, **values: object) -> None:
    """Writes Parquet with the compression that our tables have."""
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)", values)


def data_part(data: Path, out: Path, as_of: date) -> Path:
    """The gold table's file; bronze and silver are beside it."""
    for layer in LAYERS:
        (out / layer).mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(MACROS)
        for name in WHOLE:
            bronze = out / "bronze" / f"{BRONZE[name]}.parquet"
            copy(connection, f"FROM read_csv('{extract(data, name)}', header = true, all_varchar = true)", bronze)
            visible = (
                f"SELECT * FROM (SELECT * REPLACE ({typed(name)}) FROM '{bronze}') WHERE snapshot_date <= '{as_of}'"
            )
            connection.execute(f"CREATE VIEW clean_{name} AS {visible}")
        connection.execute(GUILTY)
        for name in WHOLE:
            silver = out / "silver" / f"{SILVER[name]}.parquet"
            copy(connection, f"FROM clean_{name} ANTI JOIN guilty USING (Customer_ID)", silver)
            connection.execute(f"CREATE VIEW {name} AS FROM '{silver}'")
        connection.execute(LOANS)
        connection.execute(MEDIANS)
        path = out / "gold" / "model_training_data.parquet"
        copy(connection, GOLD, path, as_of=as_of)
    return path


if __name__ == "__main__":
    data_part(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
