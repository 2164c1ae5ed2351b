"""Speaks to a console as a browser does, without being one: what it sends is what somebody could forge."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from socket import create_connection
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from websockets.sync.client import connect

from tests.processes import DEADLINE


@dataclass
class Answer:
    """What a console sent back: the texts of headings, HTML and form fields, and all of it as bytes."""

    texts: list[str]
    raw: bytes

    def says(self, text: str) -> bool:
        return any(text in each for each in self.texts)


def answer(
    port: int, *, query: str = "", widgets: Mapping[str, str] | None = None, cookie: str = "", host: str = "127.0.0.1"
) -> Answer:
    """What a console says to one run of its script, with query parameters, widget values and cookies of one's own.

    `host` is the name by which the browser says that it knows the console.
    """
    token = generate_xsrf_token_string()
    cookies = f"_streamlit_xsrf={token}; {cookie}"
    message = BackMsg()
    message.rerun_script.query_string = query
    for name, value in (widgets or {}).items():
        widget = message.rerun_script.widget_states.widgets.add()
        widget.id, widget.string_value = name, value
    with connect(
        f"ws://{host}:{port}/_stcore/stream",
        sock=create_connection(("127.0.0.1", port)),
        origin=f"http://{host}:{port}",
        subprotocols=["streamlit", token],
        additional_headers={"Cookie": cookies},
        max_size=None,
    ) as socket:
        socket.send(message.SerializeToString())
        return _read(socket)


def status(url: str, cookie: str = "", method: str = "GET", **headers: str) -> int:
    """What a request without a browser is answered with."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=DEADLINE)) as connection:
        connection.request(method, parts.path, headers={"Cookie": cookie, **headers})
        return connection.getresponse().status


def _read(socket: object) -> Answer:
    texts: list[str] = []
    raw = b""
    finished = False
    while not finished:
        block = socket.recv(timeout=DEADLINE)  # type: ignore[attr-defined]
        raw += block
        message = ForwardMsg()
        message.ParseFromString(block)
        texts += _texts(message)
        finished = message.WhichOneof("type") == "script_finished"
    return Answer(texts, raw)


def _texts(message: ForwardMsg) -> Sequence[str]:
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    return [getattr(getattr(element, kind), name, "") for name in ("body", "label")] if kind else []
