"""What every column means in plain words: those of the book, its features, and those that the product itself writes."""

from collections.abc import Mapping

from jobs.book.declaration import Book
from jobs.book.features import Computed, Latest, Window
from jobs.book.summary import STATISTICS, months

MEASURES: Mapping[str, str] = {
    "auc": "AUC: how well the model ranks loans that went bad above those that did not",
    "precision": "Share of the predicted defaults that went bad",
    "recall": "Share of the loans that went bad that were predicted to default",
    "f1": "Harmonic mean of precision and recall",
    "psi": "PSI: how far the distribution of scores moved since training",
    "ks": "KS: largest gap between the score distributions of good and bad loans",
    "gini": "Gini coefficient, 2 x AUC - 1",
    "auc_estimate": "AUC estimated from the scores alone, before outcomes are known",
    "labelled": "Loans with a known outcome",
    "defaults": "Loans with a known outcome that went bad",
}
OWN: Mapping[str, str] = {
    **MEASURES,
    "customer_id": "Customer",
    "loan_id": "Loan",
    "prediction_date": "Date of the prediction: in training data when the loan can be scored, else as-of of the run",
    "observation_date": "Date on which the outcome of the loan is known",
    "label": "Outcome: 1 for a loan that went bad, 0 for one that did not",
    "split": "Whether the customer's loans train the model or test it",
    "in_arrears": "Whether the loan was in arrears when it was scored",
    "exposure": "Amount of the loan",
    "predicted_label": "1 when the probability of default reaches the model's cut-off",
    "predicted_proba": "Probability of default",
    "model_version": "Version of the model",
    "cohort": "Month in which the loan could first be scored",
    "flagged": "Whether quality control flagged the customer",
    "flagged_reason": "Why the customer was flagged",
    "monitoring_date": "As-of date of the monitoring",
    "psi_chance_level": "PSI that chance alone would reach (99%)",
    "fitted_left_out": "Loans that the model was fitted on, which do not count",
    "window_rows": "Loans of the current window",
    "reference_rows": "Loans of the baseline",
    "estimate_rows": "Loans of the estimate",
    "cut_off": "Probability of default from which on a default is predicted",
    "auc_from": "First origination cohort of the AUC",
    "auc_to": "Last origination cohort of the AUC",
    "window_from": "First origination cohort of the current window",
    "window_to": "Last origination cohort of the current window",
    "auc_status": "State of the AUC against its threshold",
    "psi_status": "State of the PSI against its threshold",
    "status": "State of the model",
    "reason": "Why",
    "flagged_loans": "Loans of flagged customers",
    "flagged_labelled": "Loans of flagged customers with a known outcome",
    "flagged_defaults": "Loans of flagged customers that went bad",
    "flagged_amount": "Amount of the loans of flagged customers",
    "flagged_share": "Share of the loans of flagged customers in the amount of all loans",
    "stale": "Datasets whose newest row is older than expected",
    "newest_data": "Newest day of every dataset",
    "auc_confirmed": "Whether a crossed AUC threshold is beyond the interval of the AUC",
    "psi_confirmed": "Whether a crossed PSI threshold is above the noise level",
    "scored": "Loans that were scored",
    "mature": "Whether the outcomes of the cohort are known",
    "auc_forecast": "AUC expected once all outcomes are known",
    "feature": "Feature",
    "csi": "CSI: how far the distribution of the feature moved since training",
    "chance_level": "CSI that chance alone would reach (99%)",
    "band": "Band of the CSI",
    "file": "File of the extract",
    "line": "Line of the file",
    "text": "Text of the record",
    "candidate": "Candidate model",
    "fold": "Part of the train loans that the score is out of",
    "raw_score": "Score before calibration",
    "fitted": "Whether the model was fitted on the loan",
    "observed": "Date up to which the loan's payments are known",
    "months_on_book": "Months on book that are known",
    "bad_month": "Month on book in which the loan went bad",
    "__unreadable": "Columns of the row whose amounts could not be read",
}
ENDINGS: Mapping[str, str] = {
    "_low": "lower end of its 95% interval",
    "_high": "upper end of its 95% interval",
    "_pooled": "of all known outcomes",
    "_not_in_arrears": "of the loans that were not in arrears at scoring",
    "_in_arrears": "of the loans that were in arrears at scoring",
}


def column_description(book: Book, name: str, table: str = "") -> str:
    """What a column means; '' when nothing is known of it.

    `table` is a dataset of the book or a table (`layer.name`). A column of a source has the book's description, one of
    any other table that of the feature of its name, or else of what the product writes under that name.
    """
    short = table.rpartition(".")[2]
    for source in book.sources:
        if short in (source.dataset, source.bronze, source.silver) and (column := source.column(name)):
            return column.description
    described = feature_description(book, name) or _own(name)
    return described or next((one.description for source in book.sources if (one := source.column(name))), "")


def feature_description(book: Book, feature: str) -> str:
    """A feature in words: its plain name, and what it is made of; '' when the book does not have it.

    For example: `Clicks, mean: mean of clicks (Clicks of the month) before the loan's start`.
    """
    known = book.feature(feature)
    if known is None:
        return ""
    made = _of_rows(book, known) if isinstance(known, Window) else _of_columns(book, known)
    return made if made.startswith(known.description) else f"{known.description}: {made}"


def _of_rows(book: Book, feature: Window) -> str:
    """What a window is made of."""
    until = "the prediction date" if feature.until == "prediction" else "the loan's start"
    length = f"in the {months(feature.months)} before {until}" if feature.months else f"before {until}"
    described = column_description(book, feature.column, feature.source)
    column = f"{feature.column} ({described})" if described else feature.column
    return f"{STATISTICS[feature.statistic].format(column)} {length}"


def _of_columns(book: Book, feature: Latest | Computed) -> str:
    """What a newest value or a computed feature is made of."""
    described = [column.description or column.name for _, column in book.inputs_of(feature.name)]
    made = " and ".join(filter(None, (", ".join(described[:-1]), *described[-1:])))
    return f"made of {made}" if isinstance(feature, Computed) else made


def _own(name: str) -> str:
    """What the product writes under a name."""
    if name in OWN:
        return OWN[name]
    for ending, words in ENDINGS.items():
        if name.endswith(ending) and (base := _own(name.removesuffix(ending))):
            return f"{base}, {words}"
    return ""
