"""The console's entry: `streamlit run streamlit_app.py`, or with everything else by `python -m engine up`.

The web server imports this file for `app`. Streamlit runs it as a script, once for each view of a page.
"""

import streamlit as st

from console.access import web
from console.access.sign_in import is_admitted
from console.app.dialogs import close_undrawn
from console.app.navigation import open_next_run
from console.app.page_state import begin_page
from console.app.shell import frame, pages
from console.app.trouble import page_or_trouble

if __name__ == "__main__":
    page = st.navigation(pages(), position="top" if is_admitted() else "hidden")
    begin_page(page.url_path)
    page_or_trouble(frame, page.run)
    close_undrawn()
    open_next_run()
else:
    app = st.App(__file__, routes=web.routes(), middleware=web.middleware())
