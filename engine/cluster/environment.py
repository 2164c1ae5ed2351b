"""The environment of Ray's processes."""

import os

# For a private head, its workers, and every process that imports Ray. The workers of a joined cluster have the
# environment of that cluster. Each worker has one OpenMP thread, because tasks run in parallel.
# RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0 makes all of Ray's sockets listen on loopback only; --node-ip-address does not.
RAY_ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9/",  # where nobody listens; see WITHOUT_BYSTANDERS
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",
    "RAY_AUTH_MODE": "token",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    # For memory that is not Arrow's: what a worker keeps causes no page faults. Large arrays are given back at once,
    # because free memory between them would be kept too.
    "MALLOC_MMAP_THRESHOLD_": str(8 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 1024**2),
}

# `ray start` without the processes of Ray that have no use here. The API server has none without a dashboard; it asks
# the metadata services of three clouds where it is, and tells Ray's makers that usage reports are disabled. The monitor
# is that of the autoscaler. The log monitor sends the output of workers to drivers that ask for it, and ours do not.
# Each of them imports Ray, for which it has a processor just while a run begins.
WITHOUT_BYSTANDERS = """
from ray._private.node import Node
Node.start_api_server = Node.start_monitor = Node.start_log_monitor = lambda self, **_: None
from ray.scripts.scripts import main
main()
"""


def ray_environment() -> dict[str, str]:
    """The variables that Ray reads at its import. RAY_AUTH_MODE stays as set: a cluster may need another one."""
    return {**RAY_ENVIRONMENT, "RAY_AUTH_MODE": os.environ.get("RAY_AUTH_MODE", "token")}


def prepare_ray() -> None:
    """Sets the variables that Ray reads at its import."""
    os.environ.update(ray_environment())


def cpus_here() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0))
