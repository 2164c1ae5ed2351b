"""Pages as a test opens and reads them, by way of AppTest."""

from collections.abc import Callable

import streamlit as st
from streamlit.testing.v1 import AppTest

Opened = Callable[..., AppTest]


def forget() -> None:
    """Has the next console open its deployment anew."""
    st.cache_resource.clear()
    st.cache_data.clear()


def words(app: AppTest) -> str:
    """Everything that a page says, in one text."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.text,
        app.error,
        app.warning,
        app.info,
    )
    told = [str(element.value) for kind in kinds for element in kind]
    return "\n".join([*told, *(str(element.proto.body) for element in app.get("html"))])
