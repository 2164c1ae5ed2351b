"""A report as a test reads it: its sections, their text and tables, and what its HTML refers to."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "br", "hr", "img", "link", "input"}  # elements without an end
LINKS = {"src", "href", "xlink:href", "action", "data", "poster", "srcset"}
Rows = list[list[str]]


@dataclass
class Section:
    """A section: its text, and its tables by caption, each a list of rows with the head first."""

    text: str = ""
    tables: dict[str, Rows] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The text with single spaces."""
        return " ".join(self.text.split())


class Reading(HTMLParser):
    """A page that was parsed strictly: `faults` are elements that are not closed in their order."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.html = html.decode()
        self.sections: dict[str, Section] = {}
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.faults: list[str] = []
        self.style = ""
        self._open: list[str] = []
        self._section = Section()
        self._caption = ""
        self.feed(self.html)
        self.close()
        self.faults += [f"{tag} is not closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids += [given["id"]] if given.get("id") else []  # type: ignore[list-item]
        self.links += [value or "" for name, value in attrs if name in LINKS]
        self.links += re.findall(r"url\(([^)]*)\)", " ".join(value or "" for _, value in attrs))
        if tag == "section":
            self._section = self.sections[given["id"] or ""] = Section()
        elif tag == "table":
            self._caption = ""
        elif tag == "tr":
            self._section.tables.setdefault(self._caption, []).append([])
        elif tag in ("td", "th"):
            self._section.tables[self._caption][-1].append("")
        if tag not in EMPTY:
            self._open.append(tag)
        self._section.text += " "

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"{tag} ends at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.style += data
        elif "svg" not in self._open:
            self._section.text += data
            if self._open and self._open[-1] == "caption":
                self._caption += data
            elif {"td", "th"} & set(self._open):
                self._section.tables[self._caption][-1][-1] += data
