"""The deployment that this console shows, and the audit log of its sign-ins."""

import logging

import streamlit as st

from console.access.policy import settings
from engine.deployment import Deployment
from storage.errors import StorageError
from storage.ledger.audit import Action, record_action

log = logging.getLogger("loanwatch.console")

SUBJECT = "console"  # in the audit log: what users sign in to


@st.cache_resource(show_spinner=False)
def opened() -> Deployment:
    """The deployment of this process's environment (LOANWATCH_HOME and others), for every user."""
    return Deployment.existing(settings())


def noted(who: str, action: str, reason: str) -> None:
    """Records a sign-in, a sign-out or a refused sign-in in the audit log.

    Without a ledger it is only logged: users sign in to see why there is none.
    """
    try:
        deployment = opened()
        with deployment.ledger.writing() as connection:
            now = deployment.ledger.now(connection)
            record_action(connection, Action(who, action, SUBJECT, reason), now)
    except StorageError as error:
        log.warning("%s of %s is not in the audit log: %s", action, who, error)
