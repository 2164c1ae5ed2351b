"""The source of console and report: HTML is composed as Markup of literals, and Markdown is written in literals."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

CONSOLE, REPORT = ROOT / "console", ROOT / "engine" / "report"
ELEMENTS = CONSOLE / "components" / "elements.py"  # the one place that hands HTML to Streamlit
SVG = "Markup of something that is not a literal"  # what the one module may do that puts drawings into the report
TAG = re.compile(r"<[A-Za-z/]")
MARKDOWN = {"markdown", "caption", "write", "error", "warning", "info", "success", "toast"}
HEADINGS = {"title", "header", "subheader"}
ESCAPES = "plain_markdown"


def findings(source: str, *, elements: bool = False) -> list[str]:
    """What is wrong with a module's source, a line each; `elements` for the module that may use `st.html`."""
    tree = ast.parse(source)
    wrong = [line for node in ast.walk(tree) for line in _wrong(node)]
    return [line for line in wrong if not (elements and "st.html" in line)]


def _wrong(node: ast.AST) -> Iterator[str]:
    where = getattr(node, "lineno", 0)
    if isinstance(node, ast.JoinedStr) and TAG.search(_text(node)):
        yield f"{where}: HTML in an f-string"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and TAG.search(_text(node.left)):
        yield f"{where}: HTML formatted with %"
    if isinstance(node, ast.Call):
        yield from (f"{where}: {what}" for what in _wrong_call(node))


def _wrong_call(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method == "html" or any(keyword.arg == "unsafe_allow_html" for keyword in call.keywords):
        yield "st.html or unsafe_allow_html"
    if method == "format" and isinstance(call.func, ast.Attribute) and TAG.search(_text(call.func.value)):
        yield "HTML formatted as a plain string"
    if name == "Markup" and not (len(call.args) < 2 and all(map(_is_literal, call.args)) and not call.keywords):
        yield "Markup of something that is not a literal"
    if name != "isinstance" and any(isinstance(given, ast.Name) and given.id == "Markup" for given in call.args):
        yield "Markup handed on as a function"
    if method in MARKDOWN | HEADINGS and not _is_log(call) and not all(map(_is_safe, call.args[:1])):
        yield f"st.{method} of something that is not a literal"


def _is_log(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "log"


def _is_safe(given: ast.expr) -> bool:
    return _is_literal(given) or (isinstance(given, ast.Call) and ast.unparse(given.func) == ESCAPES)


def _is_literal(given: ast.expr) -> bool:
    return isinstance(given, ast.Constant) and isinstance(given.value, str)


def _text(node: ast.expr) -> str:
    """The text of a literal, with a letter in each place that is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return str(node.value) if _is_literal(node) and isinstance(node, ast.Constant) else ""


@pytest.mark.parametrize("path", sorted(CONSOLE.rglob("*.py")), ids=lambda path: str(path.relative_to(CONSOLE)))
def test_a_module_has_no_html_but_markup_of_literals(path: Path) -> None:
    assert findings(path.read_text(encoding="utf-8"), elements=path == ELEMENTS) == []


@pytest.mark.parametrize("path", sorted(REPORT.rglob("*.py")), ids=lambda path: str(path.relative_to(REPORT)))
def test_a_module_of_the_report_has_no_other_html_either(path: Path) -> None:
    told = (line.partition(": ")[2] for line in findings(path.read_text(encoding="utf-8")))
    found = [line for line in told if not line.startswith("st.")]  # no module here knows Streamlit
    assert found == ([SVG] if path.name == "drawing.py" else [])


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ('st.html("<b>x</b>")', "st.html"),
        ('column.html("x")', "st.html"),
        ('st.markdown("x", unsafe_allow_html=True)', "unsafe_allow_html"),
        ('cell = f"<b>{name}</b>"', "f-string"),
        ('cell = f"{name}</b>"', "f-string"),
        ('cell = f"<{tag}>"', "f-string"),
        ('cell = "<b>%s</b>" % name', "%"),
        ('cell = "<b>{}</b>".format(name)', "plain string"),
        ("cell = Markup(name)", "not a literal"),
        ('cell = Markup(f"{name}")', "not a literal"),
        ('cell = Markup("a" + name)', "not a literal"),
        ("cells = map(Markup, names)", "handed on"),
        ("st.error(str(error))", "st.error"),
        ('st.caption(f"{reason}")', "st.caption"),
        ("column.header(name)", "st.header"),
    ],
)
def test_a_planted_line_is_found(planted: str, found: str) -> None:
    assert [line for line in findings(planted) if found in line]


@pytest.mark.parametrize(
    "allowed",
    [
        'cell = Markup("<b>{}</b>").format(name)',
        'st.caption("The first date is after the last one.")',
        "st.header(plain_markdown(name))",
        'words = f"{low} < {high}"',
        "isinstance(text, Markup)",
        'log.warning("%s", error)',
    ],
)
def test_a_harmless_line_is_not(allowed: str) -> None:
    assert findings(allowed) == []
