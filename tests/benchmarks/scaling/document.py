"""The benchmarks' README: its tables, between markers, and the plot, all from the results and nothing by hand."""

import os
import platform
from argparse import ArgumentTypeError
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import altair as alt
import psutil
import vl_convert

from storage.settings import Settings
from tests.benchmarks.__main__ import today
from tests.benchmarks.scaling.growth import beyond, exponent
from tests.benchmarks.scaling.measured import OURS

README, PLOT = "README.md", "scale.svg"
MARK = "<!-- {} of {}: written by the benchmark, not by hand -->"
TITLES = {
    OURS: "Loanwatch",
    "polars_eager": "Polars, eager",
    "polars_streaming": "Polars, streaming",
    "duckdb_sql": "DuckDB",
    "pandas_arrow": "pandas",
}
COSTS = ("seconds", "peak_process", "peak_all", "read", "written", "statements")
FAR = 100_000_000
GIB = 1024**3
Result = dict[str, Any]


def folder_with_readme(text: str) -> Path:
    """A folder on the command line, into whose README a benchmark writes when all is measured."""
    folder = Path(text)
    if not (folder / README).exists():
        raise ArgumentTypeError(f"{text} has no {README}; copy that of tests/benchmarks there")
    return folder


def machine() -> dict[str, str]:
    """What was measured, and on what."""
    memory = psutil.virtual_memory().total / GIB
    tools = ("ray", "polars", "duckdb", "pandas", "pyarrow")
    return {
        "date": f"{today():%d %B %Y}",
        "hardware": f"{os.cpu_count()} CPUs, {memory:.0f} GiB",
        "software": ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in tools)]),
    }


def write_document(found: dict[str, Any], folder: Path) -> None:
    """Writes the plot, and the table of scale into the README."""
    costs = [costs_of(result) for result in found["results"]]
    write_plot([cost for cost in costs if cost["rounds"]], folder / PLOT)
    about = found["machine"]
    parts = [
        f"Measured on {about['date']} with {about['hardware']} ({about['software']}).",
        table(costs),
        goals(costs),
        f"![Seconds and memory by size of the book]({PLOT})",
        growth(costs),
    ]
    write_between(folder / README, "scale", "\n\n".join(parts))


def costs_of(result: Result) -> Result:
    """A result with the median of each cost over its rounds."""
    rounds = result["rounds"]
    return {**result, **{name: median(one[name] for one in rounds) for name in COSTS if rounds}}


def write_between(readme: Path, name: str, text: str) -> None:
    """Puts a text between the two markers of that name."""
    begin, end = MARK.format("begin", name), MARK.format("end", name)
    before, _, rest = readme.read_text().partition(begin)
    _, _, after = rest.partition(end)
    readme.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table whose columns are numbers, but those of ways and customers."""
    line = ["---" if name in {"customers", "way"} else "---:" for name in header]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, line, *rows))


def table(costs: list[Result]) -> str:
    header = ["customers", "way", "seconds", "rows/s", "beside ours", "largest process, GiB", "in all, GiB"]
    header += ["read, GiB", "written, GiB", "ledger statements", "rounds"]
    return markdown(header, [row_of(cost, ours_of(costs, cost["customers"])) for cost in costs])


def ours_of(costs: list[Result], customers: int) -> Result:
    """Our own costs at a size."""
    return next((cost for cost in costs if (cost["way"], cost["customers"]) == (OURS, customers)), {})


def row_of(cost: Result, ours: Result) -> list[str]:
    start = [f"{cost['customers']:,}", TITLES[cost["way"]]]
    if not cost["rounds"]:
        return [*start, cost["stopped"] or "not measured", *[""] * 8]
    note = f" ({'; '.join(cost['differences'])})" if cost["differences"] else ""
    sizes = [f"{cost[name] / GIB:.2f}" for name in ("peak_process", "peak_all", "read", "written")]
    beside = f"{cost['seconds'] / ours['seconds']:.2f}" if ours.get("rounds") and not note else "-"
    rate, statements = f"{cost['rows'] / cost['seconds']:,.0f}", f"{cost['statements']:.0f}" if cost is ours else ""
    return [*start, f"{cost['seconds']:.2f}{note}", rate, beside, *sizes, statements, str(len(cost["rounds"]))]


def goals(costs: list[Result]) -> str:
    """What is to be reached at each size, and whether it is."""
    lines = []
    for customers, goal, rivals in (
        (12_500, 1.2, ("polars_eager", "polars_streaming")),
        (125_000, 0.9, ("polars_eager", "polars_streaming")),
        (1_250_000, 0.6, ("polars_streaming", "duckdb_sql")),
    ):
        ours = ours_of(costs, customers)
        same = [cost for cost in costs if cost["customers"] == customers and cost["way"] in rivals]
        rival = min((cost for cost in same if cost["rounds"]), key=lambda cost: cost["seconds"], default=None)
        if ours.get("rounds") and rival:
            told = f"{customers:,} customers, beside {TITLES[rival['way']]}"
            lines.append(verdict(told, ours["seconds"] / rival["seconds"], goal))
    large, middle = ours_of(costs, 1_250_000), ours_of(costs, 125_000)
    if large.get("rounds") and middle.get("rounds"):
        a_row = [cost["seconds"] / cost["rows"] for cost in (large, middle)]
        lines.append(verdict("time per row at 1,250,000 beside 125,000", a_row[0] / a_row[1], 1.1))
        lines.append(verdict("largest process at 1,250,000, GB", large["peak_process"] / 1e9, 1.5))
        lines.append(verdict("all processes at 1,250,000, GB", large["peak_all"] / 1e9, 4.0))
    return "\n".join(lines)


def verdict(what: str, value: float, goal: float) -> str:
    return f"- {what}: **{value:.2f}**, goal at most {goal:.1f}: {'met' if value <= goal else 'missed'}"


def growth(costs: list[Result]) -> str:
    """The exponents of every way, and what they say of a book of 100 million customers."""
    rows = []
    for way, title in TITLES.items():
        own = [cost for cost in costs if cost["way"] == way and cost["rounds"]]
        sizes = [cost["rows"] for cost in own]
        powers = {name: exponent(sizes, [cost[name] for cost in own]) for name in ("seconds", "peak_all", "written")}
        if any(power is None for power in powers.values()):
            continue
        last = own[-1]
        far = {name: beyond(FAR, last["customers"], last[name], powers[name]) for name in powers}
        told = [
            f"{far['seconds'] / 3600:.1f} h",
            f"{far['peak_all'] / GIB:,.0f} GiB",
            f"{far['written'] / GIB:,.0f} GiB",
        ]
        rows.append([title, *(f"{power:.2f}" for power in powers.values()), *told])
    header = ["way", "seconds", "memory in all", "written", f"time at {FAR:,}", "memory", "written"]
    told = "Growth, as the exponent of the number of rows (1: in proportion, 0: not at all), and what it comes to."
    return f"{told}\n\n{markdown(header, rows)}\n\n{far_extract(costs)}"


def far_extract(costs: list[Result]) -> str:
    """How large the largest extract of a book of 100 million would be."""
    last = max(costs, key=lambda cost: cost["customers"])
    size = last["largest_extract"] * FAR / last["customers"]
    limit = Settings.model_fields["extract_limit"].default
    return (
        f"The largest extract of {FAR:,} customers would have {size / GIB:,.0f} GiB; the setting `extract_limit` "
        f"allows {limit / GIB:.0f} GiB by default."
    )


def write_plot(costs: list[Result], path: Path) -> None:
    """Seconds and memory over the size of the book, both axes logarithmic."""
    values = [
        {"customers": cost["customers"], "way": TITLES[cost["way"]], "cost": cost[name] / unit, "what": what}
        for cost in costs
        for name, unit, what in (("seconds", 1, "seconds"), ("peak_all", GIB, "memory in all, GiB"))
    ]
    order = list(TITLES.values())
    sizes = sorted({value["customers"] for value in values})
    size = alt.X("customers:Q", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format=",", values=sizes))
    cost = alt.Y("cost:Q", scale=alt.Scale(type="log"), axis=alt.Axis(tickCount=6), title=None)
    legend = alt.Legend(title=None, orient="bottom", columns=len(order), labelLimit=0)
    lines = alt.Chart(alt.Data(values=values)).mark_line(strokeWidth=2, point={"filled": True, "size": 50})
    lines = lines.encode(x=size, y=cost, color=alt.Color("way:N", sort=order, legend=legend))
    panels = lines.properties(width=330, height=260).facet(column=alt.Column("what:N", title=None, sort=["seconds"]))
    chart = panels.resolve_scale(y="independent").configure(background="white", padding=12)
    path.write_text(vl_convert.vegalite_to_svg(chart.to_json()) + "\n")
