"""Features as declarations. Each says what is known of it when: a feature cannot see past the prediction date.

The words follow Feast: every row has the date on which it became known, and a feature joins what was known at a point
in time. A window ends before the loan start or before the prediction date; nothing else can be declared.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from jobs.book.columns import Where, declared_here

Statistic = Literal["count", "sum", "mean", "deviation"]
Cut = Literal["loan_start", "prediction"]


@dataclass(frozen=True)
class Latest:
    """The value of a column in the newest row known on the prediction date.

    Rows belong to a loan by its loan id when the source has that column, else by its customer. `hidden` features serve
    others and are not kept.
    """

    name: str
    source: str
    column: str = ""
    description: str = ""
    hidden: bool = False
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)

    @property
    def reads(self) -> str:
        """The column that the feature is made of."""
        return self.column or self.name


@dataclass(frozen=True)
class Window:
    """A statistic of a column over the rows that became known before `until`, at most `months` earlier.

    `until` is the loan's start or its prediction date, exclusive. `months` None means no limit. Rows belong to a loan
    as for `Latest`. Nulls of the column do not count. Without a row the feature is null, a deviation without two rows.
    """

    name: str
    source: str
    column: str
    statistic: Statistic
    until: Cut = "prediction"
    months: int | None = None
    description: str = ""
    hidden: bool = False
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)

    @property
    def reads(self) -> str:
        """The column that the feature is made of."""
        return self.column


@dataclass(frozen=True)
class Computed:
    """A pure function of other features, called with their columns (Arrow arrays, one value a loan) in order.

    `function` is a module-level function and returns an array of the same length.
    """

    name: str
    of: tuple[str, ...]
    function: Callable[..., Any]
    description: str = ""
    hidden: bool = False
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)


Feature = Latest | Window | Computed


@dataclass(frozen=True)
class BadLoan:
    """When a loan is bad: `column` of `source` above `above` in any month on book from `first` to `last`.

    Labels and vintage curves share it. Bad, default and positive label mean the same: what the book calls bad, which
    need not be the default of a regulator (90 days past due). `month` is the column that counts the months on book;
    without it they are counted from the loan's start to the day on which a row became known. `description` is what the
    lender calls a bad loan.
    """

    source: str
    column: str
    above: float
    first: int
    last: int
    month: str = ""
    description: str = ""
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)


@dataclass(frozen=True)
class Segment:
    """A feature by whose values a model is judged group by group.

    `bounds` are the lower bounds of a number's bands, rising. Without bounds the groups of a number are its values if
    they are few, else its quarters; those of a category are its levels.
    """

    feature: str
    bounds: tuple[float, ...] = ()
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)


@dataclass(frozen=True)
class Candidate:
    """A classifier to train: the import name of a scikit-learn estimator with `predict_proba`, and its parameters.

    Two threads may call `predict_proba` of a fitted estimator at once.
    `scaled` puts a standard scaler before it, as linear models want. `keeps_missing` leaves missing numbers missing
    (NaN), for estimators that know them; it then gets a pandas frame in which whole numbers are codes of categories. An
    `optional` candidate is trained when the setting `candidates` names it.
    """

    estimator: str
    parameters: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    scaled: bool = False
    keeps_missing: bool = False
    optional: bool = False
    where: Where = field(default_factory=declared_here, compare=False, repr=False, init=False)

    @property
    def label(self) -> str:
        """The name under which the candidate is shown: the class, unless another one is given."""
        return self.name or self.estimator.rpartition(".")[2]
