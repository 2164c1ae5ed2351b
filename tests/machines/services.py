"""What the machines of a test reach by network alone: a real S3 server, and the way to a PostgreSQL.

`python -m tests.machines.services SOCKET` in a network of its own makes the bridge of that network, serves both at its
address, prints a line, and ends with its input.
"""

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress

import boto3
from moto.server import ThreadedMotoServer

ADDRESS = "10.77.0.1"
BRIDGE = "bridge"
S3_PORT, LEDGER_PORT = 9000, 5432
BUCKET = "loanwatch"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


def main() -> None:
    """Serves until the input ends."""
    for words in (
        ("link", "set", "lo", "up"),
        ("link", "add", BRIDGE, "type", "bridge"),
        ("addr", "add", f"{ADDRESS}/24", "dev", BRIDGE),
        ("link", "set", BRIDGE, "up"),
    ):
        subprocess.run(["ip", *words], check=True)
    os.environ.update(KEYS)
    s3 = ThreadedMotoServer(ip_address=ADDRESS, port=S3_PORT, verbose=False)
    s3.start()
    boto3.client("s3", endpoint_url=f"http://{ADDRESS}:{S3_PORT}").create_bucket(Bucket=BUCKET)
    listener = socket.create_server((ADDRESS, LEDGER_PORT), backlog=100)
    threading.Thread(target=_forward, args=(listener, sys.argv[1]), daemon=True).start()
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    sys.stdin.read()
    os._exit(0)


def _forward(listener: socket.socket, path: str) -> None:
    """Passes each connection on to the server behind a socket of this machine."""
    while True:
        caller, _ = listener.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(path)
        for one, other in ((caller, server), (server, caller)):
            threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    for each in (one, other):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    main()
