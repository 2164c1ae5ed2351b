"""The channels by which people are told: a command, a webhook, a mail server. None prints or keeps an address."""

import json
import os
import shlex
import signal
import smtplib
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import EmailMessage
from http.client import HTTPException
from typing import IO, Any

from engine.alerts.telling import plain
from storage.alert_settings import ChannelName
from storage.settings import Settings

MOST_READ = 4096  # bytes of a webhook's answer
HOST = "loanwatch.invalid"  # the right half of message ids, which mail programs need, and which is no real host


class NotDelivered(Exception):
    """An attempt that failed. `unsure`: the message may have been delivered all the same; `final`: don't try again."""

    def __init__(self, reason: str, *, unsure: bool, final: bool = False) -> None:
        super().__init__(reason)
        self.unsure = unsure
        self.final = final


NOT_CONNECTED = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
Message = Mapping[str, Any]  # as `telling.as_sent` makes it
Send = Callable[[Settings, Message], None]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a POST would become a GET, which delivers nothing."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def send(channel: ChannelName, settings: Settings, message: Message) -> None:
    """Delivers one message. Raises NotDelivered with a reason that has no address, password or text of the receiver."""
    CHANNELS[channel](settings, message)


def run_command(settings: Settings, message: Message) -> None:
    """Starts the command without a shell, and writes the message to its standard input as JSON."""
    words = shlex.split(settings.alert_command.get_secret_value())
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, close_fds=True
        )
    except (OSError, ValueError) as error:
        raise NotDelivered(f"the command can't be started ({_words(error)})", unsure=False) from None
    try:
        process.communicate(json.dumps(message).encode(), timeout=settings.alert_timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        limit = f"{settings.alert_timeout:g} s"
        raise NotDelivered(f"the command did not end within {limit} and was killed", unsure=True) from None
    if process.returncode:
        raise NotDelivered(f"the command ended with code {process.returncode}", unsure=True)


def post(settings: Settings, message: Message) -> None:
    """Posts the message as JSON, with its key in the header `Idempotency-Key`."""
    request = urllib.request.Request(  # noqa: S310 - the setting takes http and https only
        settings.alert_webhook.get_secret_value(),
        json.dumps(message).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": message["delivery"], "User-Agent": "loanwatch"},
        method="POST",
    )
    try:
        with _open(request, settings.alert_timeout) as answer:
            answer.read(MOST_READ)
    except urllib.error.HTTPError as error:
        error.close()
        raise NotDelivered(f"the webhook answered {error.code}", unsure=error.code >= 500) from None
    except urllib.error.URLError as error:
        unsure = not isinstance(error.reason, NOT_CONNECTED)  # otherwise the request, or a part of it, was sent
        raise NotDelivered(f"the webhook can't be reached ({_words(error.reason)})", unsure=unsure) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotDelivered(f"the webhook did not answer ({_words(error)})", unsure=True) from None


def mail(settings: Settings, message: Message) -> None:
    """Sends the message as a mail, whose Message-ID comes from its key, so that a second copy can be recognised."""
    begun = False
    try:
        server = _mail_server(settings)
        try:
            begun = True
            refused = server.send_message(_mail(settings, message))
        finally:
            with suppress(smtplib.SMTPException, OSError):  # what the server answers now changes nothing
                server.quit()
    except smtplib.SMTPRecipientsRefused:
        raise NotDelivered("the mail server refused every recipient", unsure=False) from None
    except smtplib.SMTPResponseException as error:
        raise NotDelivered(f"the mail server answered {error.smtp_code}", unsure=False) from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotDelivered(f"the mail server can't be used ({_words(error)})", unsure=begun) from None
    if refused:
        told = f"the mail server refused {len(refused)} of {len(settings.alert_recipients)} recipients"
        raise NotDelivered(told, unsure=True, final=True)


CHANNELS: dict[ChannelName, Send] = {"command": run_command, "webhook": post, "smtp": mail}


def _mail_server(settings: Settings) -> smtplib.SMTP:
    """A connection to the mail server, over TLS and signed in as it is set."""
    host, _, port = settings.alert_smtp.rpartition(":")
    server = smtplib.SMTP(host.strip("[]"), int(port), timeout=settings.alert_timeout)
    try:
        if settings.alert_smtp_starttls:
            server.starttls(context=ssl.create_default_context())
        if settings.alert_smtp_user:
            server.login(settings.alert_smtp_user, settings.alert_smtp_password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _mail(settings: Settings, message: Message) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = " ".join(str(message["title"]).split())
    made["From"], made["To"] = settings.alert_smtp_from, ", ".join(settings.alert_recipients)
    made["Message-ID"] = f"<{message['delivery']}@{HOST}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(plain(str(message["text"])))
    return made


def _open(request: urllib.request.Request, timeout: float) -> IO[bytes]:
    answer: IO[bytes] = urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout)
    return answer


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _words(error: object) -> str:
    """What went wrong, by the system's own words or the kind of the error: its text may hold an address."""
    text = error.strerror if isinstance(error, OSError) and error.errno is not None else None
    return text or type(error).__name__
