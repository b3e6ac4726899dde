"""What is wrong with a data set, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdemucs.errors import Refusal


@dataclass(frozen=True, order=True)
class Finding:
    """One thing wrong. Errors forbid the use of the data; remarks are reported."""

    subject: str  # path relative to the data set's root, "" for the root
    problem: str
    cure: str
    error: bool = True

    def __str__(self) -> str:
        kind = "error" if self.error else "remark"
        return f"{kind}: {self.subject or '.'}: {self.problem}; {self.cure}"


def remark(subject: str, problem: str, cure: str) -> Finding:
    return Finding(subject, problem, cure, error=False)


def refused(root: Path, findings: Sequence[Finding]) -> None:
    """Raise the first error; its line tells how many more there are.

    Raises:
        Refusal: there is an error among the findings.
    """
    errors = [finding for finding in findings if finding.error]
    if errors:
        first, more = errors[0], len(errors) - 1
        rest = f" (`hdemucs data verify {root}` lists {more} more)" if more else ""
        raise Refusal(root / first.subject, first.problem, first.cure + rest)
