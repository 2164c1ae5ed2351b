"""The accounts of a run, made of the values that its tasks return."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jobs.accounting.account import Account

Values = Mapping[str, Any]
ROW_GROUNDS = ("undated", "later_than_as_of", "without_customer", "flagged", "superseded")
WITHOUT = "without_"  # begins the reason of a loan that is left out because a source has no row of it


def accounts_of(tasks: Mapping[str, Values]) -> list[Account]:
    """The accounts of a run, of the values of its tasks by task. Numbers that no task has returned yet are None.

    The values of other tasks, and of tasks of these names that return something else, have no accounts.
    """
    found: list[Account] = []
    for task, values in tasks.items():
        found += _of_datasets(task, values)
        found += _of_quality_control(values)
        for name, accounts in _OF_TASK.items():
            if task == name:
                found += accounts(values, tasks)
    return found


def remarks_of(tasks: Mapping[str, Values]) -> list[str]:
    """What else the tasks counted or decided, a sentence each: formats, conflicts, blank lines, rows without a loan."""
    parts = (part for values in tasks.values() for part in (values, *_refreshed(values)))
    return [remark for part in parts for remark in _remarks(part)]


def _remarks(values: Values) -> Iterator[str]:
    for path, columns in _mapping(values, "formats").items():
        for column, text in columns.items():
            yield f"{column} in {path.rpartition('/')[2]} is written with {text}."
    for table, count in _mapping(values, "conflicts").items():
        if count:
            yield f"{table}: {count:,} rows have the key and the date of another row, but other values."
    for file, counts in _mapping(values, "files").items():
        if blank := counts["blank_lines"]:
            yield f"{file}: {blank:,} blank {'line is no record' if blank == 1 else 'lines are no records'}."
    for what, count in _mapping(values, "left_out").items():
        if not what.startswith(WITHOUT):
            yield f"{count:,} {what.replace('_', ' ')}."


def _of_datasets(task: str, values: Values) -> Iterator[Account]:
    """The accounts of an ingest or a cleaning, also of those that inference does for the datasets that changed."""
    if task.startswith("ingest_") and {"read", "stored", "quarantined"} <= values.keys():
        yield from _of_files(task.removeprefix("ingest_"), values)
    if "became_null" in values and isinstance(values.get("rows"), int):
        yield from _of_cleaning(task.removeprefix("clean_"), values)
    for dataset, done in _mapping(values, "sources").items():
        yield from _of_files(dataset, done["ingested"])
        yield from _of_cleaning(done["table"], done["cleaned"])


def _of_files(dataset: str, values: Values) -> Iterator[Account]:
    """For each file: records read = stored + quarantined, and its quarantined records by reason, if there are any."""
    for file, counts in (values.get("files") or {dataset: values}).items():
        parts = {name: counts[name] for name in ("stored", "quarantined")}
        yield Account("files", dataset, file, "records read", counts["read"], parts)
        if counts["quarantined"]:
            yield Account("files", dataset, file, "records quarantined", counts["quarantined"], counts["reasons"])


def _of_cleaning(table: str, values: Values) -> Iterator[Account]:
    """Rows stored = cleaned, and for each column with nulls: values = readable + nulls by reason."""
    rows = values["rows"]
    if "of_rows" in values:
        yield Account("tables", table, table, "rows stored", values["of_rows"], {"cleaned": rows})
    nulls = values.get("nulls")
    problems: Mapping[str, Mapping[str, int]] = values["became_null"]
    for column in sorted({*problems, *(nulls or ())}):
        readable = None if nulls is None else rows - nulls.get(column, 0)
        parts = {"readable": readable, **problems.get(column, {})}
        yield Account("columns", table, column, "values", rows, parts)


def _of_quality_control(values: Values) -> Iterator[Account]:
    """For each table: rows cleaned = kept + left out by reason; then the customers, and the flagged ones by reason."""
    if "flagged" not in values or not isinstance(values.get("rows", {}), Mapping):
        return
    for table, counts in _mapping(values, "rows").items():
        parts = {"kept": counts["kept"], **{name: counts[name] for name in ROW_GROUNDS if counts.get(name)}}
        yield Account("tables", table, table, "rows cleaned", counts["read"], parts)
    customers = _mapping(values, "customers")
    if customers:
        parts = {"kept": customers["kept"], "removed": values["flagged"]}
        yield Account("customers", "", "customers", "known", customers["known"], parts)
    if isinstance(values.get("reasons"), Mapping):
        yield Account("customers", "", "customers", "flagged", values["flagged"], values["reasons"], overlapping=True)


def _of_training_data(values: Values, _tasks: Mapping[str, Values]) -> Iterator[Account]:
    """Loans known = labelled + waiting + without a label by reason + left out by reason."""
    if "matured" in values:
        parts = {"labelled": values["matured"], "waiting": values.get("waiting")}
        parts |= {**_mapping(values, "unlabelled"), **_left_out(values)}
        yield Account("loans", "", "loans", "known", values.get("known"), parts)


def _of_scores(values: Values, tasks: Mapping[str, Values]) -> Iterator[Account]:
    """Loans known = scored + not due yet + left out by reason."""
    if "loans" not in values:
        return
    later = [tasks[name] for name in ("store_predictions_gold", "make_predictions") if name in tasks]
    scored = {"scored": later[0].get("scored")} if later else {"prepared": values["loans"]}
    parts = {**scored, "not due yet": values.get("not_due"), **_left_out(values)}
    yield Account("loans", "", "loans", "known", values.get("known"), parts)


def _of_outcomes(values: Values, tasks: Mapping[str, Values]) -> Iterator[Account]:
    """Predictions = used in training + labelled + waiting + without a label by reason."""
    if "fitted" not in values:
        return
    measured = _mapping(tasks.get("calculate_monitoring_metrics", {}), "row")
    parts = {
        "used in training": values["fitted"],
        "labelled": measured.get("labelled", values.get("labelled")),
        "waiting": measured.get("estimate_rows", values.get("waiting")),
        **_mapping(values, "unlabelled"),
    }
    yield Account("loans", "", "loans", "with a prediction", values.get("predictions"), parts)


_OF_TASK: Mapping[str, Callable[[Values, Mapping[str, Values]], Iterator[Account]]] = {
    "gold_feature_engineering": _of_training_data,
    "prepare_inference_data": _of_scores,
    "fetch_predictions_and_actuals": _of_outcomes,
}


def _left_out(values: Values) -> dict[str, int]:
    """The loans that are left out, by reason in words."""
    counts = _mapping(values, "left_out")
    return {
        f"without {reason.removeprefix(WITHOUT)}": count
        for reason, count in counts.items()
        if reason.startswith(WITHOUT)
    }


def _refreshed(values: Values) -> Iterator[Values]:
    """The values of the ingests and cleanings that inference did itself."""
    for done in _mapping(values, "sources").values():
        yield from (done["ingested"], done["cleaned"])


def _mapping(values: Values, name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}
