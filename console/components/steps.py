"""Steps that led to something, numbered, in the order in which they happened."""

from collections.abc import Sequence

from markupsafe import Markup

from console.components.elements import Text, join

STEPS_SHEET = Markup("""<style>
ol.lw-chain { list-style: none; counter-reset: step; margin: 0.5rem 0 0; padding: 0; }
ol.lw-chain > li { counter-increment: step; position: relative; margin: 0; padding: 0 0 0.45rem 1.9rem; }
ol.lw-chain > li::before { content: counter(step); position: absolute; left: 0; top: 0.1rem; width: 1.25rem;
  height: 1.25rem; border: 1px solid var(--lw-wire); border-radius: 50%; text-align: center; line-height: 1.2rem;
  font-size: 0.75rem; color: var(--lw-quiet); }
ol.lw-chain > li:not(:last-child)::after { content: ""; position: absolute; left: 0.63rem; top: 1.45rem; bottom: 0;
  border-left: 1px solid var(--lw-wire); }
ol.lw-chain b { font-weight: 650; margin-right: 0.4rem; }
ol.lw-chain > li { overflow-wrap: anywhere; }
</style>""")


def steps_html(label: str, steps: Sequence[tuple[str, Text]]) -> Markup:
    """An ordered list of (name, sentence); `label` tells people who can't see it what it leads to."""
    items = join([Markup("<li><b>{}</b> {}</li>").format(name, words) for name, words in steps])
    return Markup('<ol class="lw-chain" aria-label="{}">{}</ol>').format(label, items)
