"""Segments: they name features that are kept, and the bounds of numbers rise."""

from collections.abc import Iterator

from jobs.book.checks.finding import Finding, at
from jobs.book.checks.shape import features, segments, sound
from jobs.book.declaration import Book


def segment_findings(book: Book) -> Iterator[Finding]:
    """Findings about segments."""
    kept = {feature.name for feature in features(book) if feature.hidden is not True}
    seen: set[str] = set()
    for segment in segments(book):
        if sound(segment, "feature"):
            place = f"segment {segment.feature}"
            if segment.feature not in kept:
                yield at(segment, f"{place}: there is no such feature, or it is hidden; name one that is kept")
            if segment.feature in seen:
                yield at(segment, f"{place}: it is declared twice; keep one")
            seen.add(segment.feature)
            if sound(segment, "bounds") and list(segment.bounds) != sorted(set(segment.bounds)):
                yield at(segment, f"{place}: its bounds do not rise; write them from the lowest to the highest")
            elif sound(segment, "bounds") and segment.bounds and segment.feature in book.categories():
                yield at(segment, f"{place}: a category has no bounds; remove them")
