"""Tasks and pipelines as data; an invalid graph is refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from typing import Any

from engine.errors import BadPipeline
from jobs.book.loading import module_of
from storage.settings import is_timing

BOOK = "book"  # the module name that stands for the book's file or module
PIPELINE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Task:
    """A task of a pipeline.

    `run` names a module-level function that takes a Job and gives a TaskResult, as `module:function`: a process imports
    only what it runs. A task with `split` fans out: `run` is called once for each key that `split` has, or gives when
    it names a function, and `collect` (by default: adding up) makes one outcome of theirs. `reads` are tables made
    earlier in the run or published before it; `settings` the settings it sees; `extracts` the raw datasets. A `dated`
    task names its result by the as-of date, so it is cached for that date only. `limit` is in seconds. A task with
    `source` depends on the declaration of that dataset alone, others on the whole book. In `book:function` the module
    is the file or module that declares the book.
    """

    name: str
    run: str
    upstream: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    extracts: tuple[str, ...] = ()
    uses_champion: bool = False
    dated: bool = False
    split: str | tuple[str, ...] | None = None
    collect: str | None = None
    retries: int = 2
    limit: float = 900.0
    cpus: int = 1
    source: str = ""

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions of the task, by name."""
        return tuple(name for name in (self.run, self.split, self.collect) if isinstance(name, str))


def function_named(reference: str, declaration: str = "") -> Callable[..., Any]:
    """The function that `module:function` names; BadPipeline when there is none.

    `declaration` is the file or module of the book, for functions that are named `book:function`.
    """
    module, _, name = reference.partition(":")
    try:
        place = module_of(declaration) if module == BOOK else import_module(module)
        found: Callable[..., Any] = getattr(place, name)
    except (ImportError, AttributeError) as error:
        raise BadPipeline(f"There is no function {reference} ({error}).") from error
    return found


@dataclass(frozen=True)
class Pipeline:
    """Tasks in the order in which people read them. BadPipeline when they can't be run.

    `schedule` is when it is due: `daily HH:MM`, a weekday, or `off`. The settings `schedule_...` stand above it.
    """

    name: str
    tasks: tuple[Task, ...]
    schedule: str = "off"

    def __post_init__(self) -> None:
        if not PIPELINE_NAME.fullmatch(self.name):
            raise BadPipeline(f"Pipeline {self.name!r}: the name is not safe; use small letters, digits and _.")
        if not is_timing(self.schedule):
            raise BadPipeline(
                f"Pipeline {self.name}: {self.schedule!r} is no timing; write `daily 03:00`, `sunday 02:00` or `off`."
            )
        names = [task.name for task in self.tasks]
        self._refuse_repeated("task", names)
        self._refuse_repeated("table", [table for task in self.tasks for table in task.writes])
        for task in self.tasks:
            for need in task.upstream:
                if need not in names:
                    raise BadPipeline(
                        f"Pipeline {self.name}: task {task.name} is downstream of {need!r}, which it does not have."
                    )
            for reference in task.functions:
                if not FUNCTION.fullmatch(reference):
                    raise BadPipeline(
                        f"Pipeline {self.name}: task {task.name} names {reference!r}, no module:function."
                    )
        try:
            TopologicalSorter({task.name: task.upstream for task in self.tasks}).prepare()
        except CycleError as error:
            raise BadPipeline(f"Pipeline {self.name}: its tasks form a cycle: {' -> '.join(error.args[1])}.") from None
        self._refuse_races()

    @cached_property
    def all_upstream(self) -> dict[str, frozenset[str]]:
        """All tasks upstream of each task, direct and indirect, by its name."""
        found: dict[str, frozenset[str]] = {}
        for name in TopologicalSorter({task.name: task.upstream for task in self.tasks}).static_order():
            upstream = self.task(name).upstream
            found[name] = frozenset(upstream).union(*(found[each] for each in upstream))
        return found

    def task(self, name: str) -> Task:
        """The task of that name."""
        return next(task for task in self.tasks if task.name == name)

    def maker(self, table: str) -> str | None:
        """The task of this pipeline that writes a table."""
        return next((task.name for task in self.tasks if table in task.writes), None)

    def _refuse_repeated(self, kind: str, names: list[str]) -> None:
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise BadPipeline(f"Pipeline {self.name}: {kind} {repeated[0]!r} is declared twice.")

    def _refuse_races(self) -> None:
        for task in self.tasks:
            for table in task.reads:
                maker = self.maker(table)
                if maker not in (None, task.name) and maker not in self.all_upstream[task.name]:
                    raise BadPipeline(
                        f"Pipeline {self.name}: task {task.name} reads {table} but is not downstream of {maker}."
                    )


def settings_of(pipeline: Pipeline) -> frozenset[str]:
    """Names of the settings that some task of the pipeline depends on."""
    return frozenset(name for task in pipeline.tasks for name in task.settings)
