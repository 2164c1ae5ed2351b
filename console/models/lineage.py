"""Lineage: from a model down to the extracts as received, each step by version and digest."""

from collections.abc import Iterator
from html import escape
from pathlib import PurePosixPath
from typing import Any

import streamlit as st

from console.app.deployment import ledger
from console.components.elements import callout, count, empty
from console.components.legacy import QUIET, link_html
from console.components.table import digest_html
from console.components.times import day, local
from console.models.query import Chosen
from storage.ledger.lineage import Ancestor, ancestry

LINEAGE_SHEET = f"""<style>
ul.lw-tree, ul.lw-tree ul {{ list-style: none; margin: 0; padding: 0; }}
ul.lw-tree ul {{ margin-left: 0.45rem; border-left: 1px solid light-dark(#c9d0d9, #3d4655); }}
.lw-tree ul > li {{ position: relative; padding-left: 1.3rem; }}
.lw-tree ul > li::before {{ content: ""; position: absolute; left: 0; top: 1.05rem; width: 0.9rem;
  border-top: 1px solid light-dark(#c9d0d9, #3d4655); }}
.lw-tree ul > li:last-child::after {{ content: ""; position: absolute; left: -1px; top: calc(1.05rem + 1px); bottom: 0;
  width: 1px; background: light-dark(#ffffff, #0e1117); }}
.lw-node {{ display: flex; flex-wrap: wrap; gap: 0 0.9rem; padding: 0.28rem 0; align-items: baseline; }}
.lw-node b {{ font-weight: 600; overflow-wrap: anywhere; }}
.lw-node span.lw-say {{ color: {QUIET}; font-size: 0.87rem; }}
</style>"""


def lineage_part(chosen: Chosen) -> None:
    """The version's lineage as a nested list, and its extracts in the form that `sha256sum -c` reads."""
    tree = lineage(chosen)
    if not tree:
        empty("No lineage", "This version names no table that the ledger knows.")
        return
    model = chosen.row.files.get("model", {})
    head = _node(f"model {chosen.version}", model.get("sha256", ""), escape(chosen.row.model_name))
    st.html(LINEAGE_SHEET)
    st.html(
        '<div class="lw-scroll" tabindex="0" role="region" aria-label="Lineage of this version">'
        f'<ul class="lw-tree"><li>{head}<ul>{"".join(_branch(one) for one in tree)}</ul></li></ul></div>'
    )
    st.caption("Digests are SHA-256: hover for the whole, click to mark it for copying.")
    extracts = {path: sha256 for one in tree for path, sha256 in one.extracts().items()}
    for sentence in mismatches(chosen.metadata, extracts):
        callout("warn", "The metadata and the ledger disagree", sentence)
    with st.expander(f"Extracts as received: {len(extracts)}"):
        st.caption("Saved to a file, `sha256sum -c` checks them against what lies there now.")
        st.code(checksums(extracts), language=None)


def lineage(chosen: Chosen) -> list[Ancestor]:
    """The tables that the version was trained on, each with everything behind it."""
    known = {name: one["version"] for name, one in chosen.metadata.get("tables", {}).items()}
    with ledger().reading() as connection:
        found = [ancestry(connection, table, version, known) for table, version in chosen.row.trained_on.items()]
    return [one for one in found if one is not None]


def checksums(extracts: dict[str, str]) -> str:
    """A line for each extract as `sha256sum` writes it."""
    return "\n".join(f"{sha256}  {path}" for path, sha256 in sorted(extracts.items()))


def mismatches(metadata: dict[str, Any], extracts: dict[str, str]) -> list[str]:
    """What the model's own metadata says about its extracts that the ledger's lineage does not."""
    told: dict[str, str] = metadata.get("extracts", {})
    differing = sorted(path for path, sha256 in told.items() if extracts.get(path) != sha256)
    return [f"{path} was {told[path]} when the model was trained; its tables lead elsewhere." for path in differing]


def _branch(one: Ancestor) -> str:
    removed = f", files removed {day(local(one.removed_at).date())}" if one.removed_at else ""
    said = f"{count(one.rows)} rows, made by {link_html('run', one.run_id, run_id=one.run_id)}{removed}"
    below = "".join(_leaves(one))
    return f"<li>{_node(one.table, one.digest, said)}{f'<ul>{below}</ul>' if below else ''}</li>"


def _leaves(one: Ancestor) -> Iterator[str]:
    yield from (_branch(source) for source in one.made_from)
    for path, sha256 in sorted(one.files.items()):
        said = f'<span title="{escape(path)}">{escape(str(PurePosixPath(path).parent))}</span>'
        yield f"<li>{_node(PurePosixPath(path).name, sha256, said)}</li>"
    for table, digest in sorted(one.lost.items()):
        yield f"<li>{_node(table, digest, 'a version that this ledger does not know')}</li>"


def _node(name: str, digest: str, said: str) -> str:
    told = digest_html(digest) if digest else ""
    return f'<div class="lw-node"><b>{escape(name)}</b>{told}<span class="lw-say">{said}</span></div>'
