"""The errors of `jobs`."""

from collections.abc import Sequence
from typing import Any

from storage.errors import LoanwatchError


class JobError(LoanwatchError):
    """A task can't use its data or a model. A second try would not help."""


class InputRejected(JobError):
    """An extract can't be used. The message has the file, and line (from 1) and column name when they are known.

    `profiles` are those of the files that were read until then.
    """

    exit_code = 3
    profiles: tuple[dict[str, Any], ...] = ()

    def __init__(
        self, what: str, *, file: str, line: int | None = None, column: str | None = None, hint: str = ""
    ) -> None:
        where = file + (f", line {line}" if line is not None else "") + (f", column {column}" if column else "")
        super().__init__(f"{where}: {what}" + (f"; {hint}" if hint else "") + ".")
        self.what, self.file, self.line, self.column, self.hint = what, file, line, column, hint

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword arguments survive pickling between processes."""
        return (_input_rejected, (self.what, self.file, self.line, self.column, self.hint))


def _input_rejected(what: str, file: str, line: int | None, column: str | None, hint: str) -> InputRejected:
    return InputRejected(what, file=file, line=line, column=column, hint=hint)


class BookRejected(JobError):
    """A lender's declaration can't be used. The message has a line for every finding: `file:line: what, what to do`."""

    exit_code = 3

    def __init__(self, findings: Sequence[str]) -> None:
        count = f"{len(findings)} findings" if len(findings) > 1 else "1 finding"
        super().__init__("\n".join((f"The book can't be used; {count}:", *findings)))
        self.findings = tuple(findings)

    def __reduce__(self) -> tuple[object, ...]:
        """The findings survive pickling between processes."""
        return (BookRejected, (self.findings,))
