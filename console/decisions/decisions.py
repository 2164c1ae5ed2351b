"""The Decisions page: the open escalation, the retraining rule, and every decision."""

import streamlit as st

from console.app.deployment import deployment
from console.decisions.decision_log import decision_log, escalation


def decisions() -> None:
    """The page."""
    st.title("Retraining decisions")
    escalation()
    decision_log(deployment().ledger.clock())


decisions()
