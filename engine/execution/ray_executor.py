"""Calls as Ray tasks. The one file that imports Ray."""

import logging
import os
import threading
from contextlib import suppress
from itertools import count
from time import monotonic, sleep
from typing import Any

from engine.cluster.environment import cpus_here, prepare_ray
from engine.cluster.private import PrivateRay, RayAddress, RayUnreachable
from engine.cluster.sessions import kill_task, remove_dead_sessions
from engine.execution.call import Call, Failure, Report, call_is_imported, run_call
from storage.settings import Settings

prepare_ray()  # Ray reads how it is to behave when it is imported, so its import comes after

import ray  # noqa: E402
from ray import exceptions  # noqa: E402

GIVING_UP = 1.0  # seconds in which a call that had not begun is given up, or has begun and can be killed
WARMING = 30.0  # seconds that warming may take before it is left to itself


class RayExecutor:
    """Runs each call as a Ray task: on the Ray at `cluster`, else on a private one that ends with this object.

    Ray is started or joined with the first call: a run that is all cached needs none.
    """

    def __init__(self, settings: Settings, cluster: RayAddress | None = None) -> None:
        self._settings = settings
        self._joined = cluster
        self._tickets = count()
        self._running: dict[Any, int] = {}
        self._titles: dict[int, str] = {}
        self._private: PrivateRay | None = None
        self._remote: Any = None
        self._ray: Any = ray
        self._opening = threading.Lock()  # a driver warms Ray in one thread and may need it in another

    @property
    def slots(self) -> int:
        if self._remote is None:
            return self._settings.ray_cpus or cpus_here()
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def open(self) -> None:
        """Starts or joins Ray, which takes some seconds; RayUnreachable when there is none to join."""
        with self._opening:
            if self._remote is None:
                self._connect()
                # The runner retries, where attempts are recorded; Ray itself must not.
                self._remote = ray.remote(max_retries=0)(run_call)

    def warm(self) -> None:
        """Has Ray's processes import what calls need, so that the first call finds them ready."""
        self.open()
        ready = ray.remote(max_retries=0)(call_is_imported)
        ray.wait([ready.remote() for _ in range(self.slots)], num_returns=self.slots, timeout=WARMING)

    def submit(self, call: Call) -> int:
        self.open()
        ticket = next(self._tickets)
        self._titles[ticket] = f"{call.task.name}#{os.getpid()}-{ticket}"
        options = {"num_cpus": min(call.task.cpus, self.slots), "name": self._titles[ticket]}
        reference = self._remote.options(**options).remote(call)
        self._running[reference] = ticket
        return ticket

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        waiting = list(self._running)
        if not waiting:
            sleep(timeout)
            return []
        ready, waiting = ray.wait(waiting, num_returns=1, timeout=timeout)
        if ready and waiting:
            more, _ = ray.wait(waiting, num_returns=len(waiting), timeout=0)
            ready += more
        return [(self._running.pop(reference), _report(reference)) for reference in ready]

    def cancel(self, ticket: int) -> None:
        """Kills the process that runs the call.

        Not by Ray's forced cancel: when the task happens to finish at the same moment, that aborts this whole process.
        Ray is only asked for a call that has not begun, or that runs on another machine.
        """
        for reference, held in list(self._running.items()):
            if held == ticket:
                del self._running[reference]
                if not kill_task(self._titles[ticket]):
                    with suppress(exceptions.RayError):  # a Ray that has ended runs nothing any more
                        ray.cancel(reference)
                        self._make_sure(reference, self._titles[ticket])

    def _make_sure(self, reference: Any, title: str) -> None:
        """Waits until a call that was just about to begin is given up, or kills it as soon as it has begun."""
        deadline = monotonic() + GIVING_UP
        while monotonic() < deadline and not kill_task(title):
            ready, _ = ray.wait([reference], timeout=0.05)
            if ready:
                return

    def close(self) -> None:
        if self._remote is not None:
            if self._private is not None:
                self._private.kill_bystanders()
            ray.shutdown()
            self._remote = None
        if self._private is not None:
            self._private.end()
            self._private = None

    def _connect(self) -> None:
        common: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
        try:
            if self._joined is not None:
                self._joined.probe()
                os.environ.update(self._joined.environment())
                ray.init(address=self._joined.address, **common)
                return
            remove_dead_sessions()
            self._private = PrivateRay.begin()
            os.environ.update(self._private.environment())
            ray.init(address="local", include_dashboard=False, **self._private_options(self._private), **common)
        except (RuntimeError, OSError, TimeoutError, exceptions.RayError) as error:
            why = " ".join(str(error).split())[:200]
            raise RayUnreachable(
                f"Ray could not be started ({why}); `python -m engine doctor` looks for the cause."
            ) from error

    def _private_options(self, private: PrivateRay) -> dict[str, Any]:
        return {
            "num_cpus": self.slots,
            "object_store_memory": self._settings.ray_memory,
            "_temp_dir": str(private.folder / "r"),  # Ray opens its folder to everybody; the one above stays ours
        }


def _report(reference: Any) -> Report:
    try:
        report: Report = ray.get(reference)
    except exceptions.LocalRayletDiedError as error:
        raise RayUnreachable("The Ray that the run used has ended; resume the run.") from error
    except exceptions.OutOfMemoryError:
        return Report(
            failure=Failure("OutOfMemory", "Ray ended the task because memory ran out; free some and resume.")
        )
    except exceptions.RayError as error:
        why = str(error).strip().splitlines()[0][:200] if str(error).strip() else "no reason given"
        return Report(failure=Failure(type(error).__name__, f"The Ray worker that ran the task died ({why})."))
    return report
