"""Whether the head of a Ray cluster answers to this process. Ray's own health check asks, in a process of its own.

An open port is no answer: Ray itself asks what is no Ray for minutes, and asks with a wrong token for ever.
"""

import os
import signal
import subprocess
import sys

from engine.cluster.environment import ray_environment
from engine.cluster.private import RayAddress, RayUnreachable
from engine.errors import Refused

ANSWER_WITHIN = 15  # seconds, with the import of Ray
# The alarm ends the process also when this one has ended, and while Ray's native code waits.
CHECK = f"import signal; signal.alarm({ANSWER_WITHIN}); from ray.scripts.scripts import main; main()"
# What Ray's health check says, and what is to be done.
REFUSALS = {
    "InvalidAuthToken": (
        "The Ray cluster at {0} refuses this RAY_AUTH_TOKEN; set the one with which its head was started, and "
        "RAY_AUTH_MODE=token."
    ),
    "couldn't find an authentication token": (
        "There is no token for the Ray cluster at {0}; set RAY_AUTH_TOKEN to the one with which its head was started, "
        "or RAY_AUTH_MODE=disabled if it was started without one."
    ),
    "Ray version mismatch": "The Ray cluster at {0} has another version of Ray; give every machine the same image.",
    "rpc_code: 12": "{0} is no Ray head, but another port of Ray; correct LOANWATCH_RAY_ADDRESS.",
}
SILENT = (
    f"What listens at {{0}} does not answer as a Ray head within {ANSWER_WITHIN} s; correct LOANWATCH_RAY_ADDRESS, or "
    "restart that head."
)


def refuse_unanswered(cluster: RayAddress) -> None:
    """Raises Refused when no Ray head answers there to this process's token, RayUnreachable when nothing listens."""
    cluster.probe()
    asked = subprocess.run(
        [sys.executable, "-c", CHECK, "health-check", "--address", cluster.address],
        env={**os.environ, **ray_environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if asked.returncode == 0:
        return
    if asked.returncode == -signal.SIGALRM:
        raise Refused(SILENT.format(cluster.address))
    for sign, sentence in REFUSALS.items():
        if sign in asked.stderr:
            raise Refused(sentence.format(cluster.address))
    reason = asked.stderr.strip().rpartition("\n")[2][:200]
    raise RayUnreachable(f"The Ray at {cluster.address} is not healthy ({reason}); look at the log of its head.")
