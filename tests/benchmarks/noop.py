"""A pipeline shaped like training whose twelve tasks do nothing: what a run costs without its work."""

from engine.definitions.task import Pipeline, Task
from jobs.job import Job, TaskResult
from tests.retail import TRAINING


def nothing(job: Job) -> TaskResult:
    """Nothing."""
    return TaskResult(values={"task": job.task})


NOOP = Pipeline(
    "noop", tuple(Task(task.name, "tests.benchmarks.noop:nothing", upstream=task.upstream) for task in TRAINING.tasks)
)
