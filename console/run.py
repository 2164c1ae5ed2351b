"""The Run page."""

import streamlit as st

st.title("Run")
