"""The parts of the report as HTML: sections, tables, lists. All text is escaped, because it is composed here."""

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup, escape

Text = str | Markup  # plain text, which is escaped, or HTML, which is not
LIGHTS = {"green": "●", "amber": "◆", "red": "▲"}


def join(parts: Iterable[Text], between: Text = "") -> Markup:
    """The parts one after the other; those that are empty are left out."""
    return escape(between).join(part for part in parts if part)


def section(anchor: str, title: str, *parts: Text) -> Markup:
    """A section of the page under its heading."""
    return Markup('<section id="{}"><h2>{}</h2>{}</section>').format(anchor, title, join(parts))


def part(title: str, *parts: Text) -> Markup:
    """A part of a section under a smaller heading, if it has a title; nothing when all of it is empty."""
    inner = join(parts)
    return Markup("<h3>{}</h3>{}").format(title, inner) if inner and title else inner


def paragraph(text: Text) -> Markup:
    """A paragraph, its words in backquotes as code; nothing for an empty text."""
    return Markup("<p>{}</p>").format(_with_code(text)) if text else Markup()


def note(text: Text) -> Markup:
    """A remark under what it explains; nothing for an empty text."""
    return Markup('<p class="note">{}</p>').format(_with_code(text)) if text else Markup()


def items(texts: Iterable[Text]) -> Markup:
    """A list; nothing without an item that has text."""
    inner = join(Markup("<li>{}</li>").format(_with_code(text)) for text in texts if text)
    return Markup("<ul>{}</ul>").format(inner) if inner else Markup()


def pairs(values: Mapping[str, Text]) -> Markup:
    """Names with their values, without those that have none."""
    rows = join(Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in values.items() if value)
    return Markup("<dl>{}</dl>").format(rows)


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Text]],
    numbers: Iterable[str] = (),
    *,
    stacked: bool = False,
) -> Markup:
    """A table; nothing without rows. The columns in `numbers` stand at the right. A row of one cell is a heading.

    A `stacked` table shows the cells of a row under each other on a narrow screen, others scroll sideways.
    """
    right = set(numbers)
    sides = [Markup(' class="number"') if head in right else Markup() for head in heads]
    body = join(_row(cells, sides) for cells in rows)
    if not body:
        return Markup()
    head = join(Markup('<th scope="col"{}>{}</th>').format(side, name) for side, name in zip(sides, heads, strict=True))
    return Markup(
        '<div class="wide" tabindex="0" role="region" aria-label="{0}"><table{3}><caption>{0}</caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(caption, head, body, Markup(' class="stacked"') if stacked else "")


def day(value: object) -> Markup:
    """A date that stays on one line."""
    return Markup('<span class="day">{}</span>').format(value)


def quiet(cells: Iterable[Text]) -> list[Text]:
    """The cells of a row that belongs to the one above it, in quiet letters."""
    return [Markup('<span class="note">{}</span>').format(cell) if cell else "" for cell in cells]


def code(text: str) -> Markup:
    """A name or an id in the font of code."""
    return Markup("<code>{}</code>").format(text)


def named(name: str, raw: str) -> Markup:
    """A plain name with the raw name of the column; the name alone when they are the same."""
    return escape(name) if name == raw else Markup("{} {}").format(name, code(raw))


def light(value: str, direction: str = "") -> Text:
    """A traffic light: its sign and its word, and where the PD is wrong."""
    if value not in LIGHTS:
        return value
    told = f"{value}: PD {direction}" if direction else value
    return Markup('<span class="light {0}"><span aria-hidden="true">{1}</span> {2}</span>').format(
        value, LIGHTS[value], told
    )


def _row(cells: Sequence[Text], sides: Sequence[Markup]) -> Markup:
    if len(cells) == 1 < len(sides):
        return Markup('<tr><th scope="colgroup" colspan="{}">{}</th></tr>').format(len(sides), cells[0])
    inner = join(Markup("<td{}>{}</td>").format(side, cell) for side, cell in zip(sides, cells, strict=True))
    return Markup("<tr>{}</tr>").format(inner)


def _with_code(text: Text) -> Markup:
    """The text with the words in backquotes as code; Markup as it is."""
    if isinstance(text, Markup):
        return text
    return join(code(word) if at % 2 else word for at, word in enumerate(text.split("`")))
