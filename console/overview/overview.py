"""The Overview page: what needs a person, what is alive, each pipeline's last and next run, and the model's health."""

import streamlit as st

from console.overview import alerts, model_health, status

st.title("Overview")
alerts.show()
status.show()
model_health.show()
