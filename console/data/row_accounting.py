"""Row accounting of a training: what came in, what was set aside on which ground, and what remains after each step."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from console.app.deployment import deployment
from console.components.elements import count, empty
from console.components.legacy import QUIET, grid, link_html
from console.components.table import columns
from engine.documents.values import Document

GROUNDS = {
    "undated": "without a date",
    "later_than_as_of": "later than as-of",
    "without_customer": "without a customer",
    "flagged": "of flagged customers",
    "superseded": "replaced by a newer record",
}
BAR_SHEET = f"""<style>
.lw-bars {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem 2rem; }}
.lw-bars h3 {{ font-size: 0.95rem; margin: 0 0 0.3rem; padding: 0; font-weight: 650; }}
.lw-bars dl {{ display: grid; grid-template-columns: max-content 1fr max-content; gap: 0.25rem 0.7rem; margin: 0;
  padding: 0; align-items: center; font-size: 0.88rem; }}
.lw-bars dt {{ color: {QUIET}; }}
.lw-bars dd {{ margin: 0; font-variant-numeric: tabular-nums; text-align: right; }}
.lw-bars i {{ display: block; height: 0.55rem; border-radius: 0.2rem; background: light-dark(#3b7dc4, #5b97d8);
  min-width: 1px; }}
.lw-bars dd.lw-track {{ background: light-dark(#eef1f4, #1f2530); border-radius: 0.2rem; }}
</style>"""


@dataclass(frozen=True)
class Dataset:
    """The rows of one dataset from the extract to the governed table.

    `grounds` are the rows that quality control left out, by ground.
    """

    name: str
    table: str
    read: int
    stored: int
    quarantined: int
    reasons: Mapping[str, int]
    blank_lines: int
    judged: int
    kept: int
    grounds: Mapping[str, int]

    @property
    def adds_up(self) -> bool:
        """Whether every record is accounted for: read = stored + quarantined, stored = judged = kept + left out."""
        left_out = sum(self.grounds.values())
        return self.read == self.stored + self.quarantined and self.stored == self.judged == self.kept + left_out


def datasets(accounting: Document) -> list[Dataset]:
    """The datasets of a run's accounting; those whose tasks did not get that far are left out."""
    rows = accounting.get("remove_flagged_customers", {}).get("rows", {})
    found = []
    for name, source in deployment().book.by_dataset.items():
        taken, judged = accounting.get(f"ingest_{name}"), rows.get(source.silver)
        if taken and judged:
            grounds = {ground: judged.get(ground, 0) for ground in GROUNDS}
            intake = {field: taken[field] for field in ("read", "stored", "quarantined", "reasons", "blank_lines")}
            found.append(
                Dataset(name, source.silver, **intake, judged=judged["read"], kept=judged["kept"], grounds=grounds)
            )
    return found


def became_null(accounting: Document) -> list[tuple[str, str, str, int, int]]:
    """(table, column, reason, values that became null in cleaning, rows of the table), the most frequent first."""
    found = [
        (task.removeprefix("clean_"), column, reason, number, told["rows"])
        for task, told in accounting.items()
        if task.startswith("clean_")
        for column, reasons in told["became_null"].items()
        for reason, number in reasons.items()
    ]
    return sorted(found, key=lambda one: (-one[3], one[:3]))


def accounting_part(run: Document | None) -> None:
    """The row accounting of a training."""
    if run is None:
        empty(
            "No training yet",
            "Where every row of the extracts went will be here.",
            "Type `python -m engine run training`.",
        )
        return
    st.html(
        f'<p style="margin:0">Of {link_html("run", run["run_id"], run_id=run["run_id"])}, as of {run["as_of"]}.</p>'
    )
    found = datasets(run["accounting"])
    if not found:
        empty("This run has no accounting", "Its tasks kept no counts; run the training again with `--force`.")
        return
    st.html(BAR_SHEET)
    st.header("Rows after each step")
    st.html(f'<div class="lw-bars">{"".join(_dataset_bars(one) for one in found)}</div>')
    _last_step(run)
    st.header("Every record, accounted for")
    _records(found)
    _flagged(run["accounting"]["remove_flagged_customers"])
    _nulls(became_null(run["accounting"]))


def bars_html(title: str, amounts: Mapping[str, int], most: int) -> str:
    """Named amounts as bars, `most` the full width."""
    rows = "".join(
        f'<dt>{escape(name)}</dt><dd class="lw-track"><i style="width:{amount / max(most, 1):.1%}"></i></dd>'
        f"<dd>{count(amount)}</dd>"
        for name, amount in amounts.items()
    )
    return f"<section>{f'<h3>{escape(title)}</h3>' if title else ''}<dl>{rows}</dl></section>"


def _dataset_bars(one: Dataset) -> str:
    return bars_html(one.name, {"read": one.read, "stored": one.stored, "governed": one.kept}, one.read)


def _last_step(run: Document) -> None:
    gold: Mapping[str, Any] = next((task for task in run["tasks"] if task["name"] == "gold_feature_engineering"), {})
    if gold.get("rows_out") is not None:
        st.caption(
            f"Governed rows became {count(gold['rows_out'])} loans with a known outcome, which models were trained and "
            "tested on."
        )


def _records(found: list[Dataset]) -> None:
    numbers = ["Read", "Stored", "Quarantined", "Kept after checks", *GROUNDS.values()]
    heads = columns(
        "Dataset", "Read", "Stored", "Quarantined", *GROUNDS.values(), "Kept after checks", "Adds up", numbers=numbers
    )
    rows = [
        [
            escape(one.name),
            count(one.read),
            count(one.stored),
            count(one.quarantined),
            *(count(amount) for amount in one.grounds.values()),
            count(one.kept),
            _adds_up(one),
        ]
        for one in found
    ]
    grid("Records of each dataset and where they went", heads, rows)
    blank = sum(one.blank_lines for one in found)
    also = f" {count(blank)} blank lines are no records." if blank else ""
    st.caption(
        f"Read = stored + quarantined; stored = the five grounds + governed, each row on its first ground.{also}"
    )


def _adds_up(one: Dataset) -> str:
    tone, sign, word = ("good", "✓", "checked") if one.adds_up else ("bad", "✗", "does not add up")
    return f'<span class="lw-state lw-{tone}"><span class="lw-sign" aria-hidden="true">{sign}</span> {word}</span>'


def _flagged(told: Mapping[str, Any]) -> None:
    st.header("Flagged customers")
    if not told["flagged"]:
        st.write("Nobody was flagged.")
        return
    everybody = f'<span class="lw-figure">{count(told["flagged"])}</span>'
    st.html(f'<p style="margin:0">{everybody} customers left all four tables.</p>')
    ranked = dict(sorted(told["reasons"].items(), key=lambda item: -item[1]))
    st.html(f'<div class="lw-bars" style="max-width:44rem">{bars_html("", ranked, max(ranked.values()))}</div>')
    st.caption("A customer may be flagged for more than one reason.")


def _nulls(found: list[tuple[str, str, str, int, int]]) -> None:
    st.header("Values that became null")
    if not found:
        st.write("None: every value could be read.")
        return
    rows = [
        [escape(table), escape(column), escape(reason), count(number), f"{number / of:.2%}" if of else "-"]
        for table, column, reason, number, of in found
    ]
    heads = columns("Table", "Column", "Reason", "Values", "Of its rows", numbers=["Values", "Of its rows"])
    grid("Values that cleaning made null, by column and reason", heads, rows)
