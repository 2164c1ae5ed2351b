"""The Overview page: alerts, the processes, each pipeline's last and next run, and the champion's health."""

import streamlit as st

from console.overview import alerts, model_health, status
from console.overview.query import overview

st.title("Overview")
view = overview(reload=True)
alerts.show()
status.show()
model_health.show(view)
