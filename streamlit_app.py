"""The console's entry: `streamlit run streamlit_app.py`, or with everything else by `python -m engine up`."""

import streamlit as st

from console.shell import frame, pages

page = st.navigation(pages(), position="top")
frame()
page.run()
