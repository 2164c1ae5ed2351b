"""The state of the deployment in one line, its parts, and the scores in use."""

from datetime import date, datetime

import streamlit as st
from markupsafe import Markup

from console.app.navigation import address, model_link, run_link
from console.app.refresh import refreshed
from console.components.elements import Text, count, join, note_html, sign_html, write_html
from console.components.times import ago_html, day, time_html
from console.overview.query import Overview, overview
from engine.documents.values import Document

REFRESH = "2s"
SIGNS = {"good": "✓", "quiet": "○", "warn": "!", "bad": "✗"}
PAGES = {"data": "data", "model": "drift", "pipelines": "runs", "processes": "schedule"}


def show(view: Overview) -> None:
    """Shows the line, the parts and the scores."""
    _renewed(view.mark)
    status = view.status
    line = Markup('<p class="lw-status">{}</p>').format(_signed(status["level"], status["headline"]))
    parts = join(Markup("<div>{}</div>").format(_part(part)) for part in status["parts"])
    box = Markup('<div class="lw-parts">{}</div>').format(parts)
    write_html(join([line, box, _scores(view)]))


@refreshed(REFRESH)
def _renewed(mark: str) -> None:
    """Draws the page again when something changed, all of it at once, so that no two of its parts differ."""
    if overview().mark != mark:
        st.rerun()


def _signed(level: str, words: str) -> Markup:
    return sign_html(SIGNS[level], level, words)


def _part(part: Document) -> Markup:
    name = Markup('<a href="{}">{}</a>').format(address(PAGES[part["part"]]), part["part"].capitalize())
    sign = Markup('<span class="lw-{0} lw-sign" aria-hidden="true">{1}</span>').format(
        part["level"], SIGNS[part["level"]]
    )
    return Markup("{} <strong>{}</strong><br>{}").format(sign, name, note_html(part["words"]))


def _scores(view: Overview) -> Markup:
    """Which scores are in use: the model, when it scored, and up to which loan."""
    scores = view.status["scores"]
    if scores is None:
        return Markup("<p>{}</p>").format(note_html("Scores in use: none yet."))
    at, now = datetime.fromisoformat(scores["scored_at"]), view.reading.now
    told: list[Text] = [
        Markup("<strong>Scores in use</strong>: {} of model {}").format(
            count(scores["loans"]), model_link(scores["model"]) if scores["model"] else "not known"
        ),
        Markup("scored {}, {} in {}").format(time_html(at, now), ago_html(at, now), run_link(scores["run_id"])),
    ]
    if scores["as_of"]:
        told.append(f"as of {day(date.fromisoformat(scores['as_of']))}")
    if scores["newest_loan"]:
        told.append(f"newest loan of {date.fromisoformat(scores['newest_loan'] + '-01'):%b %Y}")
    return Markup('<p class="lw-scores">{}</p>').format(join(told, ", "))
