"""A look-up in sentences, for the console and the command line."""

from engine.documents.lookup.scores import MOST_VERSIONS
from engine.documents.values import Document

LOOKED_THROUGH = f"Only the newest {MOST_VERSIONS} predictions are looked through, as far as their files are kept."
OUTCOMES = {"bad": "went bad", "good": "did not go bad"}


def subject_sentence(document: Document) -> str:
    """Whom the id is about."""
    asked, loans = document["asked"], len(document["loans"])
    if document["kind"] == "unknown":
        return (
            f"No row of the cleaned tables has the id {asked!r}. Ids are compared letter by letter; a row that came "
            "later than the last run is not there yet."
        )
    owned = f"{loans} loan{'' if loans == 1 else 's'}" if loans else "no loan"
    if document["kind"] == "customer":
        return f"Customer {asked} with {owned}, as of {document['as_of']}."
    return f"Loan {asked} of customer {document['customer']} with {owned}, as of {document['as_of']}."


def checks_sentence(document: Document) -> str:
    """Whether quality control flagged the customer and why, and how many records are in quarantine."""
    records = len(document["quarantined"])
    held = f"{records} record{'' if records == 1 else 's'} in quarantine" if records else "No record in quarantine"
    if document["kind"] == "unknown":
        return f"{held}."
    if document["flagged"] is None:
        return f"Passes quality control. {held}."
    return (
        f"Flagged by quality control: {document['flagged']}. Flagged customers are in no silver table and train no "
        f"model; their loans are scored and counted apart. {held}."
    )


def loan_sentence(loan: Document) -> str:
    """The dates of a loan, and its outcome as far as it is known."""
    known = OUTCOMES.get(loan["outcome"] or "")
    outcome = f"it {known}" if known else f"its outcome is known from {loan['observation_date']} on"
    return f"Started on {loan['start']}, can be scored from {loan['prediction_date']} on; {outcome}."


def score_sentence(loan: Document) -> str:
    """The score of a loan and whether it means a predicted default; why it has none otherwise."""
    if loan["predicted_proba"] is None:
        return str(loan["not_scored"])
    verdict = "predicted to default" if loan["predicted_label"] else "predicted to be repaid"
    return f"Probability of default {loan['predicted_proba']:.1%}, {verdict}, by model {loan['model_version']}."


def history_sentence(loan: Document) -> str:
    """How the score moved, and from when on it is known."""
    scores = loan["scores"]
    if not scores:
        return f"No kept predictions have this loan. {LOOKED_THROUGH}"
    newest, oldest = scores[0], scores[-1]
    removed = f" The files of {loan['removed']} earlier predictions were removed." if loan["removed"] else ""
    if len(scores) == 1:
        return f"Scored once among the predictions that are kept, as of {newest['as_of']}. {LOOKED_THROUGH}{removed}"
    moved = newest["predicted_proba"] - oldest["predicted_proba"]
    models = len({one["model_version"] for one in scores})
    return (
        f"From {oldest['predicted_proba']:.1%} as of {oldest['as_of']} to {newest['predicted_proba']:.1%} as of "
        f"{newest['as_of']} ({100 * moved:+.1f} points), by {models} model{'' if models == 1 else 's'}. "
        f"{LOOKED_THROUGH}{removed}"
    )


def origin_text(feature: Document) -> str:
    """Where a feature's value is from: its rows or its parts, and what there is to know of them."""
    parts = []
    if feature["inputs"]:
        parts.append(", ".join(f"{name} {_short(value)}" for name, value in feature["inputs"].items()))
    elif len(feature["rows"]) == 1:
        parts.append(f"{feature['from']}, row of {next(iter(feature['rows'][0].values()))}")
    else:
        parts.append(f"{feature['from']}, {len(feature['rows'])} rows" if feature["rows"] else feature["from"])
    return "; ".join(filter(None, (*parts, feature["note"])))


def _short(value: object) -> str:
    return "missing" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
