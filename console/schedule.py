"""The Schedule page."""

import streamlit as st

st.title("Schedule")
