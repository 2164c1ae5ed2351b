"""The settings on which the results of runs depend: the worker's hold, so each other process should have the same.

A worker has its own in the process registry, where each process finds them.
"""

from pathlib import Path
from typing import Any

from engine.definitions.task import settings_of
from engine.deployment import Deployment
from engine.process.registry import alive
from storage.settings import PREFIX, is_remote

ROOTS = ("data", "datamart", "models", "reports")
OF_A_RUN = "verify"  # which each request says for itself


def setting_names(deployment: Deployment) -> set[str]:
    """The names of the settings that the tasks of all pipelines read, or the engine for them."""
    return {"cooldown_days"}.union(*(settings_of(pipeline) for pipeline in deployment.pipelines.values()))


def run_settings(deployment: Deployment) -> dict[str, str]:
    """The value of each setting by name, in order. A folder is absolute, an address without credentials and options."""
    names = sorted({"timezone", *setting_names(deployment)} - {OF_A_RUN})
    values = {name: str(getattr(deployment.settings, name)) for name in names}
    return values | {name: _place(getattr(deployment.settings, name)) for name in ROOTS}


def other_settings(deployment: Deployment) -> list[str]:
    """A sentence for each running worker that has other settings than this process, with both values of each."""
    here = run_settings(deployment)
    return [
        f"The worker with process id {row.pid} on {row.host} executes runs with other settings than this process has: "
        f"{', '.join(differing)}. Set the same in both, and restart the worker if its own are wrong."
        for row in alive(deployment, "worker")
        if (differing := _differing(here, row.detail.get("settings", {})))
    ]


def _differing(here: dict[str, str], there: dict[str, Any]) -> list[str]:
    """Where two processes differ. What only one of them knows is of another release or another book."""
    return [
        f"{PREFIX}{name.upper()} is {there[name] or 'not set'} there and {value or 'not set'} here"
        for name, value in here.items()
        if name in there and there[name] != value
    ]


def _place(root: str) -> str:
    if is_remote(root):
        scheme, _, rest = root.partition("?")[0].partition("://")
        return f"{scheme}://{rest.rpartition('@')[2]}"
    return str(Path(root).absolute()) if root else ""
