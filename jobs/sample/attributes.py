"""The sample's `features_attributes` extract: invented customers, with the data errors of the real one."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.sample.applicants import Applicants
from jobs.sample.text import DAY_TEXTS, csv_bytes, joined, quoted, replaced, suffixed, taken, text_of


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COLUMNS = ("Customer_ID", "Name", "Age", "SSN", "Occupation", "snapshot_date")
OCCUPATIONS = (
    "Accountant", "Architect", "Developer", "Doctor", "Engineer", "Entrepreneur", "Journalist", "Lawyer", "Manager",
    "Mechanic", "Media_Manager", "Musician", "Scientist", "Teacher", "Writer",
)  # fmt: skip
NO_OCCUPATION, NO_OCCUPATION_RATE = "_______", 0.0701
NO_SSN, NO_SSN_RATE = "#F%$D@*&8", 0.0598
NEGATIVE_AGE, NEGATIVE_AGE_RATE = "-500", 0.0069
WILD_AGE_RATE, LEAST_WILD_AGE, MOST_WILD_AGE = 0.0197, 101, 8_700
UNDERSCORED_AGE_RATE = 0.0460

# Names are composed of these. Each ends in an extra lower-case letter, as in the real extract.
GIVEN_NAMES = _words(
    "Adela Alba Anders Anouk Aurel Bastian Beatrix Bela Brenna Cedric Celia Corin Dagmar Darian Delia Dorian Edda "
    "Elio Elspeth Enzo Esther Fabian Farah Fenna Florin Gemma Gerd Greta Hamid Hanna Henrik Ilona Imre Ines Ivo Jana "
    "Jasper Jonas Juno Kamil Katya Keiko Lale Leif Lena Linus Lotte Malik Marta Mina Mira Nadia Nils Noor Odette Olaf "
    "Orla Pavel Petra Quentin Rafi Rhea Rosa Sana Selma Silas Sunniva Tamsin Tariq Thea Tobias Ulla Uma Viggo Vera "
    "Wanda Wim Xenia Yara Yusuf Zelda Zoltan"
)
NAME_STARTS = _words(
    "Ald Ban Bel Bor Bran Cal Car Cor Dal Dor Eld Fal Fen Gar Gol Hal Har Hol Ing Jar Kal Kar Kel Lan Lor Mal Mar Mor "
    "Nor Oren Pal Per Quil Ran Rod Sal Ser Sol Tal Tor Ul Val Var Wal Wen Yar Zan Zel"
)
NAME_ENDS = _words(
    "berg by croft dale den der do dri feld ford gaard ham han hurst ic ini kin ko land ley lin lo man mann mere mont "
    "ner nik ov owski quist ra rell ric rod san sen shaw ski son stad stein ta ton va ven vik ward well wick worth "
    "zel"
)
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
BOTH_NAMES_SHARE, GIVEN_NAME_SHARE = 0.40, 0.70
HYPHENATED_RATE, LOST_APOSTROPHE_RATE = 0.006, 0.007  # `Maltonn-Berby`; `OMalton"d`, which is quoted in CSV


def attributes_csv(rng: np.random.Generator, ids: Any, applicants: Applicants) -> Any:
    """The lines of these applicants, as one buffer."""
    rows = len(ids)
    occupation = taken(OCCUPATIONS, rng.integers(0, len(OCCUPATIONS), size=rows))
    return csv_bytes(
        [
            ids,
            names(rng, rows),
            _ages(rng, applicants),
            _security_numbers(rng, rows),
            replaced(occupation, rng.random(rows) < NO_OCCUPATION_RATE, NO_OCCUPATION),
            taken(DAY_TEXTS, applicants.cohorts),
        ]
    )


def names(rng: np.random.Generator, rows: int) -> Any:
    """`rows` invented names, quoted for CSV where needed: six in ten have one word, the others two."""
    given = taken(GIVEN_NAMES, rng.integers(0, len(GIVEN_NAMES), size=rows))
    family, other = _family_names(rng, rows), _family_names(rng, rows)
    hyphenated = joined([family, other], "-")
    family = pc.if_else(pa.array(rng.random(rows) < HYPHENATED_RATE), hyphenated, family)
    irish = rng.random(rows) < LOST_APOSTROPHE_RATE
    family = pc.if_else(pa.array(irish), joined([pa.scalar("O"), family, pa.scalar('""')], ""), family)
    both = rng.random(rows) < BOTH_NAMES_SHARE
    single = pc.if_else(pa.array(~irish & (rng.random(rows) < GIVEN_NAME_SHARE)), given, family)
    full = pc.if_else(pa.array(both), joined([given, family], " "), single)
    stray = taken(LETTERS, rng.integers(0, len(LETTERS), size=rows))
    return quoted(joined([full, stray], ""), irish)


def _family_names(rng: np.random.Generator, rows: int) -> Any:
    starts = taken(NAME_STARTS, rng.integers(0, len(NAME_STARTS), size=rows))
    return joined([starts, taken(NAME_ENDS, rng.integers(0, len(NAME_ENDS), size=rows))], "")


def _ages(rng: np.random.Generator, applicants: Applicants) -> Any:
    ages = text_of(applicants.figures["Age"])
    wild = text_of(rng.integers(LEAST_WILD_AGE, MOST_WILD_AGE + 1, size=len(ages)))
    ages = pc.if_else(pa.array(rng.random(len(ages)) < WILD_AGE_RATE), wild, ages)
    ages = replaced(ages, rng.random(len(ages)) < NEGATIVE_AGE_RATE, NEGATIVE_AGE)
    marked = rng.random(len(ages)) < UNDERSCORED_AGE_RATE
    return suffixed(ages, marked & pc.not_equal(ages, NEGATIVE_AGE).to_numpy(zero_copy_only=False))


def _security_numbers(rng: np.random.Generator, rows: int) -> Any:
    areas, groups, serials = (
        pc.utf8_lpad(text_of(rng.integers(0, 10**width, size=rows)), width, "0") for width in (3, 2, 4)
    )
    return replaced(joined([areas, groups, serials], "-"), rng.random(rows) < NO_SSN_RATE, NO_SSN)
