"""What the keyboard needs where Streamlit's widgets want a pointer: rows of a list, and what a popover holds."""

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from console.components.elements import note_html, write_html

# A popover is drawn at the end of the page: without this, its fields come after everything else on the page.
# A click without `detail` is one of the keyboard. A list that is open in the popover takes Escape for itself. Once
# something of it is chosen, the library of the popover believes that the keyboard left, takes its fields from the
# tabulator's order and keeps what they had in `data-tabindex`: they get it back. The body
# of the page has the focus after a button of the popover went away.
POPOVER_FOCUS = Markup("""<script>
if (!window.lwPopovers) {
  window.lwPopovers = true;
  let opener = null;
  const enter = (tries) => requestAnimationFrame(() => {
    const body = [...document.querySelectorAll('[data-testid="stPopoverBody"]')].pop();
    if (!opener || !tries) return;
    if (!body || opener.getAttribute("aria-expanded") !== "true") return enter(tries - 1);
    body.tabIndex = -1;
    body.focus();
  });
  const reachable = (field) => {
    if (field.dataset.tabindex) field.setAttribute("tabindex", field.dataset.tabindex);
    else field.removeAttribute("tabindex");
    delete field.dataset.tabindex;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest('[data-testid="stPopoverButton"]');
    if (!button || event.detail) return;
    opener = button;
    enter(60);
  });
  document.addEventListener("keydown", (event) => {
    const field = document.activeElement, body = field.closest('[data-testid="stPopoverBody"]');
    const left = field === document.body && opener && opener.getAttribute("aria-expanded") === "true";
    const listed = field.getAttribute("aria-expanded") === "true";
    if (event.key === "Escape" && opener && !listed && (body || left)) requestAnimationFrame(() => opener.focus());
    if (event.key === "Tab" && body) body.querySelectorAll("[data-tabindex]").forEach(reachable);
  }, true);
}
</script>""")


def row_choice(label: str, parameter: str, options: Sequence[str]) -> None:
    """Shows a selectbox that sets a parameter of the address: the rows of st.dataframe are selected by pointer only.

    It has no value of its own, since the list shows what is selected.
    """
    key = f"choice-{parameter}"
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        write_html(note_html(label), width="content")
        st.selectbox(
            label,
            options,
            None,
            key=key,
            width=220,
            placeholder="Type or choose",
            label_visibility="collapsed",
            on_change=_choose,
            args=(key, parameter),
        )


def _choose(key: str, parameter: str) -> None:
    if st.session_state[key] is not None:
        st.query_params[parameter] = st.session_state[key]
    st.session_state[key] = None
