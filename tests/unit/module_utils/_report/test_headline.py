# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in one sentence, and the figures that conditions are written with."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.headline import freed_of

GIB = 2**30
Json = dict[str, t.Any]


def package(number: int, size: int | None = None, **fields: t.Any) -> Json:
    one = {"id": number, "project_id": 1, "package_type": "npm", "name": "ui", "version": str(number), **fields}
    one = {"created_at": "2026-11-20T00:00:00Z", "last_downloaded_at": None, **one}
    if size is not None:
        one["files"] = [{"id": number, "file_name": "a", "size": size}]
    return one


def report(packages: list[Json], delete: list[int] | None = None) -> Json:
    plan = None if delete is None else {"delete": [{"id": number, "rule": "r", "reason": "x"} for number in delete]}
    return build_report(packages, generated_at="2026-11-21T00:00:00Z", scope={}, plan=plan)


SIZED = [package(1, 2 * GIB), package(2, GIB), package(3, GIB)]
OLD = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("packages", "delete", "sentence"),
    [
        ([], None, "There are no packages."),
        ([], [], "There are no packages."),
        (SIZED, [1, 2], "The policy frees 3.0 of 4.0 GiB (75 %) by deleting 2 of 3 packages."),
        (SIZED, [], "The policy deletes none of 3 packages."),
        ([package(1), package(2)], [1], "The policy deletes 1 of 2 packages (50 %)."),
        (
            [*SIZED, package(4, files=None)],
            [1],
            "The policy frees 2.0 of 4.0 GiB (50 %) by deleting 1 of 4 packages (without the size of 1 package).",
        ),
        ([*SIZED, package(4, files=None)], [4], "The policy deletes 1 of 4 packages (25 %)."),
        (
            [package(1, GIB, created_at=OLD), package(2, GIB)],
            None,
            "2 packages in 1 project take 2.0 GiB; 1 (50 %), with 1.0 GiB, was not downloaded for more than 90 days.",
        ),
        (
            [package(1, created_at=OLD), package(2, created_at=OLD)],
            None,
            "2 packages in 1 project; 2 (100 %) were not downloaded for more than 90 days.",
        ),
        ([package(1)], None, "1 package in 1 project; none is known to be unused for more than 90 days."),
    ],
)
def test_the_headline_says_what_can_be_said(packages: list[Json], delete: list[int] | None, sentence: str) -> None:
    assert report(packages, delete)["headline"] == sentence


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (252 * GIB, 288 * GIB, "252 of 288 GiB (88 %)"),
        (2**20, GIB, "1.0 MiB of 1.0 GiB (< 1 %)"),
        (0, GIB, "0 B of 1.0 GiB (0 %)"),
        (0, 0, "0 of 0 B"),
    ],
)
def test_a_unit_is_said_once(part: int, whole: int, text: str) -> None:
    assert freed_of(part, whole) == text


def test_no_figure_is_null_and_bytes_are_there_where_sizes_were_read() -> None:
    counts = {"packages": 2, "projects": 1, "names": 1, "never_downloaded": 2, "broken": 0}
    held = {"delete": 1, "keep": 1, "protected": 0, "listed": 0, "unmatched": 0}
    assert report([package(1), package(2)])["summary"] == counts
    assert report([package(1), package(2)], [1])["summary"] == {**counts, **held}
    sized = report([package(1, 5), package(2, 7)], [1])["summary"]
    assert sized == {**counts, **held, "bytes": 12, "delete_bytes": 5, "keep_bytes": 7}
    # What is deleted has no known size: the sum of nothing.
    assert report([package(1, 5), package(2, files=None)], [2])["summary"]["delete_bytes"] == 0
