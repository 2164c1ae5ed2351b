"""Random valid books have no findings, and a window that would see the future is found in each of them."""

from dataclasses import replace
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.book.columns import NUMBERS, Column, Dialect, Kind, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan, Candidate, Computed, Feature, Latest, Window
from jobs.book.functions import ratio
from jobs.book.validation import declaration_findings

KINDS = (Kind.INTEGER, Kind.COUNT, Kind.DECIMAL, Kind.CATEGORY, Kind.CODE)
ROLES = (
    Column("loan", Kind.IDENTIFIER, "Loan"),
    Column("customer", Kind.IDENTIFIER, "Customer"),
    Column("start", Kind.DATE, "Start"),
    Column("known", Kind.DATE, "Known"),
    Column("late", Kind.COUNT, "Days past due"),
)
CANDIDATE = Candidate("sklearn.linear_model.LogisticRegression")


@st.composite
def books(draw: st.DrawFn) -> Book:
    """A valid book with one to three sources and features of all of their columns."""
    sources = tuple(draw(sources_named(f"s{n}")) for n in range(draw(st.integers(1, 3))))
    read = [draw(feature_of(source, column)) for source in sources for column in source.columns if column not in ROLES]
    numbers = [feature.name for feature in read if isinstance(feature, Window)]
    made: list[Feature] = [Computed("made", (numbers[0], numbers[-1]), ratio)] if numbers else []
    features = (Latest("late_now", "s0", "late"), *read, *made)
    prediction = draw(st.integers(0, 12))
    observation = draw(st.integers(prediction + 1, 36))
    last = draw(st.integers(prediction + 1, observation))
    return Book(
        name="random",
        loan_source="s0",
        loan_id="loan",
        customer_id="customer",
        loan_start="start",
        prediction=prediction,
        observation=observation,
        bad_loan=BadLoan("s0", "late", draw(st.integers(0, 90)), draw(st.integers(0, last)), last),
        sources=sources,
        features=features,
        feature_sets=MappingProxyType({"all": tuple(feature.name for feature in features)}),
        candidates=(CANDIDATE,),
    )


@st.composite
def sources_named(draw: st.DrawFn, name: str) -> Source:
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=4))
    others = tuple(Column(f"{name}_{n}", kind, "Any", optional=draw(st.booleans())) for n, kind in enumerate(kinds))
    form = draw(st.sampled_from(["d/M/yyyy", "M/d/yyyy", "yyyy-MM-dd", "d.M.yyyy", "dd.MM.yyyy HH:mm:ss", "yyyyMMdd"]))
    dialect = Dialect(
        draw(st.sampled_from(";,|\t")), *draw(st.sampled_from([(",", "."), (".", "")])), "cp1252", (form,)
    )
    return Source(name, name, name, "known", ("customer", "known"), (*ROLES, *others), dialect)


@st.composite
def feature_of(draw: st.DrawFn, source: Source, column: Column) -> Feature:
    if column.kind in NUMBERS and draw(st.booleans()):
        statistic = draw(st.sampled_from(["count", "sum", "mean", "deviation"]))
        until = draw(st.sampled_from(["loan_start", "prediction"]))
        months = draw(st.none() | st.integers(1, 60))
        return Window(f"f_{column.name}", source.silver, column.name, statistic, until, months)  # type: ignore[arg-type]
    return Latest(f"f_{column.name}", source.silver, column.name)


@settings(max_examples=50, deadline=None)
@given(books())
def test_a_valid_book_has_no_findings(book: Book) -> None:
    assert declaration_findings(book) == []


@settings(max_examples=50, deadline=None)
@given(books(), st.integers(max_value=0) | st.sampled_from(["observation", "label", "today"]))
def test_a_window_that_would_see_the_future_is_always_found(book: Book, future: int | str) -> None:
    window = Window("late_sum", "s0", "late", "sum")
    planted = replace(window, until=future) if isinstance(future, str) else replace(window, months=future)
    (found,) = declaration_findings(book.with_feature(planted))
    assert "would see the future" in found.message
    assert found.line == planted.where.line
