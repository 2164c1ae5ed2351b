"""Features by their plain names, with the column name beside it."""

from markupsafe import Markup

from console.components.elements import Text
from jobs.bronze.plain_names import plain_name


def feature_text(feature: str) -> str:
    """`Loan amount (loan_amt)` for loan_amt; the plain name alone where the column name says nothing more."""
    plain = plain_name(feature)
    return plain if plain == feature else f"{plain} ({feature})"


def feature_html(feature: str) -> Text:
    """The plain name, and the column name in small letters where it differs."""
    plain = plain_name(feature)
    return plain if plain == feature else Markup('{} <span class="lw-note lw-mono">{}</span>').format(plain, feature)
