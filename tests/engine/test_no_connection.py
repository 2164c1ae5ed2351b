"""No connection beyond loopback: training, scoring, monitoring, worker, scheduler and console under strace."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.deployment import Deployment
from engine.process.registry import alive
from storage.settings import load_settings
from tests.console.live import answers, free_port
from tests.faults.counts import Count
from tests.paths import ROOT
from tests.processes import until
from tests.sandbox import ONE_CANDIDATE
from tests.summary import COUNT

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

CALLS = "trace=connect,sendto,sendmsg,sendmmsg"
INTERNET = re.compile(r"sa_family=AF_INET6?\b.*?(?:inet_addr\(\"([^\"]+)\"|inet_pton\(AF_INET6, \"([^\"]+)\")")
OWN = re.compile(r"127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+|0\.0\.0\.0|::")  # the last two are this machine too


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Count:
    return lambda line: request.node.user_properties.append((COUNT, line))


def traced(trace: Path, *words: str) -> list[str]:
    return [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-s",
        "0",
        "-e",
        CALLS,
        "-o",
        str(trace),
        sys.executable,
        "-m",
        "engine",
        *words,
    ]


def ray_is_up(home: Path) -> bool:
    deployment = Deployment.open(load_settings(home=home))
    up = any(row.detail.get("ray") == "up" for row in alive(deployment, "worker"))
    deployment.ledger.close()
    return up


def test_a_full_run_connects_to_this_machine_alone(small_book: Path, tmp_path: Path, counted: Count) -> None:
    home, port = tmp_path / "home", free_port()
    given = {"LOANWATCH_CONSOLE_PORT": str(port), "LOANWATCH_RAY_CPUS": "2", "LOANWATCH_METRICS_PORT": str(free_port())}
    environment = {**os.environ, **given}
    log = tmp_path / "up.log"
    with log.open("wb") as output:
        words = traced(tmp_path / "up.trace", "up", "--home", str(home))
        up = subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}"), "the console")
            until(lambda: ray_is_up(home), "the worker's Ray")  # or each run would start one of its own
            for pipeline in ("training", "inference", "monitoring"):
                data = ["--data", str(small_book)] if pipeline == "training" else []
                one = ["--param", f"candidates={ONE_CANDIDATE}"] if pipeline == "training" else []
                done = subprocess.run(
                    traced(tmp_path / f"{pipeline}.trace", "run", pipeline, *data, *one, "--home", str(home)),
                    cwd=ROOT,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=240,
                )
                assert done.returncode == 0, done.stdout + done.stderr + log.read_text()
        finally:
            os.killpg(up.pid, signal.SIGINT)
            up.wait(60)
    traces = [path.read_text(errors="replace") for path in tmp_path.glob("*.trace")]
    addresses = [found[1] or found[2] for text in traces for found in INTERNET.finditer(text)]
    assert len(addresses) > 50  # Ray's own, so that the test sees what it looks for
    assert {address for address in addresses if not OWN.fullmatch(address)} == set()
    counted(f"supply: {len(addresses)} connections and datagrams of a full run, all of this machine")
