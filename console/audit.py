"""The Audit page."""

import streamlit as st

st.title("Audit")
