"""The Drift page."""

import streamlit as st

st.title("Drift")
