"""The declaration as a whole: a lender's roles, sources, label, features, feature sets and candidates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Self

from jobs.book.columns import Column, Source, Where, declared_here
from jobs.book.features import BadLoan, Candidate, Computed, Feature, Latest, Segment, Window


@dataclass(frozen=True)
class Book:
    """What is particular to a lender. `prediction` and `observation` are months after the loan's start.

    `loan_source` is the silver name of the source with one row a loan and date; the roles `loan_id`, `customer_id` and
    `loan_start` name columns of it, as does `exposure`, the amount of a loan ('' for none). The first feature set and
    every candidate are the default. `segments` are the groups of borrowers by which models are judged besides all.
    """

    name: str
    loan_source: str
    loan_id: str
    customer_id: str
    loan_start: str
    prediction: int
    observation: int
    bad_loan: BadLoan
    sources: tuple[Source, ...]
    features: tuple[Feature, ...]
    feature_sets: Mapping[str, tuple[str, ...]]
    candidates: tuple[Candidate, ...]
    exposure: str = ""
    segments: tuple[Segment, ...] = ()
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)

    @property
    def by_dataset(self) -> Mapping[str, Source]:
        """The sources by the name of their files."""
        return MappingProxyType({source.dataset: source for source in self.sources})

    @property
    def by_table(self) -> Mapping[str, Source]:
        """The sources by their silver name."""
        return MappingProxyType({source.silver: source for source in self.sources})

    @property
    def loans(self) -> Source:
        """The source of the loans."""
        return self.by_table[self.loan_source]

    @property
    def outcomes(self) -> Source:
        """The source that says which loans went bad."""
        return self.by_table[self.bad_loan.source]

    @property
    def ids(self) -> list[str]:
        """The columns of the customer's and the loan's id."""
        return [self.customer_id, self.loan_id]

    @property
    def loan_facts(self) -> tuple[str, ...]:
        """The columns of the loans' source that say something of the loan as a whole: its start, and its features."""
        read = (one.reads for one in self.features if isinstance(one, Latest) and one.source == self.loan_source)
        return tuple(name for name in dict.fromkeys((self.loan_start, *read)) if name in self.loans.names)

    @property
    def default_feature_set(self) -> str:
        """The feature set that models are trained on unless another one is asked for."""
        return next(iter(self.feature_sets))

    @property
    def smaller_sets(self) -> Mapping[str, tuple[str, ...]]:
        """The feature sets that are the default one without some features, each with the features that it leaves out.

        A comparison of such a set with the default one tells what leaving the features out costs.
        """
        whole = self.feature_sets[self.default_feature_set]
        return MappingProxyType(
            {
                name: tuple(one for one in whole if one not in own)
                for name, own in self.feature_sets.items()
                if set(own) < set(whole)
            }
        )

    def feature(self, name: str) -> Feature | None:
        """The feature of that name; None when there is none."""
        return next((feature for feature in self.features if feature.name == name), None)

    def plain_name(self, feature: str) -> str:
        """A feature's description, as pages and charts name it; its own name when the book describes none."""
        known = self.feature(feature)
        return known.description if known is not None and known.description else feature

    def inputs_of(self, feature: str) -> tuple[tuple[Source, Column], ...]:
        """Every column that a feature is made of, with its source; none for a feature that the book does not have."""
        known = self.feature(feature)
        if known is None:
            return ()
        if isinstance(known, Computed):
            return tuple(dict.fromkeys(column for name in known.of for column in self.inputs_of(name)))
        column = self.by_table[known.source].column(known.reads)
        return () if column is None else ((self.by_table[known.source], column),)

    def columns_read(self, source: Source) -> tuple[str, ...]:
        """The columns of a source that labels and features are made of, roles and dates included."""
        roles = (self.loan_id, self.customer_id, source.known_on, *source.key)
        if source.silver == self.loan_source:
            roles = (*roles, self.loan_start, self.exposure)
        if source.silver == self.bad_loan.source:
            roles = (*roles, self.bad_loan.column, self.bad_loan.month)
        of_features = (
            feature.reads
            for feature in self.features
            if isinstance(feature, Latest | Window) and feature.source == source.silver
        )
        wanted = dict.fromkeys((*roles, *of_features))
        return tuple(name for name in wanted if name in source.names)

    def categories(self) -> tuple[str, ...]:
        """The features that hold texts, in declared order."""
        found = []
        for feature in self.features:
            if isinstance(feature, Latest) and feature.source in self.by_table:
                column = self.by_table[feature.source].column(feature.reads)
                if column is not None and column.kind.type == "string" and not feature.hidden:
                    found.append(feature.name)
        return tuple(found)

    def with_column(self, source: str, *columns: Column) -> Self:
        """The same book with more columns in a source, named by its silver table. LookupError when there is none."""
        return self.changed_source(source, columns=(*self._source(source).columns, *columns))

    def with_source(self, *sources: Source) -> Self:
        """The same book with more sources."""
        return replace(self, sources=(*self.sources, *sources))

    def with_feature(self, *features: Feature, into: str = "") -> Self:
        """The same book with more features, added to the feature set `into` when it is named.

        LookupError when the book has no such set.
        """
        sets = dict(self.feature_sets)
        if into:
            if into not in sets:
                raise LookupError(f"there is no feature set {into!r}; the book has {', '.join(sets)}")
            sets[into] = (*sets[into], *(feature.name for feature in features))
        return replace(self, features=(*self.features, *features), feature_sets=MappingProxyType(sets))

    def with_candidate(self, *candidates: Candidate) -> Self:
        """The same book with more candidates."""
        return replace(self, candidates=(*self.candidates, *candidates))

    def changed_source(self, source: str, **changes: Any) -> Self:
        """The same book with changed fields of a source, named by its silver table. LookupError when there is none."""
        changed = replace(self._source(source), **changes)
        return replace(self, sources=tuple(changed if one.silver == source else one for one in self.sources))

    def changed_column(self, source: str, column: str, **changes: Any) -> Self:
        """The same book with changed fields of a column. LookupError when the source or the column is not there."""
        known = self._source(source)
        if known.column(column) is None:
            raise LookupError(f"source {source} has no column {column!r}; it has {', '.join(known.names)}")
        columns = tuple(replace(one, **changes) if one.name == column else one for one in known.columns)
        return self.changed_source(source, columns=columns)

    def _source(self, silver: str) -> Source:
        if silver not in self.by_table:
            raise LookupError(f"there is no source {silver!r}; the book has {', '.join(self.by_table)}")
        return self.by_table[silver]
