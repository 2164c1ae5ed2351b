"""Digests: the same on every machine, changed by all that changes results and by nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.book import retail
from jobs.book.digest import digest, label_definition, same_definition, source_digest
from tests.jobs.book.lender import LENDER, changed, module, written
from tests.paths import ROOT

PRINT = """import sys
from jobs.book.digest import digest
from jobs.book.loading import load
print(digest(load(sys.argv[1])))"""


def digest_elsewhere(reference: str, seed: str) -> str:
    """The digest in another process, which has other hashes."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT, reference],
        cwd=ROOT,
        env={"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip()


@pytest.mark.thorough
def test_two_processes_and_two_folders_give_the_same_digest(tmp_path: Path) -> None:
    here = digest(module(tmp_path, LENDER).BOOK)
    folder = tmp_path / "moved"
    folder.mkdir()
    assert digest_elsewhere(written(tmp_path, LENDER), "1") == here
    assert digest_elsewhere(written(folder, LENDER, "renamed.py"), "2") == here
    assert digest_elsewhere("", "3") == digest(retail.BOOK)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"Days past due"', '"Days"'),
        ('"acme"', '"other"'),
        ("\nLIMIT", "\n\n# Of the contract.\nLIMIT"),
        ("    return bounded(share)", '    """The share, bounded."""\n    return bounded(share)'),
        ("sources=(LOANS, PEOPLE),", "sources=(LOANS, PEOPLE),  # two"),
        ("LIMIT = 2.0", "UNUSED = 3\nLIMIT = 2.0"),
    ],
)
def test_what_is_only_read_by_people_changes_no_digest(old: str, new: str, tmp_path: Path) -> None:
    assert digest(module(tmp_path, LENDER).BOOK) == digest(module(tmp_path, changed(old, new)).BOOK)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("minimum=0", "minimum=1"),
        ("Kind.COUNT", "Kind.INTEGER"),
        ('received="Vertrag"', 'received="Konto"'),
        ("optional=True", "required=True"),
        ('"latin-1"', '"cp1252"'),
        ('known_on="month"', 'known_on="month", cadence=400'),
        ('("yyyy-MM-dd",)', '("d.M.yyyy",)'),
        ('key=("loan", "known")', 'key=("loan",)'),
        ("prediction=1", "prediction=2"),
        ("above=89", "above=29"),
        ("months=6", "months=7"),
        ('("paid", "due"), ratio', '("due", "paid"), ratio'),
        ("return bounded(share)", "return share"),
        ("return share if LIMIT else None", "return share if not LIMIT else None"),
        ("LIMIT = 2.0", "LIMIT = 3.0"),
        ('{"C": 0.5}', '{"C": 0.6}'),
        ("scaled=True", "scaled=False"),
        ('"few": ("age",)', '"few": ("job",)'),
        ("sources=(LOANS, PEOPLE)", "sources=(PEOPLE, LOANS)"),
    ],
)
def test_what_changes_results_changes_the_digest(old: str, new: str, tmp_path: Path) -> None:
    assert digest(module(tmp_path, LENDER).BOOK) != digest(module(tmp_path, changed(old, new)).BOOK)


def test_the_order_of_the_feature_sets_counts_because_the_first_is_the_default(tmp_path: Path) -> None:
    text = changed(
        '{"all": ("age", "job", "share"), "few": ("age",)}', '{"few": ("age",), "all": ("age", "job", "share")}'
    )
    assert digest(module(tmp_path, LENDER).BOOK) != digest(module(tmp_path, text).BOOK)


def test_a_source_has_a_digest_of_its_own(tmp_path: Path) -> None:
    before = module(tmp_path, LENDER)
    after = module(tmp_path, changed('"Profession"', '"Profession", missing_values=("?",)'))
    assert source_digest(before.PEOPLE) != source_digest(after.PEOPLE)
    assert source_digest(before.LOANS) == source_digest(after.LOANS)


def test_a_cadence_changes_no_table(tmp_path: Path) -> None:
    before = module(tmp_path, LENDER)
    after = module(tmp_path, changed('known_on="month"', 'known_on="month", cadence=400, new_loans_only=True'))
    assert (before.PEOPLE.cadence, after.PEOPLE.cadence) == (45, 400)
    assert source_digest(before.PEOPLE) == source_digest(after.PEOPLE)


def test_the_label_definition_is_plain_and_complete() -> None:
    assert label_definition(retail.BOOK) == {
        "prediction": 3,
        "observation": 6,
        "bad_loan": {
            "source": "loan_daily",
            "column": "overdue_amt",
            "above": 0.0,
            "first": 3,
            "last": 6,
            "month": "installment_num",
        },
    }


def test_a_difference_of_definitions_is_a_sentence(tmp_path: Path) -> None:
    lender = label_definition(module(tmp_path, LENDER).BOOK)
    assert same_definition(lender, dict(lender)) is None
    other = label_definition(module(tmp_path, changed("above=89, first=1", "above=29.5, first=2")).BOOK)
    assert same_definition(lender, other) == (
        "The labels are defined differently: the limit of a bad loan is 89 in one and 29.5 in the other; "
        "the first month of a bad loan is 1 in one and 2 in the other."
    )
    told = same_definition(lender, label_definition(retail.BOOK))
    assert told is not None
    assert "the prediction (months after the loan's start) is 1 in one and 3 in the other" in told
    assert "the column that counts the months is none in one and installment_num in the other" in told


def test_a_whole_limit_and_the_same_limit_with_a_point_are_one_definition(tmp_path: Path) -> None:
    one, other = (
        label_definition(module(tmp_path, changed("above=89", f"above={above}")).BOOK) for above in (89, 89.0)
    )
    assert same_definition(one, other) is None
