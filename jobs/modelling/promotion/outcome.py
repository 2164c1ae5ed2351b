"""What became of a model, in words: the result of its promotion test, and the decision of a second person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The words with their sign, and the reason of the promotion test. `tone` is good, bad, warn or quiet.

    `decided` is whether the words tell a decision after the test, whose reason is another one.
    """

    sign: str
    tone: str
    words: str
    reason: str = ""
    decided: bool = False

    @property
    def of_test(self) -> str:
        """What follows the words: `: AUC below ...`, after a decision `. Promotion test: not worse than ...`."""
        if not self.reason:
            return "."
        return f"{'. Promotion test' if self.decided else ''}: {self.reason}"

    @property
    def sentence(self) -> str:
        """The words and the reason: `Approved by ann. Promotion test: not significantly worse than ...`."""
        return f"{self.words[:1].upper()}{self.words[1:]}{self.of_test}"


def outcome(verdict: Mapping[str, Any] | None, approval: Mapping[str, Any] | None = None) -> Outcome:
    """The outcome for a model with this verdict (None or {} for no test) and its newest approval as JSON, if any."""
    reason = _reason(verdict)
    state, who = (approval["state"], approval["who"]) if approval else ("", "")
    if state == "waiting":
        return Outcome("!", "warn", "waiting for approval", reason)
    if state == "approved":
        return Outcome("✓", "good", f"approved by {who}", reason, decided=True)
    if state == "rejected":
        return Outcome("✗", "bad", f"rejected by {who}", reason, decided=True)
    if not verdict:
        return Outcome("-", "quiet", "no test")
    if verdict["promote"]:
        return Outcome("✓", "good", "promoted", reason)
    if state == "superseded" and is_passed(verdict):
        return Outcome("-", "quiet", "superseded before a decision", reason, decided=True)
    if is_passed(verdict):
        return Outcome("!", "warn", "needs approval", reason)
    return Outcome("✗", "bad", "not promoted", reason)


def outcome_of_test(verdict: Mapping[str, Any], approval: Mapping[str, Any] | None = None) -> Outcome:
    """The outcome of a promotion test: a decision counts only about a model that passed.

    A person can approve a model that did not pass; its test stays one that it did not pass.
    """
    return outcome(verdict, approval if is_passed(verdict) else None)


def is_passed(verdict: Mapping[str, Any] | None) -> bool:
    """Whether a model passed its promotion test: it was promoted, or needs the approval of a second person."""
    return bool(verdict and (verdict["promote"] or verdict.get("waiting")))


def _reason(verdict: Mapping[str, Any] | None) -> str:
    """The reason of a verdict without the outcome that it begins with."""
    reason = str(verdict["reason"]) if verdict else ""
    return reason.partition(": ")[2] or reason
