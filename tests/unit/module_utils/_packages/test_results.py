# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import Result, in_words


def refused(number: int, message: str = "403 Forbidden", project: int = 5) -> Result:
    return {
        "id": number,
        "project_id": project,
        "name": "app",
        "version": "1",
        "package_type": "generic",
        "result": "failed",
        "message": f"DELETE /projects/{project}/packages/{number}: {message}",
    }


def test_one() -> None:
    assert in_words([refused(7)]) == "generic app 1 (id 7): failed: DELETE /projects/5/packages/7: 403 Forbidden"


def test_equal_refusals_stand_once() -> None:
    results = [refused(1), refused(2, "500 Oops"), refused(3, project=6)]
    assert in_words(results) == (
        "generic app 1 (id 1) and generic app 1 (id 3): failed: DELETE /projects/5/packages/1: 403 Forbidden;"
        " generic app 1 (id 2): failed: DELETE /projects/5/packages/2: 500 Oops"
    )
    many = in_words([refused(number) for number in range(1, 134)])
    assert many.count("403 Forbidden") == 1
    assert "generic app 1 (id 5) and 128 more, see results: failed" in many
    other = in_words([refused(number, f"4{number:02} No") for number in range(1, 10)])
    assert other.endswith("405 No; and 4 more, see results")
