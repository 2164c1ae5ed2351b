"""Runs calls as Ray tasks. The only file that imports Ray."""

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from time import monotonic, sleep
from typing import Any

from engine.cluster.environment import cpus_here, prepare_ray
from engine.cluster.private import PrivateRay, RayAddress, RayUnreachable
from engine.cluster.sessions import kill_task, remove_dead_sessions
from engine.execution.call import Call, Report, call_is_imported, run_call
from engine.execution.nodes.lost_calls import report_of_lost_call
from engine.execution.nodes.placing import NODE_ID, Nodes
from engine.execution.nodes.reach import contents_here, difference
from engine.execution.nodes.submitted import Begun, Submitted
from engine.execution.nodes.subtasks import Offloading
from engine.process.background import started_in_thread
from engine.process.identity import mark_of
from engine.process.memory import give_back
from jobs.subtasks import offloaded_with
from storage.settings import Settings

prepare_ray()  # Ray reads its environment when it is imported

import ray  # noqa: E402
from ray import exceptions  # noqa: E402
from ray._private.node import Node  # noqa: E402
from ray._raylet import AuthenticationTokenLoader  # type: ignore[attr-defined]  # noqa: E402

for start in ("start_api_server", "start_monitor", "start_log_monitor"):
    setattr(Node, start, lambda _, **__: None)  # see WITHOUT_BYSTANDERS

CANCEL_TIMEOUT = 1.0  # seconds that `cancel` waits for calls that have not started; later `wait` watches them
WARM_UP_TIMEOUT = ANSWER_TIMEOUT = 30.0  # seconds
WARM = 4  # processes; as many calls as the default book begins with, however many CPUs the cluster has


def begun_and_report(call: Call, avoided: frozenset[str]) -> Iterator[Begun | Report]:
    """That the call has begun, at once, and its report when it ends. Ray streams both to the process that asked."""
    yield Begun(ray.get_runtime_context().get_node_id())
    mark = str(ray.get_runtime_context().get_task_name()).partition("#")[2]
    with offloaded_with(Offloading(RayExecutor(None, None, mark, avoided), call)):
        report = run_call(call)
    yield report
    give_back()  # the report is on its way, and the process gets no other call before


class RayExecutor:
    """Runs calls as Ray tasks, on the Ray at `cluster` or on a private one. A run that calls nothing starts none.

    Titles of calls have the mark. In a process of Ray's, mark and `avoided` nodes are of its call, without settings.
    """

    def __init__(
        self, settings: Settings | None, cluster: RayAddress | None = None, mark: str = "", avoided: Iterable[str] = ()
    ) -> None:
        self._settings, self._joined, self._mark = settings, cluster, mark or mark_of(os.getpid())
        self._tickets, self._starts, self._nodes = count(), count(), Nodes(ray.nodes, avoided)
        self.capacity = self._nodes.capacity
        self._running: dict[Any, Submitted] = {}  # by the stream of the call's items
        self._began: dict[int, float] = {}  # by ticket
        self._cancelled: dict[Any, str] = {}  # titles of calls that may still start, by stream
        self._private: PrivateRay | None = None
        self._starter: threading.Event | None = None  # ends the thread that started the private Ray
        self._remote: Any = None
        self._opening = threading.RLock()  # Ray is opened in two threads, and not closed while it opens

    def open(self) -> None:
        """Starts or joins Ray, which takes some seconds. Raises RayUnreachable when it can't be joined."""
        with self._opening:
            if self._remote is None:
                if self._settings is not None:
                    self._connect(self._settings)
                self._remote = ray.remote(max_retries=0)(begun_and_report)  # the runner retries, and records it

    def warm(self) -> None:
        """Lets Ray's processes import the modules that calls need, so that the first call starts without a delay."""
        self.open()
        ready = ray.remote(max_retries=0)(call_is_imported)
        if calls := [ready.remote() for _ in range(min(WARM, self._nodes.capacity()))]:
            ray.wait(calls, num_returns=len(calls), timeout=WARM_UP_TIMEOUT)

    def free(self) -> Mapping[str, float]:
        """What is free in all of the cluster, by the name of the resource; memory in bytes."""
        return dict(ray.available_resources())  # type: ignore[no-untyped-call]

    def unshared(self, paths: Sequence[str]) -> tuple[str, str, str] | None:
        """(host, path, what is wrong) of a node of a joined cluster that has not the file of this one; None without.

        A node that does not answer is left out: it may be gone, or have other code, of which its calls tell.
        """
        self.open()
        own = ray.get_runtime_context().get_node_id()
        others = [node for node in self._nodes.all() if node.node_id != own] if self._joined else []
        here = contents_here(paths) if others else {}
        look = ray.remote(num_cpus=0, max_retries=0)(contents_here)
        asked = {look.options(label_selector={NODE_ID: node.node_id}).remote(paths): node.host for node in others}
        answers, silent = ray.wait(list(asked), num_returns=len(asked), timeout=ANSWER_TIMEOUT) if asked else ([], [])
        for call in silent:
            ray.cancel(call)
        for answer in answers:
            with suppress(exceptions.RayError):
                if found := difference(here, ray.get(answer)):
                    return asked[answer], *found
        return None

    def submit(self, call: Call) -> int:
        self.open()
        self._start(ticket := next(self._tickets), call)
        return ticket

    def _start(self, ticket: int, call: Call) -> None:
        title = f"{call.task.name}#{self._mark}-{next(self._starts)}"
        asked = self._nodes.asked_for(call.task)
        stream = self._remote.options(name=title, **asked.as_options()).remote(call, asked.avoided)
        self._running[stream] = Submitted(ticket, title, call, asked)

    def began(self, ticket: int) -> float | None:
        return self._began.get(ticket)

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        self._kill_cancelled()
        self._place_again()
        waiting = list(self._running)
        if not waiting:
            sleep(timeout)
            return []
        ready, waiting = ray.wait(waiting, num_returns=1, timeout=timeout)
        if ready and waiting:
            ready += ray.wait(waiting, num_returns=len(waiting), timeout=0)[0]
        reports = []
        for stream in ready:
            submitted = self._running[stream]
            item = _next_item(stream, submitted, self._nodes)
            if isinstance(item, Begun):
                self._began[submitted.ticket], submitted.node = monotonic(), item.node
                continue
            del self._running[stream]
            self._began.pop(submitted.ticket, None)
            if not self._starts_elsewhere(submitted, item):
                reports.append((submitted.ticket, item))
        return reports

    def cancel(self, *tickets: int) -> None:
        """Kills the processes that run the calls. Ray cancels what has not started or runs on another machine."""
        # Ray's forced cancel is not used: it aborts this process when the task finishes at the same time.
        for stream in [stream for stream, submitted in self._running.items() if submitted.ticket in tickets]:
            self._withdraw(stream)
        deadline = monotonic() + CANCEL_TIMEOUT
        while self._kill_cancelled() and monotonic() < deadline:
            sleep(0.05)

    def _withdraw(self, stream: Any) -> None:
        submitted = self._running.pop(stream)
        self._began.pop(submitted.ticket, None)
        if not kill_task(submitted.title):
            with suppress(exceptions.RayError):  # Ray has ended, and the call with it
                ray.cancel(stream)
                self._cancelled[stream] = submitted.title

    def _kill_cancelled(self) -> bool:
        """Kills cancelled calls that have started after all; whether some may still start."""
        for stream, title in list(self._cancelled.items()):
            if kill_task(title) or _has_ended(stream):
                del self._cancelled[stream]
        return bool(self._cancelled)

    def _starts_elsewhere(self, submitted: Submitted, report: Report) -> bool:
        """Whether a call that a node refused for its code starts again on another one; no subtask does."""
        node, task = submitted.node, submitted.call.task.name
        if node is None or submitted.call.subtask or not self._nodes.refused(node, task, report):
            return False
        self._start(submitted.ticket, submitted.call)
        return True

    def _place_again(self) -> None:
        """Starts calls anew that wait for what no node has any more, because a node is gone."""
        for stream, submitted in list(self._running.items()):
            if submitted.node is None and self._nodes.lack(submitted.asked):
                self._withdraw(stream)
                self._start(submitted.ticket, submitted.call)

    def close(self) -> None:
        self._cancelled.clear()
        with self._opening:
            if self._remote is not None:
                ray.shutdown()
                self._remote = None
            if self._private is not None:
                self._private.end()
                self._private = None
            if self._starter is not None:
                self._starter.set()
                self._starter = None

    def _connect(self, settings: Settings) -> None:
        logging.getLogger("ray").setLevel(logging.ERROR)  # it warns that a thread starts it, which is intended
        common: Any = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
        try:
            if self._joined is not None:
                self._joined.probe()
                _use_token_of(self._joined)
                ray.init(address=self._joined.address, **common)
                return
            remove_dead_sessions()
            self._private = PrivateRay.begin()
            _use_token_of(self._private)
            private: Any = {
                "include_dashboard": False,
                "num_cpus": settings.ray_cpus or cpus_here(),
                "object_store_memory": settings.ray_memory,
                "_temp_dir": str(self._private.folder / "r"),  # Ray opens it to all users; its parent stays private
            }
            self._starter = started_in_thread(lambda: ray.init(address="local", **private, **common))
        except (RuntimeError, ValueError, OSError, TimeoutError, exceptions.RayError) as error:
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


def _next_item(stream: Any, submitted: Submitted, nodes: Nodes) -> Begun | Report:
    """The next item of a call's stream, which is there; the end of its process as a failure."""
    try:
        item: Begun | Report = ray.get(next(stream))
    except exceptions.LocalRayletDiedError as error:
        raise RayUnreachable("The Ray that the run used has ended; resume the run.") from error
    except (StopIteration, exceptions.RayError) as error:
        return report_of_lost_call(error, submitted, nodes)
    return item
