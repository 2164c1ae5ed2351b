"""Tasks and pipelines as data, refused when the graph can't work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from engine.errors import BadPipeline
from jobs.job import Job, Outcome


@dataclass(frozen=True)
class Task:
    """One box of a pipeline.

    `run` is a module-level function. A task with `split` fans out: `run` is called once for each key that `split`
    gives, and `collect` (by default: adding up) makes one outcome of theirs. `reads` are tables made earlier in the run
    or published before it; `settings` the settings it sees; `extracts` the raw datasets. `limit` is in seconds.
    """

    name: str
    run: Callable[[Job], Outcome]
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    extracts: tuple[str, ...] = ()
    uses_champion: bool = False
    split: Callable[[Job], Sequence[str]] | None = None
    collect: Callable[[Job, Sequence[Outcome]], Outcome] | None = None
    retries: int = 2
    limit: float = 900.0
    cpus: int = 1


@dataclass(frozen=True)
class Pipeline:
    """Tasks in the order in which people read them. BadPipeline when they can't be run."""

    name: str
    tasks: tuple[Task, ...]

    def __post_init__(self) -> None:
        names = [task.name for task in self.tasks]
        self._refuse_repeated("task", names)
        self._refuse_repeated("table", [table for task in self.tasks for table in task.writes])
        for task in self.tasks:
            for need in task.needs:
                if need not in names:
                    raise BadPipeline(
                        f"Pipeline {self.name}: task {task.name} needs {need!r}, which is not a task of it."
                    )
            if "<" in task.run.__qualname__ or "." in task.run.__qualname__:
                raise BadPipeline(f"Pipeline {self.name}: task {task.name} must run a module-level function.")
        try:
            TopologicalSorter({task.name: task.needs for task in self.tasks}).prepare()
        except CycleError as error:
            raise BadPipeline(
                f"Pipeline {self.name}: its tasks need one another: {' -> '.join(error.args[1])}."
            ) from None
        self._refuse_races()

    @cached_property
    def ancestors(self) -> dict[str, frozenset[str]]:
        """The tasks that must be finished before each task, by its name."""
        found: dict[str, frozenset[str]] = {}
        for name in TopologicalSorter({task.name: task.needs for task in self.tasks}).static_order():
            needs = self.task(name).needs
            found[name] = frozenset(needs).union(*(found[need] for need in needs))
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
                if maker not in (None, task.name) and maker not in self.ancestors[task.name]:
                    raise BadPipeline(
                        f"Pipeline {self.name}: task {task.name} reads {table} but does not wait for {maker}."
                    )


def settings_of(pipeline: Pipeline) -> frozenset[str]:
    """Names of the settings that some task of the pipeline depends on."""
    return frozenset(name for task in pipeline.tasks for name in task.settings)


def graph(pipeline: Pipeline) -> dict[str, Any]:
    """The pipeline as plain data: task names and what each needs, in order."""
    return {task.name: list(task.needs) for task in pipeline.tasks}
