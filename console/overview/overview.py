"""The Overview page: the state in one line, what is wrong, the pipelines, the extracts and the champion's health."""

import streamlit as st

from console.overview import concerns, extracts, first_steps, headline, model_health, status
from console.overview.query import overview

st.title("Overview")
view = overview(reload=True)
headline.show(view)
concerns.show(view)
first_steps.show(view)
status.show()
extracts.show(view)
model_health.show(view)
