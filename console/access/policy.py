"""The login of this console, and the rule that a console without a login listens to this machine only."""

from typing import Literal

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from engine.errors import Refused
from engine.process.addresses import is_loopback
from storage.settings import Settings, load_settings

Login = Literal["none", "password", "oidc"]

COOKIE_SECRET = 32  # characters; a shorter secret could be guessed and used to sign a cookie

# Every address on which this process has listened: a later edit of config.toml does not move the socket.
_listened: set[str] = set()


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process's environment."""
    return load_settings()


def login_of(settings: Settings) -> Login:
    """The login: the password file, else the OIDC provider of secrets.toml, else none."""
    if settings.passwords:
        return "password"
    return "oidc" if get_secrets_auth_section() else "none"


def refuse_unguarded(settings: Settings) -> Login:
    """The login. Raises Refused when other machines reach a console without one, or when it is not protected."""
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
        raise Refused("With server.trustedUserHeaders, every visitor could choose a user name in a header; unset it.")
    if login == "oidc" and len(str(get_secrets_auth_section().get("cookie_secret", ""))) < COOKIE_SECRET:
        raise Refused(
            f"cookie_secret in .streamlit/secrets.toml has fewer than {COOKIE_SECRET} characters and could be guessed; "
            "`python -c 'import secrets; print(secrets.token_hex(32))'` prints a new one."
        )
    return login


def is_public() -> bool:
    """Whether other machines reach this console, by its address. An unset address means every address."""
    _listened.add(st.get_option("server.address") or "")
    return not all(is_loopback(address) for address in _listened)
