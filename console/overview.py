"""The Overview page: what needs a person, what is alive, each pipeline's last and next run, and the model's health."""

import streamlit as st

from console import attention, health, pulse

st.title("Overview")
attention.show()
health.show()
pulse.show()
