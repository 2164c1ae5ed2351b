"""What the name of a column says about it, in English and German."""

import re
import unicodedata

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_PERSONAL = re.compile(
    r"(?<!datei)(?<!file)name$|(^|_)(ssn|sin|nin|dob|iban|bic|mail|email|e_mail|phone|fax|mobile|address)|telefon|handy"
    r"|mobil|anschrift|adress|strasse|street|steuer|tax_?(id|n)|passport|social_?s|(^|_)cell|ausweis|sozialvers|birth|geburt|zweck|purpose"
    r"|comment|kommentar|bemerk|remark|(^|_)(memo|notiz|notes?|city|ort|wohnort|plz|zip|postcode)(_|$)"
)
_ID = re.compile(r"(^|_)(id|ids|nr|no|ref|key|uuid|guid|number|code)$|nummer$|[a-z]nr$|schluessel$|kennung$|_?id$")
_COUNT = re.compile(r"^(num|n|no|nr|anzahl|count|cnt|number_of|zahl)_|^anzahl|(_|^)(count|cnt|anzahl)$|^zahl_der")
_RATE = re.compile(r"rate$|ratio|zins|percent|prozent|pct|quote$|anteil|share|interest")
_CUSTOMER = re.compile(r"customer|client|kunde|borrower|member|person|kd_?n|debtor|schuldner|cust")
_LOAN = re.compile(r"loan|kredit|konto|vertrag|account|contract|darlehen|facility|agreement")
_KNOWN = re.compile(
    r"snapshot|stichtag|as_?of|report|stand|booking|buchung|posting|effective|valuta|load|known|extract"
)
_START = re.compile(r"start|begin|open|orig|disburs|auszahl|abschluss|eroeffn")
_LATE = re.compile(r"verzug|dpd|past_?due|overdue|delinq|arrear|rueckst|days_?late|ueberfaell")


def simple(name: str) -> str:
    """The name in ASCII letters, digits and underscores, as Python names a variable."""
    plain = unicodedata.normalize("NFKD", name.translate(_UMLAUTS)).encode("ascii", "ignore").decode()
    text = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_") if not re.fullmatch(r"[A-Za-z_]\w*", plain) else plain
    return f"c_{text}" if not text or text[0].isdigit() else text


def lowered(name: str) -> str:
    """The name in small letters with an underscore between its words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", simple(name)).lower()


def sounds_personal(name: str) -> bool:
    """Whether the column is about who the customer is: name, address, numbers of documents, free text."""
    return bool(_PERSONAL.search(lowered(name)))


def sounds_like_id(name: str) -> bool:
    """Whether the column identifies something."""
    return bool(_ID.search(lowered(name))) and not sounds_like_count(name)


def sounds_like_count(name: str) -> bool:
    """Whether the column counts something."""
    return bool(_COUNT.search(lowered(name)))


def sounds_like_rate(name: str) -> bool:
    """Whether the column is a rate or ratio, so that its whole numbers are decimal numbers too."""
    return bool(_RATE.search(lowered(name)))


def sounds_like_customer(name: str) -> bool:
    """Whether the column is about a customer."""
    return bool(_CUSTOMER.search(lowered(name)))


def sounds_like_loan(name: str) -> bool:
    """Whether the column is about a loan."""
    return bool(_LOAN.search(lowered(name)))


def sounds_known_on(name: str) -> bool:
    """Whether the date is the one on which a row became known."""
    return bool(_KNOWN.search(lowered(name)))


def sounds_like_start(name: str) -> bool:
    """Whether the date is a loan's start."""
    return bool(_START.search(lowered(name)))


def sounds_late(name: str) -> bool:
    """Whether the column says how late or how much overdue a payment is."""
    return bool(_LATE.search(lowered(name)))
