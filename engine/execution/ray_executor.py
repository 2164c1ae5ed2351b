"""Runs calls as Ray tasks. The only file that imports Ray."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from time import monotonic, sleep
from typing import Any

from engine.cluster.environment import cpus_here, prepare_ray
from engine.cluster.private import PrivateRay, RayAddress, RayUnreachable
from engine.cluster.sessions import kill_task, remove_dead_sessions
from engine.execution.call import Call, Failure, OtherCode, Report, call_is_imported, run_call
from engine.process.background import started_in_thread
from storage.settings import Settings

prepare_ray()  # Ray reads its environment when it is imported

import ray  # noqa: E402
from ray import exceptions  # noqa: E402
from ray._private.node import Node  # noqa: E402
from ray._raylet import AuthenticationTokenLoader  # type: ignore[attr-defined]  # noqa: E402

Node.start_api_server = lambda _, **__: None  # type: ignore[method-assign] # see WITHOUT_API_SERVER

log = logging.getLogger("loanwatch.engine")

NODE_ID = "ray.io/node-id"  # the label that Ray gives each node
CANCEL_TIMEOUT = 1.0  # seconds that `cancel` waits for the end of a call that has not started; `wait` watches it later
WARM_UP_TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Begun:
    """The first item of a call: it has begun, on the node with that id."""

    node: str


@dataclass
class Submitted:
    """A call that Ray has: its title, when it began (monotonic seconds), and on which node; None while it waits."""

    ticket: int
    title: str
    call: Call
    began: float | None = None
    node: str | None = None


def begun_and_report(call: Call) -> Iterator[Begun | Report]:
    """That the call has begun, at once, and its report when it ends. Ray streams both to the run's process."""
    yield Begun(ray.get_runtime_context().get_node_id())
    yield run_call(call)


class RayExecutor:
    """Runs each call as a Ray task, on the Ray at `cluster`, or on a private Ray that ends with this object.

    Ray is started or joined at the first call, so a fully cached run does not start it.
    """

    def __init__(self, settings: Settings, cluster: RayAddress | None = None) -> None:
        self._settings = settings
        self._joined = cluster
        self._tickets = count()
        self._running: dict[Any, Submitted] = {}  # by the stream of the call's items
        self._other_code: set[str] = set()  # the nodes that refused a call, because they have other code
        self._cancelled: dict[Any, str] = {}  # titles of calls that may still start, by stream
        self._private: PrivateRay | None = None
        self._starter: threading.Event | None = None  # ends the thread that started the private Ray
        self._remote: Any = None
        self._ray: Any = ray
        self._opening = threading.Lock()  # a run process opens Ray in two threads

    @property
    def slots(self) -> int:
        if self._remote is None:
            return self._settings.ray_cpus or cpus_here()
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def open(self) -> None:
        """Starts or joins Ray, which takes some seconds. Raises RayUnreachable when it can't be joined."""
        with self._opening:
            if self._remote is None:
                self._connect()
                # The runner retries and records attempts; Ray must not retry.
                self._remote = ray.remote(max_retries=0)(begun_and_report)

    def warm(self) -> None:
        """Lets Ray's processes import the modules that calls need, so that the first call starts without a delay."""
        self.open()
        ready = ray.remote(max_retries=0)(call_is_imported)
        ray.wait([ready.remote() for _ in range(self.slots)], num_returns=self.slots, timeout=WARM_UP_TIMEOUT)

    def submit(self, call: Call) -> int:
        self.open()
        ticket = next(self._tickets)
        self._start(ticket, call)
        return ticket

    def _start(self, ticket: int, call: Call) -> None:
        title = f"{call.task.name}#{os.getpid()}-{ticket}"
        cpus = self._cpus_by_node()
        options: dict[str, Any] = {"num_cpus": min(call.task.cpus, max(cpus.values(), default=1))}
        if self._other_code & cpus.keys() and cpus.keys() - self._other_code:  # when all refuse, one of them says so
            options["label_selector"] = {NODE_ID: f"!in({','.join(sorted(self._other_code))})"}
        stream = self._remote.options(name=title, **options).remote(call)
        self._running[stream] = Submitted(ticket, title, call)

    def began(self, ticket: int) -> float | None:
        return next((each.began for each in self._running.values() if each.ticket == ticket), None)

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        self._kill_cancelled()
        waiting = list(self._running)
        if not waiting:
            sleep(timeout)
            return []
        ready, waiting = ray.wait(waiting, num_returns=1, timeout=timeout)
        if ready and waiting:
            ready += ray.wait(waiting, num_returns=len(waiting), timeout=0)[0]
        reports = []
        for stream in ready:
            item = _next_item(stream)
            submitted = self._running[stream]
            if isinstance(item, Begun):
                submitted.began, submitted.node = monotonic(), item.node
                continue
            del self._running[stream]
            if not self._starts_elsewhere(submitted, item):
                reports.append((submitted.ticket, item))
        return reports

    def cancel(self, ticket: int) -> None:
        """Kills the process that runs the call.

        Ray's forced cancel is not used: it aborts this process when the task finishes at the same time. Ray's normal
        cancel is used for a call that has not started or runs on another machine.
        """
        for stream, submitted in list(self._running.items()):
            if submitted.ticket == ticket:
                del self._running[stream]
                if not kill_task(submitted.title):
                    with suppress(exceptions.RayError):  # Ray has ended, and the call with it
                        ray.cancel(stream)
                        self._cancelled[stream] = submitted.title
        deadline = monotonic() + CANCEL_TIMEOUT
        while self._kill_cancelled() and monotonic() < deadline:
            sleep(0.05)

    def _kill_cancelled(self) -> bool:
        """Kills cancelled calls that have started after all; whether some may still start."""
        for stream, title in list(self._cancelled.items()):
            if kill_task(title) or _has_ended(stream):
                del self._cancelled[stream]
        return bool(self._cancelled)

    def _starts_elsewhere(self, submitted: Submitted, report: Report) -> bool:
        """Whether a call that a node refused for its code starts again on a node that has not refused one yet."""
        if report.failure is None or report.failure.type != OtherCode.__name__ or submitted.node is None:
            return False
        self._other_code.add(submitted.node)
        if not self._cpus_by_node().keys() - self._other_code:
            return False
        log.warning("%s The call of %s goes to another node.", report.failure.message, submitted.call.task.name)
        self._start(submitted.ticket, submitted.call)
        return True

    def _cpus_by_node(self) -> dict[str, int]:
        """The CPUs of each node that has any. Ray never starts a call that asks for more than a node has."""
        cpus = {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]}
        return {node: number for node, number in cpus.items() if number}

    def close(self) -> None:
        self._cancelled.clear()
        if self._remote is not None:
            if self._private is not None:
                self._private.kill_bystanders()
            ray.shutdown()
            self._remote = None
        if self._private is not None:
            self._private.end()
            self._private = None
        if self._starter is not None:
            self._starter.set()
            self._starter = None

    def _connect(self) -> None:
        logging.getLogger("ray").setLevel(logging.ERROR)  # it warns that a thread starts it, which is intended
        common: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
        try:
            if self._joined is not None:
                self._joined.probe()
                _use_token_of(self._joined)
                ray.init(address=self._joined.address, **common)
                return
            remove_dead_sessions()
            self._private = PrivateRay.begin()
            _use_token_of(self._private)
            private: dict[str, Any] = {
                "include_dashboard": False,
                "num_cpus": self.slots,
                "object_store_memory": self._settings.ray_memory,
                "_temp_dir": str(self._private.folder / "r"),  # Ray opens it to all users; its parent stays private
            }
            self._starter = started_in_thread(lambda: ray.init(address="local", **private, **common))
        except (RuntimeError, OSError, TimeoutError, exceptions.RayError) as error:
            self.close()
            reason = " ".join(str(error).split())[:200]
            raise RayUnreachable(f"Ray could not be started ({reason}); enter `python -m engine doctor`.") from error


def _use_token_of(cluster: PrivateRay | RayAddress) -> None:
    """Gives this process the token of a Ray. Ray keeps the first one, with which a second Ray refuses the process."""
    os.environ.update(cluster.environment())
    AuthenticationTokenLoader.instance().reset_cache()


def _has_ended(stream: Any) -> bool:
    """Whether a cancelled call has ended. Drops its items."""
    with suppress(exceptions.RayError, StopIteration):
        while ray.wait([stream], timeout=0)[0]:
            if not isinstance(ray.get(next(stream)), Begun):
                return True
        return False
    return True


def _next_item(stream: Any) -> Begun | Report:
    """The next item of a call's stream, which is there; the end of its process as a failure."""
    try:
        item: Begun | Report = ray.get(next(stream))
    except StopIteration:
        return Report(failure=Failure("WorkerEnded", "The Ray worker of the task ended without a report."))
    except exceptions.LocalRayletDiedError as error:
        raise RayUnreachable("The Ray that the run used has ended; resume the run.") from error
    except exceptions.OutOfMemoryError:
        return Report(
            failure=Failure(
                "OutOfMemory", "Ray ended the task because memory was full; free some memory and resume the run."
            )
        )
    except exceptions.RayError as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else "no reason given"
        return Report(failure=Failure(type(error).__name__, f"The Ray worker of the task ended ({reason})."))
    return item
