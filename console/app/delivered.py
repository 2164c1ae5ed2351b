"""The state of a dataset's newest delivery, as Overview and the Data page show it."""

from datetime import datetime

from markupsafe import Markup

from console.app.navigation import run_link
from console.components.elements import join, sign_html, state_html
from console.components.times import time_html
from engine.documents.values import Document

REFUSED = {
    "refused": ("✗", "bad", Markup("refused at {}")),
    "unused": ("!", "warn", Markup("read at {}, not used")),
}


def delivery_html(extract: Document, now: datetime) -> Markup:
    """Whether the newest delivery was refused, with a link to the run that read it, and the age of what is in use."""
    refused = extract["refused"]
    if not refused:
        return state_html(extract["state"])
    sign, tone, words = REFUSED[refused["state"]]
    link = run_link(refused["run_id"], words.format(time_html(datetime.fromisoformat(refused["at"]), now)))
    age = "" if extract["state"] == "fresh" else state_html(extract["state"])
    return join([sign_html(sign, tone, link), age], " ")
