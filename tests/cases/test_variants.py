"""Own variants of every collected kind: each is read as it was meant, less what it takes away, or refused by name.

Elsewhere: sklearn-mismatch and promote-race in test_models_of_cases.py, catch-up-and-dst in tests/faults
(test_clock_changes.py, test_slots.py).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jobs.errors import InputRejected
from storage.db.ledger import Ledger
from tests.cases import variants
from tests.cases.exports import Export, export, is_chosen
from tests.fuzz.reading import Loans, Read, ledger_in, read_book
from tests.paths import CASES
from tests.retail import SAFE15
from tests.sandbox import AS_OF

Exports = Mapping[str, Export]
ELSEWHERE = {"sklearn-mismatch", "catch-up-and-dst", "promote-race"}


def of(kinds: Mapping[str, Mapping[str, Any]]) -> list[Any]:
    """The variants of some kinds; the first one of each kind is not thorough."""
    return [
        pytest.param(kind, variant, id=f"{kind}: {variant}", marks=[pytest.mark.thorough] if place else [])
        for kind, named in kinds.items()
        for place, variant in enumerate(named)
    ]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with ledger_in(tmp_path_factory.mktemp("variants")) as opened:
        yield opened


@pytest.fixture(scope="module")
def original(ledger: Ledger, small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Loans:
    """The labels and features of the book as it was made, by loan."""
    return read_book(ledger, small_book, tmp_path_factory.mktemp("original"), as_of=AS_OF).loans


def changed(ledger: Ledger, book: Path, folder: Path, exports: Exports) -> Read:
    """What is read of a book in which some datasets are exported in another way."""
    return read_book(ledger, export(book, folder / "data", exports), folder / "read", as_of=AS_OF)


def assert_equal(found: Loans, expected: Loans, *, but: str = "") -> None:
    """The labels, the starts and the 15 features, apart from one column, are those that are expected."""
    assert found.keys() == expected.keys()
    for loan, row in found.items():
        for name in {"label", "loan_start_date", *SAFE15} - {but}:
            assert row[name] == pytest.approx(expected[loan][name], nan_ok=True), (loan, name)


@pytest.mark.reference
def test_every_collected_kind_has_three_variants() -> None:
    outcomes: tuple[Mapping[str, Mapping[str, Any]], ...]
    outcomes = (variants.SAME, variants.LOST, variants.EARLY, variants.LEVELS, variants.REFUSED)
    found = Counter(kind for outcome in outcomes for kind, named in outcome.items() for _ in named)
    kinds = {path.parent.name for path in CASES.glob("*/case.json")} - ELSEWHERE
    assert {kind for kind in kinds if found[kind] < 3} == set()


@pytest.mark.parametrize(("kind", "variant"), of(variants.SAME))
def test_labels_and_features_are_those_of_the_original(
    ledger: Ledger, small_book: Path, original: Loans, tmp_path: Path, kind: str, variant: str
) -> None:
    assert_equal(changed(ledger, small_book, tmp_path, variants.SAME[kind][variant]).loans, original)


@pytest.mark.parametrize(("kind", "variant"), of(variants.LOST))
def test_the_loans_of_the_chosen_customers_are_lost_and_no_other_differs(
    ledger: Ledger, small_book: Path, original: Loans, tmp_path: Path, kind: str, variant: str
) -> None:
    kept = {loan: row for loan, row in original.items() if not is_chosen(row["Customer_ID"])}
    assert 0 < len(kept) < len(original)
    assert_equal(changed(ledger, small_book, tmp_path, variants.LOST[kind][variant]).loans, kept)


@pytest.mark.parametrize(("kind", "variant"), of(variants.EARLY))
def test_a_ledger_that_ends_early_gives_no_other_label(
    ledger: Ledger, small_book: Path, original: Loans, tmp_path: Path, kind: str, variant: str
) -> None:
    found = changed(ledger, small_book, tmp_path, variants.EARLY[kind][variant])
    assert 0 < len(found.loans) < len(original)
    assert_equal(found.loans, {loan: original[loan] for loan in found.loans})
    unlabelled = found.values["gold_feature_engineering"]["unlabelled"]
    assert sum(unlabelled.values()) > 0
    assert set(unlabelled) <= {"no_month_on_record", "record_ends_early"}


@pytest.mark.thorough
@pytest.mark.parametrize(("kind", "variant"), of(variants.LEVELS))
def test_other_levels_change_their_column_alone(
    ledger: Ledger, small_book: Path, original: Loans, tmp_path: Path, kind: str, variant: str
) -> None:
    column = variant.partition(",")[0]
    found = changed(ledger, small_book, tmp_path, variants.LEVELS[kind][variant]).loans
    assert_equal(found, original, but=column)
    levels = {row[column] for row in found.values()}
    assert len(levels) == 1
    assert (levels == {None}) is (kind == "empty-category-later")


@pytest.mark.parametrize(("kind", "variant"), of(variants.REFUSED))
def test_a_file_is_refused_with_place_and_remedy(
    ledger: Ledger, small_book: Path, tmp_path: Path, kind: str, variant: str
) -> None:
    exports, sentences = variants.REFUSED[kind][variant]
    with pytest.raises(InputRejected) as refused:
        changed(ledger, small_book, tmp_path, exports)
    assert refused.value.exit_code == 3
    for sentence in sentences:
        assert sentence in str(refused.value)
