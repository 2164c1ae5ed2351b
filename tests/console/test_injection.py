"""Text from outside is shown as text: as HTML or Markdown it would draw over the page or fetch a picture."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from console.components.elements import plain_markdown
from engine.alerts import actions as alerts
from engine.alerts.evaluation import evaluate
from engine.control import promotion, runs
from storage.ledger.models import model_rows
from tests.console.pages import Opened
from tests.sandbox import AS_OF, Sandbox

HEADING = '<h1 style="position:fixed">x</h1>'
PICTURE = "![x](http://example.invalid/x.png)"
OUTSIDE = f"{HEADING} {PICTURE}"
FOLDER = OUTSIDE.replace("http://", "http:/")  # as a path, which has folders within folders
MARKDOWN_FIELDS = {"body", "label", "help"}  # of every element but HTML and code
ACTIVE = re.compile(r"(?<!\\)<h1|(?<!\\)!\[x\]\(")  # what Markdown draws, and does not with a backslash before it

VIEWS = [
    ("overview", {}, OUTSIDE),
    ("runs", {}, FOLDER),
    ("run", {"run_id": "latest"}, OUTSIDE),
    ("drift", {}, ""),
    ("models", {"view": "Champions over time"}, OUTSIDE),
    ("models", {"part": "Lineage"}, FOLDER),
    ("models", {"part": "Features, parameters, files"}, FOLDER),
    ("models", {"view": "Compare two"}, FOLDER),
    ("data", {"table": "bronze.LMS_loans", "part": "Versions"}, ""),
    ("data", {"view": "Row accounting"}, ""),
    ("data", {"view": "Columns"}, ""),
    ("data", {"view": "Quarantine"}, HEADING),
    ("schedule", {}, OUTSIDE),
    ("alerts", {}, OUTSIDE),
    ("audit", {}, OUTSIDE),
]


class Tags(HTMLParser):
    """The names of the elements of a piece of HTML, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - as the parser calls it
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def hostile(monitored_sandbox: Sandbox) -> Iterator[Sandbox]:
    """A deployment whose folder of extracts, requester, reasons and parameters are all hostile."""
    # A short path: the Runs page shows the first words of a message, and the text from outside is to be among them.
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    sandbox = monitored_sandbox.copy(folder / "home")
    extracts = folder / FOLDER
    shutil.copytree(sandbox.data(), extracts)
    with next(extracts.glob("lms_loan_daily.csv")).open("a", encoding="utf-8") as book:
        book.write(f"{HEADING}\n")
    sandbox.succeed("training", data=str(extracts), feature_set="behavioural")
    newest = _versions(sandbox)[0]
    if sandbox.champions()[0].version == newest:
        promotion.rollback(sandbox.deployment, OUTSIDE, by=OUTSIDE)
    else:
        promotion.promote(sandbox.deployment, newest, OUTSIDE, by=OUTSIDE)
    runs.pause_schedule(sandbox.deployment, "inference", OUTSIDE, by=OUTSIDE)
    assert sandbox.run("training", data=str(extracts / "nowhere")).state == "failed"
    wanted = runs.checked_request(
        sandbox.deployment, "inference", AS_OF, requested_by=OUTSIDE, params={"data": str(extracts)}, force=True
    )
    runs.request(sandbox.deployment, wanted)
    evaluate(sandbox.deployment)
    until = sandbox.deployment.ledger.clock() + timedelta(days=1)
    alerts.silence(sandbox.deployment, "run-failed", "training", until, OUTSIDE, OUTSIDE)
    yield sandbox
    sandbox.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize(("page", "query", "shown"), VIEWS, ids=[f"{view[0]}-{n}" for n, view in enumerate(VIEWS)])
def test_text_from_outside_is_shown_as_text(
    opened: Opened, hostile: Sandbox, page: str, query: dict[str, str], shown: str
) -> None:
    if page == "models" and "view" not in query:
        query = {**query, "version": _versions(hostile)[0]}
    app = opened(hostile.home, page, **query)
    text = ""
    for kind, field, value in told(app):
        if kind == "html":
            tags = Tags(value)
            assert not {"h1", "img"} & tags.names, (field, value)
            text += tags.text
        elif field in MARKDOWN_FIELDS and kind != "code":
            assert not ACTIVE.search(value), (kind, field, value)
    assert shown in text


def test_headings_and_messages_are_escaped() -> None:
    assert plain_markdown("20260501_120000, loans: 7") == "20260501_120000, loans\\: 7"
    assert ACTIVE.search(OUTSIDE)
    assert not ACTIVE.search(plain_markdown(OUTSIDE))


def told(app: AppTest) -> Iterator[tuple[str, str, str]]:
    """Kind of element, field and text of everything that a page sends to the browser."""
    for node in app._tree:
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            yield from ((node.type, *found) for found in _texts(proto))


def _texts(message: Message) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        for each in value if field.is_repeated else [value]:
            if isinstance(each, str):
                yield field.name, each
            elif isinstance(each, Message):
                yield from _texts(each)


def _versions(sandbox: Sandbox) -> list[str]:
    with sandbox.deployment.ledger.reading() as connection:
        return [row.version for row in model_rows(connection)]
