"""Tasks and pipelines as data. The graph of a pipeline is checked when it is declared."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from typing import Any

from engine.errors import BadPipeline
from jobs.book.loading import module_of
from storage.lake.names import is_table_name
from storage.settings import Settings, is_timing

BOOK = "book"  # the module name that stands for the book's file or module
PIPELINE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Task:
    """A task of a pipeline.

    `run` is a module-level function from Job to TaskResult, written as `module:function`, so that a process imports
    only what it runs. A task with `split` has partitions: `split` has their keys, or names the function that returns
    them. `run` is called once for each key, and `collect` makes one result of all (by default their sum); the only key
    '' is that of a task that is not divided this time, and its result is that of `run`. `reads` are
    tables made earlier in the run or published before it, `settings` the settings it may read, `extracts` the raw
    datasets. The result of a `dated` task depends on the as-of date, so it is cached for that date only. `limit` is in
    seconds. A call of it runs on a node with so many free `cpus` and bytes of `memory`, or as many as the largest node
    has. A task with `source` depends on the declaration of that dataset alone, other tasks on the whole book. The
    module of `book:function` is the file or module of the book. A task with `uses_champion` gets the champions,
    with `uses_anchor` the anchor, with `uses_rejection` the reason why the newest delivery of extracts was rejected.
    """

    name: str
    run: str
    upstream: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    extracts: tuple[str, ...] = ()
    uses_champion: bool = False
    uses_anchor: bool = False
    uses_rejection: bool = False
    dated: bool = False
    split: str | tuple[str, ...] | None = None
    collect: str | None = None
    retries: int = 2
    limit: float = 900.0
    cpus: int = 1
    memory: int = 0
    source: str = ""

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions of the task, by name."""
        return tuple(name for name in (self.run, self.split, self.collect) if isinstance(name, str))


def function_named(reference: str, declaration: str = "") -> Callable[..., Any]:
    """The function `module:function`. Raises BadPipeline when there is none.

    `declaration` is the file or module of the book, which has the functions `book:function`.
    """
    module, _, name = reference.partition(":")
    try:
        place = module_of(declaration) if module == BOOK else import_module(module)
        function: Callable[..., Any] = getattr(place, name)
    except (ImportError, AttributeError) as error:
        raise BadPipeline(f"There is no function {reference} ({error}).") from error
    return function


@dataclass(frozen=True)
class Pipeline:
    """Tasks in the order of their display. Raises BadPipeline for an invalid graph.

    `schedule` is `daily HH:MM`, a weekday with a time, or `off`. A setting `schedule_...` replaces it.
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
            for upstream in task.upstream:
                if upstream not in names:
                    raise BadPipeline(
                        f"Pipeline {self.name}: the upstream task {upstream!r} of {task.name} does not exist."
                    )
            for reference in task.functions:
                if not FUNCTION.fullmatch(reference):
                    raise BadPipeline(
                        f"Pipeline {self.name}: {reference!r} of task {task.name} is not a `module:function`."
                    )
            self._refuse_unknown(task)
        try:
            TopologicalSorter({task.name: task.upstream for task in self.tasks}).prepare()
        except CycleError as error:
            raise BadPipeline(f"Pipeline {self.name}: the tasks form a cycle: {' -> '.join(error.args[1])}.") from None
        self._refuse_races()

    @cached_property
    def all_upstream(self) -> dict[str, frozenset[str]]:
        """All direct and indirect upstream tasks of each task, by its name."""
        upstream: dict[str, frozenset[str]] = {}
        for name in TopologicalSorter({task.name: task.upstream for task in self.tasks}).static_order():
            direct = self.task(name).upstream
            upstream[name] = frozenset(direct).union(*(upstream[each] for each in direct))
        return upstream

    def task(self, name: str) -> Task:
        """The task with that name."""
        return next(task for task in self.tasks if task.name == name)

    def maker(self, table: str) -> str | None:
        """The task of this pipeline that writes the table; None when there is none."""
        return next((task.name for task in self.tasks if table in task.writes), None)

    def _refuse_repeated(self, kind: str, names: list[str]) -> None:
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise BadPipeline(f"Pipeline {self.name}: {kind} {repeated[0]!r} is declared twice.")

    def _refuse_unknown(self, task: Task) -> None:
        for table in (*task.reads, *task.writes):
            if not is_table_name(table):
                raise BadPipeline(f"Pipeline {self.name}: {table!r} of task {task.name} can't be the name of a table.")
        for setting in task.settings:
            if setting not in Settings.model_fields:
                raise BadPipeline(f"Pipeline {self.name}: there is no setting {setting!r}, as task {task.name} reads.")

    def _refuse_races(self) -> None:
        for task in self.tasks:
            for table in task.reads:
                maker = self.maker(table)
                if maker not in (None, task.name) and maker not in self.all_upstream[task.name]:
                    raise BadPipeline(
                        f"Pipeline {self.name}: task {task.name} reads {table} but is not downstream of {maker}."
                    )


def settings_of(pipeline: Pipeline) -> frozenset[str]:
    """The names of all settings that the tasks of the pipeline read, or the engine for them."""
    compared = {"shrink_limit"} if any(task.extracts for task in pipeline.tasks) else set()
    return frozenset({"verify", *compared}.union(*(task.settings for task in pipeline.tasks)))
