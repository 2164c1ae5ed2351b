"""Sentences about the loans behind the metrics of a monitoring date, from a row of the monitoring table.

Rows of an earlier release have no `auc_from`, `auc_to` and `auc_pooled`: their AUC is of all known outcomes.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any


def months_text(first: str | None, last: str | None) -> str:
    """Cohort months as text: `2025-06 to 2025-07`, `2025-07`; '' for none."""
    return " to ".join(dict.fromkeys(month for month in (first, last) if month))


def auc_loans(row: Mapping[str, Any]) -> str:
    """The loans of the AUC that the gate judges: `102 defaults of 2025-01 to 2025-03`, or `1,240 labelled loans`."""
    months = months_text(row.get("auc_from"), row.get("auc_to"))
    if not months:
        return f"{int(row['labelled'] or 0):,} labelled loans"
    return f"{int(row['defaults']):,} default{'' if row['defaults'] == 1 else 's'} of {months}"


def not_judged(row: Mapping[str, Any]) -> str:
    """`not judged, 12 defaults` where too few defaults are known for the gate to judge the AUC; '' for any other."""
    if row["auc_status"] == "measured":
        return ""
    found = _known(row, ["defaults"])
    if not found:
        return f"not judged, {int(row['labelled'] or 0):,} labelled loans"
    return f"not judged, {int(found[0]):,} default{'' if found[0] == 1 else 's'}"


def pooled_words(row: Mapping[str, Any]) -> str:
    """`0.731 over all 1,240 known outcomes`; '' for a row without that AUC, or without older loans in it."""
    if row.get("auc_pooled") is None or row["labelled_pooled"] == row["labelled"]:
        return ""
    return f"{row['auc_pooled']:.3f} over all {int(row['labelled_pooled']):,} known outcomes"


def pooled_sentence(row: Mapping[str, Any]) -> str:
    """The sentence about the AUC of all known outcomes; '' where there is none (see `pooled_words`)."""
    words = pooled_words(row)
    return f"AUC is {words}." if words else ""


def arrears_words(row: Mapping[str, Any]) -> str:
    """`0.781 (95% interval 0.740 to 0.815) on the 310 loans not in arrears at scoring`, and those in arrears apart.

    '' for a row that does not know them, and where no loan was in arrears.
    """
    names = ("labelled_not_in_arrears", "labelled_in_arrears", "defaults_in_arrears")
    counts = [int(number) for number in _known(row, names)]
    if len(counts) < len(names) or not counts[1]:
        return ""
    others, late, bad = counts
    area = _known(row, [f"auc_not_in_arrears{end}" for end in ("", "_low", "_high")])
    value = f"{area[0]:.3f} (95% interval {area[1]:.3f} to {area[2]:.3f})" if len(area) == 3 else "not measured"
    apart = f"{late:,} {'was' if late == 1 else 'were'} in arrears, {bad / late:.1%} of them bad"
    return f"{value} on the {others:,} loans not in arrears at scoring ({apart})"


def _known(row: Mapping[str, Any], names: Iterable[str]) -> list[float]:
    """The numbers of these names, without those that are missing."""
    found = (row.get(name) for name in names)
    return [number for number in found if number is not None and not math.isnan(number)]


def arrears_sentence(row: Mapping[str, Any]) -> str:
    """The sentence about the AUC of the loans not in arrears at scoring; '' where there is none."""
    words = arrears_words(row)
    return f"AUC is {words}." if words else ""


def window_sentence(row: Mapping[str, Any], day: date) -> str:
    """From when the loans of the PSI are, where none of the month of that day is among them; '' otherwise."""
    newest = row.get("window_to")
    if row["psi"] is None or newest is None or newest >= f"{day:%Y-%m}":
        return ""
    return f"PSI is of the loans of {months_text(row['window_from'], newest)}: there are no newer ones up to {day}."
