"""The deployment that this console shows, opened once for all its sessions."""

import streamlit as st

from engine.deployment import Deployment
from storage.ledger import Ledger
from storage.settings import load_settings


@st.cache_resource(show_spinner=False)
def deployment() -> Deployment:
    """The deployment of this process's environment (LOANWATCH_HOME and so on)."""
    return Deployment.open(load_settings())


def ledger() -> Ledger:
    """The deployment's ledger."""
    return deployment().ledger
