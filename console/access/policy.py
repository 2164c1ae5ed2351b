"""Which login this console has, and the rule that none listens to other machines without one."""

from typing import Literal

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from engine.errors import Refused
from engine.process.addresses import is_loopback
from storage.settings import Settings, load_settings

Login = Literal["none", "password", "oidc"]

COOKIE_SECRET = 32  # characters; with fewer, somebody may guess their way to a cookie that is signed

# Every address that this process was seen to listen on: to edit config.toml afterwards moves no socket.
_listened: set[str] = set()


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process's environment."""
    return load_settings()


def login_of(settings: Settings) -> Login:
    """How people sign in: by the password file, else by the OIDC provider of secrets.toml, else not at all."""
    if settings.passwords:
        return "password"
    return "oidc" if get_secrets_auth_section() else "none"


def refuse_unguarded(settings: Settings) -> None:
    """Refused when other machines reach this console and nobody has to sign in, or what guards sign-in is off."""
    login = login_of(settings)
    public = is_public()
    if public and login == "none":
        where = st.get_option("server.address") or "every address of this machine"
        raise Refused(
            f"The console would listen on {where} without a login: name a password file with LOANWATCH_PASSWORDS "
            "(`python -m engine password NAME --role operator` writes it), set up an OIDC provider in "
            ".streamlit/secrets.toml, or listen on 127.0.0.1."
        )
    if (public or login != "none") and not st.get_option("server.enableXsrfProtection"):
        raise Refused(
            "A console with a login needs Streamlit's protection against forged requests; "
            "set server.enableXsrfProtection to true."
        )
    if login != "none" and st.get_option("server.trustedUserHeaders"):
        raise Refused(
            "Whoever reaches the console could name themselves in a header of server.trustedUserHeaders; unset it."
        )
    if login == "oidc" and len(str(get_secrets_auth_section().get("cookie_secret", ""))) < COOKIE_SECRET:
        raise Refused(
            f"cookie_secret in .streamlit/secrets.toml has fewer than {COOKIE_SECRET} characters and could be guessed; "
            "`python -c 'import secrets; print(secrets.token_hex(32))'` makes one."
        )


def is_public() -> bool:
    """Whether other machines reach this console, as far as its address tells; an unset one is every address."""
    _listened.add(st.get_option("server.address") or "")
    return not all(is_loopback(address) for address in _listened)
