"""The Runs page."""

import streamlit as st

from console.trigger import trigger_buttons
from engine.pipelines import PIPELINES

st.title("Runs")
trigger_buttons(tuple(PIPELINES))
