"""The environment in which Ray's processes live: private, on loopback, one thread a task."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[1]

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
    """Sets what Ray reads when it is imported."""
    os.environ.update(RAY_ENVIRONMENT)


def session_environment(session: Path) -> Mapping[str, str]:
    """What a private Ray with its files in `session` needs besides: a fresh token that only this user can read."""
    token = session / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    paths = [str(PROJECT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {"RAY_AUTH_TOKEN_PATH": str(token), "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
