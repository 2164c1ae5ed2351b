"""Row accounting of a training: the rows after each step, and its accounts."""

from collections.abc import Mapping, Sequence

import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment
from console.app.navigation import run_link
from console.components.accounts import show_accounts
from console.components.elements import count, empty, join, write_html
from console.components.times import day
from console.data.query import Counted
from jobs.accounting.account import Account
from jobs.book.declaration import Book

KEPT = "kept after checks"
BARS_SHEET = Markup("""<style>
.lw-bars { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem 2rem; }
.lw-bars h3 { font-size: 0.95rem; margin: 0 0 0.3rem; padding: 0; font-weight: 650; }
.lw-bars dl { display: grid; grid-template-columns: max-content 1fr max-content; gap: 0.25rem 0.7rem; margin: 0;
  padding: 0; align-items: center; font-size: 0.88rem; }
.lw-bars dt { color: var(--lw-quiet); }
.lw-bars dd { margin: 0; font-variant-numeric: tabular-nums; text-align: right; }
.lw-bars i { display: block; height: 0.55rem; border-radius: 0.2rem; background: var(--lw-bar); min-width: 1px; }
.lw-bars dd.lw-track { background: var(--lw-shade); border-radius: 0.2rem; }
</style>""")


def rows_after_steps(accounts: Sequence[Account], book: Book) -> dict[str, dict[str, int]]:
    """For each dataset the records read, the rows stored, and the rows kept after checks, as far as they are known."""
    steps: dict[str, dict[str, int]] = {}
    for name, source in book.by_dataset.items():
        files = [one for one in accounts if (one.kind, one.source) == ("files", name) and "stored" in one.parts]
        kept = [one.parts["kept"] for one in accounts if one.source == source.silver and "kept" in one.parts]
        amounts = {
            "read": sum(one.total or 0 for one in files),
            "stored": sum(one.parts["stored"] or 0 for one in files),
            KEPT: sum(rows or 0 for rows in kept),
        }
        if files and kept:
            steps[name] = amounts
    return steps


def show_row_accounting(run: Counted | None) -> None:
    """Shows the row accounting of a training."""
    if run is None:
        empty(
            "No training yet",
            "Where every row of the extracts went will be here.",
            "Type `python -m engine run training`.",
        )
        return
    write_html(Markup("<p>Training {}, as of {}.</p>").format(run_link(run.run_id), day(run.as_of)))
    steps = rows_after_steps(run.accounts, deployment().book)
    if not steps:
        empty("This run has no accounting", "Its tasks kept no counts; run the training again with `--force`.")
        return
    write_html(BARS_SHEET)
    st.header("Rows after each step")
    write_html(Markup('<div class="lw-bars">{}</div>').format(join(_dataset_bars(*each) for each in steps.items())))
    st.header("Where everything went")
    show_accounts(run.accounts, run.remarks)


def bars_html(amounts: Mapping[str, int], most: int) -> Markup:
    """Named amounts as bars; `most` has the full width."""
    row = Markup('<dt>{}</dt><dd class="lw-track"><i style="width:{}"></i></dd><dd>{}</dd>')
    rows = join(row.format(name, f"{amount / max(most, 1):.1%}", count(amount)) for name, amount in amounts.items())
    return Markup("<dl>{}</dl>").format(rows)


def _dataset_bars(name: str, amounts: Mapping[str, int]) -> Markup:
    return Markup("<section><h3>{}</h3>{}</section>").format(name, bars_html(amounts, amounts["read"]))
