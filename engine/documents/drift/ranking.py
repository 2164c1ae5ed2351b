"""How well the scores rank, as rows of text: AUC with interval, KS and Gini, with and without the loans in arrears."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.documents.validation import NOT_IN_ARREARS
from jobs.monitoring.ranking_rows import ALL, NEWEST, ranking_of_row
from jobs.statistics.rounding import count, figure

RANKING = ("Loans", "AUC", "95% interval", "KS", "Gini", "Labelled", "Defaults")

NAMES = {NEWEST: "Newest mature cohorts", ALL: "All known outcomes"}

Cells = tuple[str, ...]


def ranking_of_run(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of `jobs.monitoring.ranking`, from the values of the metrics of a monitoring run."""
    kept: list[dict[str, Any]] | None = values.get("ranking")
    return ranking_of_row(values["row"]) if kept is None else kept


def ranking_texts(rows: Sequence[Mapping[str, Any]]) -> list[Cells]:
    """Text for the columns RANKING: all loans first, and under each row its loans not in arrears where they differ."""
    every = [row for row in rows if not row["not_in_arrears"]]
    apart = {row["loans"]: row for row in rows if row["not_in_arrears"]}
    told = []
    for row in every:
        told.append((NAMES[row["loans"]], *_measures(row)))
        if row["loans"] in apart:
            told.append((NOT_IN_ARREARS, *_measures(apart[row["loans"]])))
    return told


def _measures(row: Mapping[str, Any]) -> Cells:
    interval = "-" if row["auc_low"] is None else f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"
    known = ("-" if row[name] is None else count(row[name]) for name in ("labelled", "defaults"))
    return figure(row["auc"]), interval, figure(row["ks"]), figure(row["gini"]), *known
