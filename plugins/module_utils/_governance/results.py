# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each thing that was declared, as plain data. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

RESULTS = ("created", "updated", "deleted", "unchanged", "already_absent", "failed")
#: Results that mean that GitLab holds something else than before.
CHANGES = ("created", "updated", "deleted")


@dataclass(frozen=True)
class Result:
    """What became of one thing. ``what`` names it in messages, ``facts`` is the thing as it is afterwards.

    ``before`` and ``after`` are its lines in a diff: none where it is not there. ``warning`` is what the user must know
    although it did not fail.
    """

    what: str
    facts: dict[str, t.Any]
    result: str
    message: str | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    warning: str | None = None

    def as_dict(self) -> dict[str, t.Any]:
        """For the user: the facts, ``result``, and ``message`` where there is something to say."""
        return {**self.facts, "result": self.result, **({"message": self.message} if self.message else {})}

    def failed(self, message: str) -> Result:
        """The same thing, which is as it was, as far as is known."""
        return replace(self, result="failed", message=message, after=self.before, warning=None)


@dataclass(frozen=True)
class Outcome:
    """The results, in the order in which they were declared, and what ended the run early."""

    results: list[Result]
    stopped: BaseException | None = None
    warnings: list[str] = field(default_factory=list)


def summary(results: t.Sequence[Result]) -> dict[str, int]:
    """How many had each result."""
    return {kind: sum(result.result == kind for result in results) for kind in RESULTS}


def changed(results: t.Sequence[Result]) -> bool:
    """Whether GitLab holds something else than before, by this run; what failed may have been done in part."""
    return any(r.result in CHANGES or (r.result == "failed" and r.before != r.after) for r in results)


def diff(results: t.Sequence[Result], what: str) -> dict[str, str]:
    """What was there, and what is there then, line by line."""
    return {
        "before_header": what,
        "after_header": what,
        "before": "".join(f"{line}\n" for result in results for line in result.before),
        "after": "".join(f"{line}\n" for result in results for line in result.after),
    }
