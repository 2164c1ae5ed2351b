"""An object store that fails: a real S3 server in a process of its own, behind a proxy that fails at times."""

import http.client
import random
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

import boto3

HOST = "127.0.0.1"
BUCKET = "loanwatch"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
HOPS = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
PATIENCE = 30.0  # seconds for the server to answer


@dataclass
class FlakyStore:
    """A store, the share of its calls that fail, and what became of the calls: counts by outcome."""

    port: int
    server_port: int
    random: random.Random
    rate: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)

    def address(self, prefix: str) -> str:
        """The address of a prefix, as a setting takes it, by way of the proxy."""
        return f"s3://{BUCKET}/{prefix}?scheme=http&endpoint_override={HOST}:{self.port}&region=us-east-1"

    def client(self) -> Any:
        """A client of the server itself, whose calls do not fail."""
        given = {name.lower(): value for name, value in CREDENTIALS.items() if name != "AWS_DEFAULT_REGION"}
        return boto3.client("s3", "us-east-1", endpoint_url=f"http://{HOST}:{self.server_port}", **given)

    def keys(self) -> list[str]:
        """Every object."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def uploads(self) -> list[str]:
        """The keys of uploads that were begun and neither finished nor given up."""
        return [each["Key"] for each in self.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())]

    def fate(self) -> str:
        """What becomes of the next call."""
        if self.random.random() >= self.rate:
            return "passed"
        return self.random.choice(["answered 500", "answered 503", "closed", "closed after"])


@contextmanager
def flaky_store(seed: int) -> Iterator[FlakyStore]:
    """A store whose calls do not fail yet, gone when the block ends."""
    with closing(socket.socket()) as free:
        free.bind((HOST, 0))
        server_port = free.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(server_port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    store = FlakyStore(0, server_port, random.Random(seed))  # noqa: S311 - chance, no secret
    methods = {f"do_{method}": _Call.handle_any for method in ("GET", "HEAD", "PUT", "POST", "DELETE")}
    proxy = ThreadingHTTPServer((HOST, 0), type("Call", (_Call,), {"store": store, **methods}))
    proxy.daemon_threads = True
    store.port = proxy.server_port
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    try:
        _wait_for(server_port)
        store.client().create_bucket(Bucket=BUCKET)
        thread.start()
        yield store
        proxy.shutdown()
    finally:
        proxy.server_close()
        server.kill()
        server.wait()


class _Call(BaseHTTPRequestHandler):
    """Hands a call on to the server and its answer back, or fails."""

    protocol_version = "HTTP/1.1"
    store: FlakyStore
    timeout = 60

    def handle_any(self) -> None:
        fate = self.store.fate()
        self.store.calls[fate] += 1
        body = self._body()
        if fate.startswith("answered"):
            self._answer(int(fate.split()[1]), {"Content-Length": "0"}, b"")
        elif fate == "closed":
            self.close_connection = True
        else:
            answer = self._handed_on(body)
            if fate == "passed":
                self._answer(*answer)
            self.close_connection = self.close_connection or fate != "passed"

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _handed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {*HOPS, "expect"}}
        with closing(http.client.HTTPConnection(HOST, self.store.server_port, timeout=PATIENCE)) as server:
            server.request(self.command, self.path, body, {**headers, "Content-Length": str(len(body))})
            answer = server.getresponse()
            content = answer.read()
            given = {name: value for name, value in answer.getheaders() if name.lower() not in HOPS}
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            return answer.status, {**given, "Content-Length": length or "0"}, content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # the caller was killed
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


def _wait_for(port: int) -> None:
    deadline = monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            if monotonic() > deadline:
                raise
            sleep(0.05)
        else:
            return
