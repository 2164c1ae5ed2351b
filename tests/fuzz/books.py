"""Random exports of a sample book, and the verdict on what the product makes of each."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from jobs.book.declaration import Book
from jobs.errors import InputRejected
from storage.db.ledger import Ledger
from tests.fuzz.bases import AS_OF, SCALES, Base, tables_of
from tests.fuzz.exporting import NAMES, Export, write
from tests.fuzz.reading import Loans, read_book, scratch
from tests.fuzz.styles import FEATURES, REFUSED, Style
from tests.retail import BOOK, SAFE15, SOURCES

READ = {group: sorted(name for name in options if (group, name) not in REFUSED) for group, options in FEATURES.items()}
READ = {group: names for group, names in READ.items() if names}
BASES = tuple(
    Base(1 + place % 5, amounts, any_day=any_day, year=year, numeric_ids=place % 3 == 0)
    for place, (any_day, year, amounts) in enumerate(product((False, True), (None, 2024, None, 2023), sorted(SCALES)))
)
COMPARED = ("label", "prediction_date", "observation_date", *SAFE15)
Feature = tuple[str, str]


@dataclass(frozen=True)
class Made:
    """One random book: its number, its base, the exports of its datasets, and the features of each by name."""

    number: int
    base: Base
    exports: Mapping[str, Export]
    features: Mapping[str, tuple[Feature, ...]]

    @property
    def book(self) -> Book:
        """The default book with the dialects that are declared."""
        sources = []
        for source in BOOK.sources:
            dialect = dict(self.exports[source.dataset].styles[0].declared)
            sources.append(replace(source, dialect=replace(source.dialect, **dialect)) if dialect else source)
        return replace(BOOK, sources=tuple(sources))


@dataclass(frozen=True)
class Verdict:
    """What became of a book: `read` as the original, `refused` by name, or a `fault` (the sentence says which)."""

    state: str
    sentence: str = ""
    file: str = ""


def made_books(bases: int = len(BASES)) -> st.SearchStrategy[Made]:
    """Random books, each from a number of its own: choices that hypothesis draws one by one are too much alike.

    They are exports of the first so many `bases`.
    """
    return st.integers(0, 2**62).map(partial(made_book, bases=bases))


def made_book(number: int, bases: int) -> Made:
    """A random base and a random export for each dataset. At most one dataset has a feature that must be refused."""
    chance = random.Random(number)  # noqa: S311 - a book is no secret
    base = BASES[chance.randrange(bases)]
    unusable = chance.choice([*[""] * 12, *SOURCES])
    exports, features = {}, {}
    for dataset in SOURCES:
        groups = chance.sample(sorted(READ), chance.choice([0, 1, 1, 2, 3]))
        found = [(group, chance.choice(READ[group])) for group in groups]
        if dataset == unusable:
            found.append(chance.choice(sorted(REFUSED)))
        exports[dataset] = _export(chance, tuple(found))
        features[dataset] = tuple(found)
    return Made(number, base, exports, features)


def _export(chance: random.Random, features: tuple[Feature, ...]) -> Export:
    style = styled(features)
    names = chance.choice(["one file", "one file", *sorted(NAMES)])
    styles = [style] * (1 if names == "one file" else chance.randint(1, 4))
    if len(styles) > 1 and not style.declared and chance.random() < 0.3:
        styles[chance.randrange(len(styles))] = Style(rows=style.rows)
    return Export(tuple(styles), names, chance.random() < 0.2, chance.randint(0, 9))


def smallest(ledger: Ledger, made: Made) -> Made:
    """The book with as few changed datasets as still have the fault."""
    for dataset in SOURCES:
        fewer = replace(made, exports={**made.exports, dataset: Export()}, features={**made.features, dataset: ()})
        if verdict(ledger, fewer).state == "fault":
            made = fewer
    return made


def styled(features: tuple[Feature, ...]) -> Style:
    """The style that has these features."""
    style = Style()
    for group, name in features:
        style = style.changed(FEATURES[group][name])
    return style


def verdict(ledger: Ledger, made: Made) -> Verdict:
    """The verdict on a book: whether it is refused by name, or has the labels and features of its original."""
    with scratch() as folder:
        data = folder / "data"
        data.mkdir()
        for source in made.book.sources:
            write(data, source, tables_of(made.base)[source.dataset], made.exports[source.dataset])
        try:
            loans = read_book(ledger, data, folder, made.book, AS_OF).loans
        except InputRejected as error:
            return _refusal(error)
        except Exception as error:  # noqa: BLE001 - everything but a refusal is a fault
            return Verdict("fault", f"{type(error).__name__}: {error}")
    difference = _difference(loans, _original(ledger, made.base))
    return Verdict("fault", difference) if difference else Verdict("read")


def _refusal(error: InputRejected) -> Verdict:
    named = any(dataset in str(error) for dataset in SOURCES) or error.file
    if not (named and error.hint):
        return Verdict("fault", f"a refusal without file or remedy: {error}")
    return Verdict("refused", str(error), error.file)


@cache
def _original(ledger: Ledger, base: Base) -> Loans:
    with scratch() as folder:
        data = folder / "data"
        data.mkdir()
        for source in BOOK.sources:
            write(data, source, tables_of(base)[source.dataset], Export())
        return read_book(ledger, data, folder, BOOK, AS_OF).loans


def _difference(loans: Loans, original: Loans) -> str:
    """How the loans differ from the original ones; nothing when they do not."""
    if loans.keys() != original.keys():
        return f"{len(loans)} instead of {len(original)} loans"
    found: dict[str, int] = {}
    for loan, row in loans.items():
        for name in COMPARED:
            if not _same(row[name], original[loan][name]):
                found[name] = found.get(name, 0) + 1
    return ", ".join(f"{name} differs for {count} loans" for name, count in found.items())


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9) or (math.isnan(left) and math.isnan(right))
    return bool(left == right)


def folder_of(made: Made, folder: Path) -> None:
    """The book written into a folder, to look at."""
    for source in made.book.sources:
        write(folder, source, tables_of(made.base)[source.dataset], made.exports[source.dataset])
