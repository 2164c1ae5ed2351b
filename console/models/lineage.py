"""Lineage: from a model to the extracts, each step with version and digest."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import streamlit as st
from markupsafe import Markup

from console.app.deployment import ledger
from console.app.navigation import run_link
from console.components.elements import Text, callout, code_html, count, empty, join, note, note_html, write_html
from console.components.table import digest_html
from console.components.times import day, local
from console.models.query import ModelView
from storage.ledger.lineage import Ancestor, ancestry

LINEAGE_SHEET = Markup("""<style>
ul.lw-tree, ul.lw-tree ul { list-style: none; margin: 0; padding: 0; }
ul.lw-tree ul { margin-left: 0.45rem; border-left: 1px solid var(--lw-edge); }
.lw-tree ul > li { position: relative; padding-left: 1.3rem; margin: 0; }
.lw-tree ul > li::before { content: ""; position: absolute; left: 0; top: 1.05rem; width: 0.9rem;
  border-top: 1px solid var(--lw-edge); }
.lw-tree ul > li:last-child::after { content: ""; position: absolute; left: -1px; top: calc(1.05rem + 1px); bottom: 0;
  width: 1px; background: var(--lw-paper); }
.lw-node { display: flex; flex-wrap: wrap; gap: 0 0.9rem; padding: 0.28rem 0; align-items: baseline; }
.lw-node b { font-weight: 600; overflow-wrap: anywhere; }
.lw-node .lw-note { overflow-wrap: anywhere; }
</style>""")
TREE = Markup(
    '<div class="lw-scroll" tabindex="0" role="region" aria-label="Lineage of this version">'
    '<ul class="lw-tree"><li>{}<ul>{}</ul></li></ul></div>'
)
ITEM, SUBTREE = Markup("<li>{}</li>"), Markup("<ul>{}</ul>")


def show_lineage(view: ModelView) -> None:
    """Shows the version's lineage as a nested list, and its extracts in the format of `sha256sum -c`."""
    ancestors = lineage(view)
    if not ancestors:
        empty("No lineage", "The ledger knows no table that this version was trained on.")
        return
    model = view.row.files.get("model", {})
    root = _node(f"model {view.version}", model.get("sha256", ""), view.row.model_name)
    write_html(LINEAGE_SHEET + TREE.format(root, join(map(_branch, ancestors))))
    note("Digests are SHA-256. Hover shows the whole digest, a click selects it.")
    extracts = {path: sha256 for ancestor in ancestors for path, sha256 in ancestor.extracts().items()}
    for sentence in mismatches(view.metadata, extracts):
        callout("warn", "The metadata and the ledger disagree", sentence)
    with st.expander(f"Checksums of the {len(extracts)} extracts"):
        note(Markup("Save the lines to a file; {} checks the extracts against it.").format(code_html("sha256sum -c")))
        st.code(checksums(extracts), language=None)


def lineage(view: ModelView) -> list[Ancestor]:
    """The tables that the version was trained on, each with its own ancestors."""
    known = {name: table["version"] for name, table in view.metadata.get("tables", {}).items()}
    with ledger().reading() as connection:
        ancestors = [ancestry(connection, table, version, known) for table, version in view.row.trained_on.items()]
    return [ancestor for ancestor in ancestors if ancestor is not None]


def checksums(extracts: dict[str, str]) -> str:
    """A line for each extract in the format of `sha256sum`."""
    return "\n".join(f"{sha256}  {path}" for path, sha256 in sorted(extracts.items()))


def mismatches(metadata: dict[str, Any], extracts: dict[str, str]) -> list[str]:
    """A sentence for each extract whose digest in the model's metadata is not the one of the ledger's lineage."""
    recorded: dict[str, str] = metadata.get("extracts", {})
    differing = sorted(path for path, sha256 in recorded.items() if extracts.get(path) != sha256)
    return [
        f"{path} had the SHA-256 {recorded[path]} at the training; the lineage of its tables has another."
        for path in differing
    ]


def _branch(ancestor: Ancestor) -> Markup:
    removed = f", files removed {day(local(ancestor.removed_at).date())}" if ancestor.removed_at else ""
    origin = Markup("{} rows, made by {}{}").format(count(ancestor.rows), run_link(ancestor.run_id), removed)
    below = join(_below(ancestor))
    subtree = SUBTREE.format(below) if below else ""
    return ITEM.format(join([_node(ancestor.table, ancestor.digest, origin), subtree]))


def _below(ancestor: Ancestor) -> Iterator[Markup]:
    yield from map(_branch, ancestor.made_from)
    for path, sha256 in sorted(ancestor.files.items()):
        folder = Markup('<span title="{}">{}</span>').format(path, PurePosixPath(path).parent)
        yield ITEM.format(_node(PurePosixPath(path).name, sha256, folder))
    for table, digest in sorted(ancestor.lost.items()):
        yield ITEM.format(_node(table, digest, "a version that this ledger does not know"))


def _node(name: str, digest: str, text: Text) -> Markup:
    return Markup('<div class="lw-node"><b>{}</b>{}{}</div>').format(
        name, digest_html(digest) if digest else "", note_html(text)
    )
