"""The accounts of a run, made of the values that its tasks return."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jobs.accounting.account import Account
from jobs.accounting.flagged import flagged_sentence

Values = Mapping[str, Any]
Tasks = Mapping[str, Values]
ROW_GROUNDS = ("undated", "later_than_as_of", "without_customer", "flagged", "superseded")
DONE = ("ingested", "cleaned")  # what inference does for each dataset
WITHOUT = "without_"  # begins the reason of a loan that is left out because a source has no row of it


def accounts_of(tasks: Tasks) -> list[Account]:
    """The accounts of a run, of the values of its tasks by task. Numbers that no task has returned yet are None.

    The values of other tasks, and of tasks of these names that return something else, have no accounts.
    """
    return [
        account
        for task, values in tasks.items()
        for name, accounts in _OF_TASK.items()
        if _is_named(task, name)
        for account in accounts(task.removeprefix(name), values, tasks)
        if _is_counted(account)
    ]


def remarks_of(tasks: Tasks) -> list[str]:
    """What else the tasks counted or decided, a sentence each: formats, conflicts, blank lines, rows without a loan."""
    known = [values for task, values in tasks.items() if any(_is_named(task, name) for name in _OF_TASK)]
    read = [_mapping(done, name) for values in known for _, done in _refreshed(values) for name in DONE]
    return [remark for part in (*known, *read) for remark in _remarks(part)]


def _remarks(values: Values) -> Iterator[str]:
    for path, columns in _mapping(values, "formats").items():
        for column, text in columns.items() if isinstance(columns, Mapping) else ():
            yield f"{column} in {path.rpartition('/')[2]} is written with {text}."
    yield from _contradictions(values)
    for file in _mapping(values, "files"):
        if blank := _counts(_mapping(values, "files"), file).get("blank_lines", 0):
            yield f"{file}: {blank:,} blank {'line is no record' if blank == 1 else 'lines are no records'}."
    for what, count in _counts(values, "left_out").items():
        if not what.startswith(WITHOUT):
            yield f"{count:,} {what.replace('_', ' ')}."
    if told := flagged_sentence(_mapping(values, "flagged_loans")):
        yield told


def _contradictions(values: Values) -> Iterator[str]:
    for table, count in _counts(values, "conflicts").items():
        if count:
            keys = "key has" if count == 1 else "keys have"
            yield f"{table}: {count:,} {keys} rows of one date with different values; the last row counts."
    for table, count in _counts(values, "changing_loans").items():
        if count:
            loans = "loan has" if count == 1 else "loans have"
            yield f"{table}: {count:,} {loans} rows that differ in what is said of the loan as a whole."


def _of_files(dataset: str, values: Values, _tasks: Tasks) -> Iterator[Account]:
    """For each file: records read = stored + quarantined, and its quarantined records by reason, if there are any."""
    files = _mapping(values, "files") or {dataset: values}
    for file in files:
        counts = _mapping(files, file)
        if {"read", "stored", "quarantined", "reasons"} <= counts.keys():
            parts = {name: counts[name] for name in ("stored", "quarantined")}
            yield Account("files", dataset, file, "records read", counts["read"], parts)
            if counts["quarantined"]:
                reasons = _mapping(counts, "reasons")
                yield Account("files", dataset, file, "records quarantined", counts["quarantined"], reasons)


def _of_cleaning(table: str, values: Values, _tasks: Tasks) -> Iterator[Account]:
    """Rows stored = cleaned, and for each column with nulls: values = readable + nulls by reason."""
    rows = values.get("rows")
    if not isinstance(rows, int) or "became_null" not in values:
        return
    if "of_rows" in values:
        yield Account("tables", table, table, "rows stored", values["of_rows"], {"cleaned": rows})
    problems, nulls = _mapping(values, "became_null"), _counts(values, "nulls")
    for column in sorted({*problems, *nulls}, key=str):
        readable, reasons = rows - nulls.get(column, 0) if "nulls" in values else None, problems.get(column, {})
        if isinstance(reasons, Mapping):
            yield Account("columns", table, column, "values", rows, {"readable": readable, **reasons})


def _of_quality_control(_task: str, values: Values, _tasks: Tasks) -> Iterator[Account]:
    """For each table: rows cleaned = kept + left out by reason; then the customers, and the flagged ones by reason."""
    if "flagged" not in values:
        return
    for table in _mapping(values, "rows"):
        counts = _counts(_mapping(values, "rows"), table)
        if {"read", "kept"} <= counts.keys():
            parts = {"kept": counts["kept"], **{name: counts[name] for name in ROW_GROUNDS if counts.get(name)}}
            yield Account("tables", table, table, "rows cleaned", counts["read"], parts)
    customers = _counts(values, "customers")
    if {"known", "kept"} <= customers.keys():
        parts = {"kept": customers["kept"], "removed": values["flagged"]}
        yield Account("customers", "", "customers", "known", customers["known"], parts)
    if isinstance(values.get("reasons"), Mapping):
        yield Account("customers", "", "customers", "flagged", values["flagged"], values["reasons"], overlapping=True)


def _of_inference(task: str, values: Values, tasks: Tasks) -> Iterator[Account]:
    """The accounts of the datasets that inference read itself, of its quality control and of its scores."""
    for dataset, done in _refreshed(values):
        yield from _of_files(dataset, _mapping(done, "ingested"), tasks)
        yield from _of_cleaning(str(done.get("table", dataset)), _mapping(done, "cleaned"), tasks)
    yield from _of_quality_control(task, values, tasks)
    yield from _of_scores(values, tasks)


def _of_training_data(_task: str, values: Values, _tasks: Tasks) -> Iterator[Account]:
    """Loans known = labelled + waiting + without a label by reason + left out by reason."""
    if "matured" in values:
        parts = {"labelled": values["matured"], "waiting": values.get("waiting")}
        parts |= {**_mapping(values, "unlabelled"), **_left_out(values)}
        yield Account("loans", "", "loans", "known", values.get("known"), parts)


def _of_scores(values: Values, tasks: Tasks) -> Iterator[Account]:
    """Loans known = scored + scored of flagged customers, if any + not due yet + left out by reason."""
    if "loans" not in values:
        return
    later = [tasks[name] for name in ("store_predictions_gold", "make_predictions") if name in tasks]
    word, counted = ("scored", later[0]) if later else ("prepared", {"prepared": values["loans"]})
    scored = {word: counted.get(word)}
    if flagged := _counts(values, "flagged_loans").get("loans"):
        scored[f"{word}_flagged"] = counted.get(f"{word}_flagged") if later else flagged
    parts = {**scored, "not due yet": values.get("not_due"), **_left_out(values)}
    yield Account("loans", "", "loans", "known", values.get("known"), parts)


def _of_outcomes(_task: str, values: Values, tasks: Tasks) -> Iterator[Account]:
    """Predictions = flagged customers', if any + used in training + labelled + waiting + without a label by reason."""
    if "fitted" not in values:
        return
    measured = _mapping(tasks.get("calculate_monitoring_metrics", {}), "row")
    flagged = _counts(values, "flagged_loans").get("loans")
    parts = {
        **({"flagged": flagged} if flagged else {}),
        "used in training": values["fitted"],
        "labelled": measured.get("labelled_pooled", measured.get("labelled", values.get("labelled"))),
        "waiting": measured.get("estimate_rows", values.get("waiting")),
        **_mapping(values, "unlabelled"),
    }
    yield Account("loans", "", "loans", "with a prediction", values.get("predictions"), parts)


# The tasks that have accounts, by their names; those of a name that ends with _ are of one dataset or table each.
_OF_TASK: Mapping[str, Callable[[str, Values, Tasks], Iterator[Account]]] = {
    "ingest_": _of_files,
    "clean_": _of_cleaning,
    "remove_flagged_customers": _of_quality_control,
    "gold_feature_engineering": _of_training_data,
    "prepare_inference_data": _of_inference,
    "fetch_predictions_and_actuals": _of_outcomes,
}


def _is_named(task: str, name: str) -> bool:
    return task.startswith(name) if name.endswith("_") else task == name


def _is_counted(account: Account) -> bool:
    """Whether the total and the parts are numbers, as far as they are known."""
    return all(value is None or _is_count(value) for value in (account.total, *account.parts.values()))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _left_out(values: Values) -> dict[str, int]:
    """The loans that are left out, by reason in words."""
    return {
        f"without {reason.removeprefix(WITHOUT)}": count
        for reason, count in _counts(values, "left_out").items()
        if reason.startswith(WITHOUT)
    }


def _refreshed(values: Values) -> Iterator[tuple[str, Values]]:
    """The datasets that inference read itself, with the values of their ingests and cleanings."""
    for dataset in _mapping(values, "sources"):
        yield dataset, _mapping(_mapping(values, "sources"), dataset)


def _mapping(values: Values, name: str) -> Mapping[str, Any]:
    """The mapping of that name; an empty one when it is none."""
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _counts(values: Values, name: str) -> Mapping[str, int]:
    """The counts of that name; without those that are no numbers."""
    return {key: value for key, value in _mapping(values, name).items() if _is_count(value)}
