"""What the console's web server does for sign-ins, before Streamlit: it sets the cookie and guards downloads."""

import json
from urllib.parse import urlsplit

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from console.access import tickets
from console.access.cookies import LONGEST_SESSION, Sessions
from console.access.policy import login_of, settings
from console.access.session import refuse_other_host, valid_entry
from storage.errors import LoanwatchError

GUARDED = ("media", "_stcore/upload_file")  # the files that Streamlit hands out and takes by address
LONGEST_TICKET = 200  # bytes
REFUSED = "You are not signed in, or your session has ended; sign in first."


def base_path() -> str:
    """The path under which the console is served; empty for the root."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def session_path() -> str:
    """The path to which a browser posts its ticket, and from which it deletes its cookie."""
    return f"{base_path()}/session"


def routes() -> list[Route]:
    """The routes beside Streamlit's."""
    return [Route(session_path(), session, methods=["POST", "DELETE"])]


def middleware() -> list[Middleware]:
    """What each request passes before Streamlit gets it."""
    return [Middleware(DownloadGuard)]


async def session(request: Request) -> Response:
    """Sets the cookie of a ticket, or deletes a cookie that is not valid any more."""
    if login_of(settings()) != "password" or not _is_from_here(request):
        return PlainTextResponse("This is not allowed.", 403)
    if request.method == "DELETE":
        return await run_in_threadpool(_without_cookie, request)
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > LONGEST_TICKET:
            return PlainTextResponse("This is not a ticket.", 413)
    return await run_in_threadpool(_with_cookie, request, content.decode("ascii", "replace"))


class DownloadGuard:
    """Refuses downloads, and other files that the console hands out, to browsers that are not signed in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = tuple(f"{base_path()}/{part}" for part in GUARDED)
        open_to_all = scope["type"] != "http" or not scope["path"].startswith(guarded)
        if open_to_all or await run_in_threadpool(is_admitted, Request(scope)):
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse(REFUSED, 403)(scope, receive, send)


def is_admitted(request: Request) -> bool:
    """Whether the browser that makes a request is signed in, or needs not be."""
    try:
        match login_of(settings()):
            case "password":
                return _has_session(request)
            case "oidc":
                return _has_provider_session(request)
            case _:
                refuse_other_host(request.headers.get("host"))
                return True
    except LoanwatchError:
        return False


def _has_session(request: Request) -> bool:
    sessions = Sessions(settings().home)
    cookie = sessions.of_cookie(request.cookies.get(sessions.cookie_name))
    return valid_entry(cookie, sessions) is not None


def _has_provider_session(request: Request) -> bool:
    """Whether a request has Streamlit's signed cookie of a user whom the OIDC provider knows."""

    def signed(name: str) -> bytes | None:
        value = request.cookies.get(name, "").encode("latin-1", "replace")
        return decode_signed_value(get_cookie_secret(), name, value)

    try:
        claims = json.loads(get_cookie_with_chunks(signed, USER_COOKIE_NAME) or b"{}")
    except ValueError:
        return False
    return isinstance(claims, dict) and claims.get("is_logged_in") is True


def _with_cookie(request: Request, ticket: str) -> Response:
    signed_in = tickets.redeem(ticket)
    sessions = Sessions(settings().home)
    if signed_in is None or not sessions.last(signed_in):
        return PlainTextResponse(REFUSED, 403)
    response = Response(status_code=204)
    response.set_cookie(
        sessions.cookie_name,
        sessions.cookie(signed_in),
        max_age=int(LONGEST_SESSION),
        path=base_path() or "/",
        secure=_is_encrypted(request),
        httponly=True,
        samesite="strict",
    )
    return response


def _without_cookie(request: Request) -> Response:
    response = Response(status_code=204)
    if not is_admitted(request):
        response.delete_cookie(Sessions(settings().home).cookie_name, path=base_path() or "/", httponly=True)
    return response


def _is_from_here(request: Request) -> bool:
    """Whether a page of this console made a request. Browsers say where a POST or DELETE comes from."""
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")


def _is_encrypted(request: Request) -> bool:
    """Whether the browser uses https, also when a proxy in front of the console ends it."""
    return urlsplit(request.headers.get("origin", "")).scheme == "https"
