"""The default book declares what the pipelines read today: the same columns, checks, features and models."""

from jobs.book.columns import Kind
from jobs.book.loading import load
from jobs.book.validation import findings
from jobs.bronze.sources import SOURCES
from jobs.gold.features import FEATURE_SETS, NEEDED
from jobs.gold.labels import LABEL_INSTALLMENTS
from jobs.loan_calendar import OBSERVATION_MONTHS, PREDICTION_MONTHS
from jobs.modelling.candidates import CLASSIFIERS
from jobs.modelling.pipelines import untrained

BOOK = load("")


def test_it_is_valid_and_every_column_is_described() -> None:
    assert findings(BOOK) == []
    assert all(column.description for source in BOOK.sources for column in source.columns)


def test_it_has_the_same_sources_and_columns() -> None:
    assert list(BOOK.by_dataset) == list(SOURCES)
    for name, source in SOURCES.items():
        declared = BOOK.by_dataset[name]
        assert (declared.bronze, declared.silver) == (source.bronze, source.silver)
        assert declared.silver_schema == source.silver_schema
        assert declared.personal == source.personal
        kinds = {Kind.CODE: "ssn"}
        assert [kinds.get(column.kind, column.kind.value) for column in declared.columns] == [
            column.rule.kind.value for column in source.columns
        ]
        assert [set(column.missing_values) for column in declared.columns] == [
            set(column.rule.placeholders) for column in source.columns
        ]


def test_it_reads_the_same_columns_for_features() -> None:
    for table, names in NEEDED.items():
        assert set(BOOK.columns_read(BOOK.by_table[table])) == set(names)


def test_it_has_the_same_label_features_and_candidates() -> None:
    assert (BOOK.prediction, BOOK.observation) == (PREDICTION_MONTHS, OBSERVATION_MONTHS)
    assert (BOOK.bad_loan.first, BOOK.bad_loan.last) == LABEL_INSTALLMENTS
    assert dict(BOOK.feature_sets) == dict(FEATURE_SETS)
    assert [candidate.label for candidate in BOOK.candidates] == list(CLASSIFIERS)
    for candidate in BOOK.candidates:
        classifier = untrained(candidate.label, ("tenure",)).named_steps["classifier"]
        assert classifier.get_params().items() >= candidate.parameters.items()
