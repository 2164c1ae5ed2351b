"""The settings of alerts: what is one, and the channels that tell people."""

import re
import shlex
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

ChannelName = Literal["command", "webhook", "smtp"]
SECRETS = {"alert_command", "alert_webhook", "alert_smtp_password"}  # the names of what is never written down
HOST_AND_PORT = re.compile(r"([\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")
ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")


class AlertSettings(BaseSettings):
    """When people are told, and by which channels. Addresses that may hold a password are secrets, never printed."""

    alert_command: SecretStr = Field(
        SecretStr(""), description="a program and its arguments; it reads each message as JSON from standard input"
    )
    alert_webhook: SecretStr = Field(
        SecretStr(""), description="http(s) address that gets each message as JSON, with a `text` as Slack reads it"
    )
    alert_smtp: str = Field("", description="HOST:PORT of a mail server; needs alert_smtp_from and alert_smtp_to")
    alert_smtp_from: str = Field("", description="the sender of the mails")
    alert_smtp_to: str = Field("", description="recipients of the mails, separated by commas")
    alert_smtp_user: str = Field("", description="the user at the mail server; without one there is no login")
    alert_smtp_password: SecretStr = Field(SecretStr(""), description="that user's password")
    alert_smtp_starttls: bool = Field(True, description="whether mails are sent only over TLS, begun with STARTTLS")

    alert_seconds: float = Field(5.0, gt=0, description="time between two looks for what to alert")
    alert_group_seconds: float = Field(5.0, ge=0, description="time in which new alerts go into one message")
    alert_repeat_hours: float = Field(24.0, gt=0, description="hours after which an open alert is told again")
    alert_resolved: bool = Field(True, description="whether a message follows when an alert that was told has ended")
    alert_timeout: float = Field(10.0, gt=0, description="time limit of one attempt to deliver a message")
    alert_attempts: int = Field(8, ge=1, description="attempts to deliver a message, after which it is failed")
    alert_retry_seconds: float = Field(
        10.0, ge=0, description="pause before the second attempt; doubled before each next one, up to an hour"
    )
    alert_late_minutes: float = Field(
        120.0, gt=0, description="minutes after its scheduled time at which a pipeline without a success is late"
    )
    alert_disk_gib: float = Field(2.0, ge=0, description="free GiB below which a disk is low; 0 for no such alert")

    @field_validator("alert_command")
    @classmethod
    def _words(cls, command: SecretStr) -> SecretStr:
        try:
            shlex.split(command.get_secret_value())
        except ValueError:
            raise ValueError("it has a quote that is not closed") from None
        return command

    @field_validator("alert_webhook")
    @classmethod
    def _web_address(cls, address: SecretStr) -> SecretStr:
        if address.get_secret_value() and not _is_web_address(address.get_secret_value()):
            raise ValueError("it is not an address such as https://hooks.example.org/...")
        return address

    @field_validator("alert_smtp")
    @classmethod
    def _mail_server(cls, address: str) -> str:
        if address and not HOST_AND_PORT.fullmatch(address):
            raise ValueError(f"{address!r} is not a HOST:PORT such as mail.example.org:587")
        return address

    @field_validator("alert_smtp_from", "alert_smtp_to")
    @classmethod
    def _mail_addresses(cls, addresses: str) -> str:
        if any(not ADDRESS.fullmatch(each) for each in _parts(addresses)):
            raise ValueError(f"{addresses!r} is not a mail address, nor several separated by commas")
        return addresses

    @model_validator(mode="after")
    def _whole_mail(self) -> Self:
        if self.alert_smtp and not (self.alert_smtp_from and self.alert_smtp_to):
            raise ValueError("alert_smtp also needs alert_smtp_from and alert_smtp_to")
        if self.alert_smtp_user and not self.alert_smtp_starttls:
            raise ValueError("alert_smtp_user needs alert_smtp_starttls, or its password would be readable")
        return self

    @property
    def alert_recipients(self) -> list[str]:
        """The addresses that get the mails."""
        return _parts(self.alert_smtp_to)

    @property
    def alert_channels(self) -> list[ChannelName]:
        """The names of the channels that are set."""
        given: dict[ChannelName, Any] = {
            "command": self.alert_command.get_secret_value().strip(),
            "webhook": self.alert_webhook.get_secret_value(),
            "smtp": self.alert_smtp,
        }
        return [name for name, value in given.items() if value]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0 and text.isprintable()
        )
    except ValueError:
        return False
