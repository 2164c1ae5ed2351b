"""What is compared of two feature sets, and in words how the features of one differ from those of the other."""

from collections.abc import Callable, Mapping
from typing import Any

BEST, SAME = "best", "same classifier"  # what is compared of two feature sets
MOST_NAMED = 3  # features that a sentence names


def sets_in_words(comparison: Mapping[str, Any], plain_name: Callable[[str], str] = str) -> str:
    """How the features of a differ from those of b: `without x`, `with 2 more features`.

    `plain_name` gives the name under which a feature is told. '' for a comparison of an earlier release.
    """
    left_out, added = comparison.get("left_out", []), comparison.get("added", [])
    names = ", ".join(map(plain_name, left_out)) if len(left_out) <= MOST_NAMED else f"{len(left_out)} features"
    more = f"with {len(added)} more feature{'' if len(added) == 1 else 's'}" if added else ""
    return " and ".join(part for part in (f"without {names}" if left_out else "", more) if part)
