"""What is wrong with a book: every finding at once, in line order."""

from jobs.book.checks.candidates import candidate_findings, estimator_findings
from jobs.book.checks.features import feature_findings
from jobs.book.checks.finding import Finding
from jobs.book.checks.label import label_findings
from jobs.book.checks.names import name_findings
from jobs.book.checks.segments import segment_findings
from jobs.book.checks.shape import shape_findings
from jobs.book.checks.sources import source_findings
from jobs.book.declaration import Book

PARTS = (
    shape_findings,
    name_findings,
    source_findings,
    label_findings,
    feature_findings,
    candidate_findings,
    segment_findings,
)


def findings(book: Book) -> list[Finding]:
    """Everything that is wrong with a book, in line order. It imports the estimators, which takes seconds."""
    return sorted({*declaration_findings(book), *estimator_findings(book)})


def declaration_findings(book: Book) -> list[Finding]:
    """Everything that is wrong with a book, in line order, except for what an import of the estimators shows."""
    return sorted({finding for part in PARTS for finding in part(book)})
