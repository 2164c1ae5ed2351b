"""The environment in which Ray's processes live: private, on loopback, one thread a task."""

import os

# Ray's head and workers inherit these. One OpenMP thread a worker: tasks are what runs in parallel. The flag with the
# odd name makes every socket of Ray's listen on loopback only, which --node-ip-address does not.
RAY_ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_IGNORE_UNHANDLED_ERRORS": "1",
    "RAY_AUTH_MODE": "token",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    # Columns are allocated and freed by the hundred; memory that a worker keeps (at most this much) has no page faults.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_MMAP_THRESHOLD_": str(256 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 1024**2),
}


def prepare_ray() -> None:
    """Sets what Ray reads when it is imported. Another way to log in to a cluster may be chosen beforehand."""
    os.environ.update({**RAY_ENVIRONMENT, "RAY_AUTH_MODE": os.environ.get("RAY_AUTH_MODE", "token")})


def cpus_here() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0))
