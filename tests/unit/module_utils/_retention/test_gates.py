# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates: which there are, what closes them, and their sentences."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.gates import (
    PLAN_GATES,
    Figures,
    GateError,
    figures_of,
    in_a_sentence,
    read_gates,
    refusals,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of

GIB = 1024**3


@pytest.mark.parametrize(
    ("size", "count"),
    [("10GiB", 10 * GIB), ("1.5 KiB", 1536), ("2GB", 2 * 10**9), ("3k", 3000), ("4096", 4096), ("7 B", 7), (12, 12)],
)
def test_sizes(size: t.Any, count: int) -> None:
    assert read_gates([{"over": size}], PLAN_GATES).over == read_gates([f"over={size}"], PLAN_GATES).over == count


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("chnages", "fail_on: 'chnages' is no gate: did you mean changes?"),
        ("pdf", "fail_on: 'pdf' is no gate: there are changes, unmatched, over"),
        ("over", "fail_on: over needs a size, such as {over: 10GiB}"),
        ({"over": None}, "fail_on: over needs a size, such as {over: 10GiB}"),
        ({"over": "much"}, "fail_on: over: 'much' is no size such as 10GiB"),
        ("changes=1", "fail_on: changes takes no value"),
        ({"over": 1, "changes": 2}, "fail_on: a gate is a name, or over with its size, not {'over': 1, 'changes': 2}"),
    ],
)
def test_what_is_no_gate(given: t.Any, sentence: str) -> None:
    with pytest.raises(GateError) as caught:
        read_gates([given], PLAN_GATES)
    assert str(caught.value) == sentence


def test_what_closes_them() -> None:
    gates = read_gates(["unmatched", "changes", {"over": "1GiB"}], PLAN_GATES)
    figures = Figures(10, 3, 1, GIB + GIB // 2, "the plan would free", files=2)
    assert in_a_sentence(refusals(gates, figures)) == (
        "fail_on changes: the policy deletes 3 of 10 packages, and 2 files inside packages that stay;"
        " fail_on unmatched: 1 of 10 packages match no rule of the policy;"
        " fail_on over: the plan would free 1.5 GiB, more than 1.0 GiB"
    )
    assert refusals(gates, Figures(10, 0, 0, GIB, "")) == {}
    assert refusals(read_gates([], PLAN_GATES), figures) == {}
    with pytest.raises(GateError, match="over needs sizes, and none were read"):
        refusals(gates, Figures(10, 0, 0, None, ""))


def test_the_figures_of_a_plan() -> None:
    plan = plan_of()
    assert figures_of(plan) == Figures(5, 2, 1, None, "the plan would free")
    plan["summary"].update(bytes=5, files={"delete": 4, "bytes": 7})
    assert figures_of(plan) == Figures(5, 2, 1, 12, "the plan would free", 4)
