"""Row accounting of a training: the rows read, the rows left out with the reason, and the rows after each step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment
from console.app.navigation import run_link
from console.components.elements import Text, count, empty, join, note, sign_html, write_html
from console.components.table import columns, table
from console.components.times import day
from engine.documents.values import Document
from jobs.accounting.reasons import plain_reason

EXCLUSIONS = ("undated", "later_than_as_of", "without_customer", "flagged", "superseded")
KEPT = "Kept after checks"
BARS_SHEET = Markup("""<style>
.lw-bars { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem 2rem; }
.lw-bars.lw-one { max-width: 44rem; }
.lw-bars h3 { font-size: 0.95rem; margin: 0 0 0.3rem; padding: 0; font-weight: 650; }
.lw-bars dl { display: grid; grid-template-columns: max-content 1fr max-content; gap: 0.25rem 0.7rem; margin: 0;
  padding: 0; align-items: center; font-size: 0.88rem; }
.lw-bars dt { color: var(--lw-quiet); }
.lw-bars dd { margin: 0; font-variant-numeric: tabular-nums; text-align: right; }
.lw-bars i { display: block; height: 0.55rem; border-radius: 0.2rem; background: var(--lw-bar); min-width: 1px; }
.lw-bars dd.lw-track { background: var(--lw-shade); border-radius: 0.2rem; }
</style>""")


@dataclass(frozen=True)
class Dataset:
    """The rows of one dataset from the extract to the checked table.

    `excluded` are the rows that quality control left out, by EXCLUSIONS; `reasons` those of the quarantined records.
    """

    name: str
    table: str
    read: int
    stored: int
    quarantined: int
    reasons: Mapping[str, int]
    blank_lines: int
    checked: int
    kept: int
    excluded: Mapping[str, int]

    @property
    def adds_up(self) -> bool:
        """Whether every record is accounted for: read = stored + quarantined, stored = checked = kept + excluded."""
        excluded = sum(self.excluded.values())
        return self.read == self.stored + self.quarantined and self.stored == self.checked == self.kept + excluded


@dataclass(frozen=True)
class Nulls:
    """How many values of a column became null in cleaning for one reason, and the rows of the table."""

    table: str
    column: str
    reason: str
    values: int
    rows: int


def datasets(accounting: Document) -> list[Dataset]:
    """The datasets of a run's accounting; those whose tasks did not get that far are left out."""
    checks = accounting.get("remove_flagged_customers", {}).get("rows", {})
    counted = []
    for name, source in deployment().book.by_dataset.items():
        ingested, checked = accounting.get(f"ingest_{name}"), checks.get(source.silver)
        if ingested and checked:
            counted.append(_dataset(name, source.silver, ingested, checked))
    return counted


def values_set_to_null(accounting: Document) -> list[Nulls]:
    """The values that became null in cleaning, the most frequent first."""
    nulls = [
        Nulls(task.removeprefix("clean_"), column, reason, values, cleaning["rows"])
        for task, cleaning in accounting.items()
        if task.startswith("clean_")
        for column, reasons in cleaning["became_null"].items()
        for reason, values in reasons.items()
    ]
    return sorted(nulls, key=lambda each: (-each.values, each.table, each.column, each.reason))


def show_row_accounting(run: Document | None) -> None:
    """Shows the row accounting of a training."""
    if run is None:
        empty(
            "No training yet",
            "Where every row of the extracts went will be here.",
            "Type `python -m engine run training`.",
        )
        return
    write_html(
        Markup("<p>Training {}, as of {}.</p>").format(run_link(run["run_id"]), day(date.fromisoformat(run["as_of"])))
    )
    counted = datasets(run["accounting"])
    if not counted:
        empty("This run has no accounting", "Its tasks kept no counts; run the training again with `--force`.")
        return
    write_html(BARS_SHEET)
    st.header("Rows after each step")
    write_html(Markup('<div class="lw-bars">{}</div>').format(join(_dataset_bars(each) for each in counted)))
    _show_last_step(run)
    st.header("Every record, accounted for")
    _show_records(counted)
    _show_flagged(run["accounting"]["remove_flagged_customers"])
    _show_nulls(values_set_to_null(run["accounting"]))


def bars_html(amounts: Mapping[str, int], most: int) -> Markup:
    """Named amounts as bars; `most` has the full width."""
    row = Markup('<dt>{}</dt><dd class="lw-track"><i style="width:{}"></i></dd><dd>{}</dd>')
    rows = join(row.format(name, f"{amount / max(most, 1):.1%}", count(amount)) for name, amount in amounts.items())
    return Markup("<dl>{}</dl>").format(rows)


def _dataset(name: str, silver: str, ingested: Mapping[str, Any], checked: Mapping[str, int]) -> Dataset:
    return Dataset(
        name,
        silver,
        **{field: ingested[field] for field in ("read", "stored", "quarantined", "reasons", "blank_lines")},
        checked=checked["read"],
        kept=checked["kept"],
        excluded={reason: checked.get(reason, 0) for reason in EXCLUSIONS},
    )


def _dataset_bars(dataset: Dataset) -> Markup:
    amounts = {"read": dataset.read, "stored": dataset.stored, KEPT.lower(): dataset.kept}
    return Markup("<section><h3>{}</h3>{}</section>").format(dataset.name, bars_html(amounts, dataset.read))


def _show_last_step(run: Document) -> None:
    gold: Mapping[str, Any] = next((task for task in run["tasks"] if task["name"] == "gold_feature_engineering"), {})
    if gold.get("rows_out") is not None:
        note(
            f"The kept rows became {count(gold['rows_out'])} loans with a known outcome. The models were trained and "
            "tested on these loans."
        )


def _show_records(counted: Sequence[Dataset]) -> None:
    numbers = ["Read", "Stored", "Quarantined", *(plain_reason(name).capitalize() for name in EXCLUSIONS), KEPT]
    rows = [
        [
            each.name,
            *map(count, (each.read, each.stored, each.quarantined, *each.excluded.values(), each.kept)),
            _adds_up(each),
        ]
        for each in counted
    ]
    heads = columns("Dataset", *numbers, "Adds up", numbers=numbers)
    table("Records of each dataset and where they went", heads, rows)
    blank = sum(each.blank_lines for each in counted)
    note(
        "Read = stored + quarantined. Stored = kept after checks + the five columns before it; a row counts under its "
        f"first reason only.{f' {count(blank)} blank lines are no records.' if blank else ''}"
    )


def _adds_up(dataset: Dataset) -> Text:
    return sign_html("✓", "good", "checked") if dataset.adds_up else sign_html("✗", "bad", "does not add up")


def _show_flagged(checks: Mapping[str, Any]) -> None:
    st.header("Flagged customers")
    if not checks["flagged"]:
        st.write("No customer was flagged.")
        return
    figure = Markup('<p><span class="lw-figure">{}</span> customers were removed from all tables.</p>')
    write_html(figure.format(count(checks["flagged"])))
    ranked = dict(sorted(checks["reasons"].items(), key=lambda item: -item[1]))
    write_html(Markup('<div class="lw-bars lw-one">{}</div>').format(bars_html(ranked, max(ranked.values()))))
    st.caption("A customer may be flagged for more than one reason.")


def _show_nulls(nulls: Sequence[Nulls]) -> None:
    st.header("Values that became null")
    if not nulls:
        st.write("None: every value could be read.")
        return
    rows = [
        [
            each.table,
            each.column,
            plain_reason(each.reason),
            count(each.values),
            f"{each.values / each.rows:.2%}" if each.rows else "-",
        ]
        for each in nulls
    ]
    heads = columns("Table", "Column", "Reason", "Values", "Share of rows", numbers=["Values", "Share of rows"])
    table("Values that cleaning set to null, by column and reason", heads, rows)
