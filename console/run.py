"""The Run page."""

import streamlit as st

st.title("Run")
st.caption(st.query_params.get("run_id", ""))
