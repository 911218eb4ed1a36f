# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates: what of a plan, or of an audit, fails a task although all of it went well. Pure.

A gate is a name, or ``over`` with a size: ``{"over": "10GiB"}``, or ``over=10GiB`` where only texts can be given.
"""

from __future__ import annotations

import difflib
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.numbers import (
    counted,
    human_bytes,
    number,
    parse_bytes,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

CHANGES = "changes"
UNMATCHED = "unmatched"
DRIFT = "drift"
OVER = "over"
#: Those that a plan alone closes.
PLAN_GATES = (CHANGES, UNMATCHED, OVER)


class GateError(ValueError):
    """What is no gate, or cannot be told; the message is one sentence that says why."""


@dataclass(frozen=True)
class Gates:
    """The gates that are asked for; ``over`` in bytes, None without it."""

    names: frozenset[str] = frozenset()
    over: int | None = None


@dataclass(frozen=True)
class Figures:
    """What gates look at; ``size`` in bytes (``size_words`` says of what), None where sizes were not read."""

    packages: int
    delete: int
    unmatched: int
    size: int | None
    size_words: str
    files: int = 0


def read_gates(given: t.Sequence[t.Any], known: t.Sequence[str]) -> Gates:
    """The gates of option ``fail_on``, of which there are those ``known``. Raises `GateError`."""
    names: set[str] = set()
    over: int | None = None
    for one in given:
        name, size = _parts(one)
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            ending = f": did you mean {close[0]}?" if close else f": there are {', '.join(known)}"
            raise GateError(f"fail_on: {printable(name)!r} is no gate{ending}")
        if name == OVER and size is None:
            raise GateError("fail_on: over needs a size, such as {over: 10GiB}")
        if name != OVER and size is not None:
            raise GateError(f"fail_on: {name} takes no value")
        names.add(name)
        if size is not None:
            try:
                over = parse_bytes(size)
            except ValueError as error:
                raise GateError(f"fail_on: over: {error}") from None
    return Gates(frozenset(names), over)


def _parts(one: t.Any) -> tuple[str, str | None]:
    if isinstance(one, dict) and len(one) == 1:
        ((name, value),) = one.items()
        return str(name), None if value is None else str(value)
    if not isinstance(one, str):
        raise GateError(f"fail_on: a gate is a name, or over with its size, not {printable(str(one))[:80]}")
    name, equals, value = one.partition("=")
    return name.strip(), value.strip() if equals else None


def figures_of(plan: t.Mapping[str, t.Any]) -> Figures:
    """The figures of a plan: its ``size`` is what it frees."""
    summary = plan["summary"]
    files = summary.get("files", {"delete": 0, "bytes": 0})
    size = summary["bytes"] + files["bytes"] if "bytes" in summary else None
    return Figures(
        summary["packages"], summary["delete"], summary["unmatched"], size, "the plan would free", files["delete"]
    )


def check_gates(gates: Gates, plan: t.Mapping[str, t.Any]) -> None:
    """Raise `GateError` if a plan closes one of the gates."""
    closed = refusals(gates, figures_of(plan))
    if closed:
        raise GateError(in_a_sentence(closed))


def refusals(gates: Gates, figures: Figures) -> dict[str, str]:
    """By its name, why each gate is closed. Raises `GateError` for one that cannot be told."""
    closed: dict[str, str] = {}
    if CHANGES in gates.names and figures.delete + figures.files:
        also = f", and {counted(figures.files, 'file')} inside packages that stay" if figures.files else ""
        told = f"the policy deletes {number(figures.delete)} of {counted(figures.packages, 'package')}{also}"
        closed[CHANGES] = told
    if UNMATCHED in gates.names and figures.unmatched:
        verb = "matches" if figures.packages == 1 else "match"
        closed[UNMATCHED] = (
            f"{number(figures.unmatched)} of {counted(figures.packages, 'package')} {verb} no rule of the policy"
        )
    if gates.over is not None:
        if figures.size is None:
            raise GateError("fail_on: over needs sizes, and none were read: set with_sizes")
        if figures.size > gates.over:
            closed[OVER] = f"{figures.size_words} {human_bytes(figures.size)}, more than {human_bytes(gates.over)}"
    return closed


def in_a_sentence(closed: t.Mapping[str, str]) -> str:
    """Why gates are closed, as the message of a task."""
    return "; ".join(f"fail_on {name}: {why}" for name, why in closed.items())
