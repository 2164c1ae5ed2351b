"""Links between pages, and the script of every page: it opens pages without a reload of the console.

A reload would start a new session, which is slower and not signed in. The script puts the address into the browser's
history and sends Streamlit the event of the back button. It follows the links that people click. Links that open a new
tab are not changed. A link whose `data-to` is the key of a part of the current page scrolls to that part.

When Streamlit can't place a part of a page, which happens when a refresh comes at the wrong moment, it removes the
whole page from the browser. The script then loads the page again. It also gives lists and dialogs, which are outside
of the page, the colour scheme of the page when the viewer changes the theme.
"""

from urllib.parse import urlencode

import streamlit as st
from markupsafe import Markup
from streamlit import config

from console.components.elements import Text, write_html

NEXT_RUN = "next-run"  # in the session: the run whose page is opened after the dialog is closed
RUN_PAGE, RUNS_PAGE, DRIFT_PAGE, MODELS_PAGE = (
    f"console/{name}/{name}.py" for name in ("run", "runs", "drift", "models")
)

PAGE_SCRIPT = Markup("""<style>.st-key-lw-links, .st-key-lw-next { display: none; }</style><script>
if (!window.lwFollows) {
  window.lwFollows = true;
  window.lwOpen = (address) => {
    history.pushState(null, "", address);
    window.dispatchEvent(new PopStateEvent("popstate", { state: null }));
  };
  setInterval(() => {
    const page = document.querySelector(".stApp");
    if (!page) location.reload();
    else document.body.style.colorScheme = getComputedStyle(page).colorScheme;
  }, 1000);
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href]");
    const other = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (!link || other || event.defaultPrevented || link.origin !== location.origin) return;
    if (link.target || link.hash || link.hasAttribute("download")) return;
    event.preventDefault();
    window.lwOpen(link.href);
    const place = link.dataset.to && document.querySelector(`.st-key-${link.dataset.to}`);
    if (place) place.scrollIntoView();
  });
}
</script>""")


def address(page: str, **query: str) -> str:
    """The address of a page of this console, under its base path, with the non-empty values of `query`."""
    parts = urlencode({name: value for name, value in query.items() if value})
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    where = f"/{base}/{page}" if base else f"/{page}"
    return f"{where}?{parts}" if parts else where


def run_address(run_id: str) -> str:
    """The address of a run's page."""
    return address("run", run_id=run_id)


def page_link(page: str, words: Text, **query: str) -> Markup:
    """A link to a page of this console."""
    return Markup('<a href="{}">{}</a>').format(address(page, **query), words)


def run_link(run_id: str | None, words: Text = "") -> Markup:
    """A link to a run's page. Its text is `words` or else the id. Empty for None."""
    if run_id is None:
        return Markup()
    return Markup('<a href="{}"{}>{}</a>').format(
        run_address(run_id), Markup() if words else Markup(' class="lw-mono"'), words or run_id
    )


def model_link(version: str) -> Markup:
    """A link to a model version."""
    return Markup('<a class="lw-mono" href="{}">{}</a>').format(address("models", version=version), version)


def log_link(run_id: str, task: str, words: Text) -> Markup:
    """A link to the lines of a task in a run's log. On the run's own page it scrolls to them."""
    where = address("run", run_id=run_id, task=task)
    return Markup('<a href="{}" data-to="log-controls">{}</a>').format(where, words)


def open_run(run_id: str) -> None:
    """Ends this script run. The next one draws the page without its dialog, then opens the run's page."""
    st.session_state[NEXT_RUN] = run_id
    st.rerun()


def opens_run() -> bool:
    """Whether this script run ends with the page of a run."""
    return NEXT_RUN in st.session_state


def open_next_run() -> None:
    """Lets the browser open the page of the run of `open_run`, if there is one. It must be the last call of the script.

    st.switch_page would change the page on the server while timers of the old page go on in the browser. A refresh of
    the old page then makes the browser remove the new page. When the browser changes the page, it stops them first.
    """
    if opens_run():
        where = run_address(st.session_state.pop(NEXT_RUN))
        with st.container(key="lw-next"):
            write_html(Markup('<script>window.lwOpen("{}");</script>').format(where), scripts=True)


def model_button(version: str) -> None:
    """Shows a link to a model version in the style of Streamlit."""
    st.page_link(MODELS_PAGE, label=f"Open {version}", query_params={"version": version})


def run_button(run_id: str) -> None:
    """Shows a link to a run's page in the style of Streamlit."""
    st.page_link(RUN_PAGE, label=f"Open {run_id}", query_params={"run_id": run_id})
