# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of packages that stay: in a plan, compared with what is there at apply, and planned again."""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply_files import apply_files
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import Comparison
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_drift import (
    compare_packages,
    judge_files,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_plan import (
    packages_with_files,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import check_guards
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import parts_of
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import (
    FILE_FIELDS,
    FILE_SUMMARY_FIELDS,
    PlanError,
    check_shape,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import DIFF_ALL, diff_text
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import Policy, validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_with_files as plan_with
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    Package,
    package,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.test_file_rules import (
    SNAPSHOT,
    file,
    files_of_a_package,
)

Json = dict[str, t.Any]
Files = dict[int, list[Json]]

SCHEMA = json.loads((Path(__file__).parents[4] / "docs/schemas/plan.schema.json").read_text(encoding="utf-8"))
POLICY: Json = {
    "protect": [{"name": "core"}],
    "rules": [{"name": "old", "match": {"version": "0"}, "keep_latest": 1}],
    "files": [
        {"name": "builds", "match": {"package_type": "maven"}, "keep_latest_builds": 1},
        {"name": "copies", "match": {"name": ["app", "core"]}, "keep_latest_copies": 1},
    ],
}
APP = package(9, name="app", version="1", package_type="generic")
THREE = [file(n, "a.zip", size=100) for n in (1, 2, 3)]


def plan_with_files(listed: list[Package], files: Files, policy: Json = POLICY) -> Json:
    return plan_with(listed, files, policy)


def compared(live: list[Package], plan: Json, **options: t.Any) -> list[tuple[int, str, str | None]]:
    entries = packages_with_files(plan["delete_files"])
    policy = validate_policy(plan["policy"])
    told = compare_packages(entries, {one["id"]: one for one in live}, policy, **options)
    return [(entry["id"], state, reason) for entry, state, reason in told]


@given(
    files_of_a_package(),
    st.sampled_from(["keep_latest_copies", "keep_latest_builds"]),
    st.integers(1, 3),
    st.data(),
)
def test_an_apply_that_goes_on_deletes_the_rest_and_then_nothing_is_left_to_delete(
    files: list[Json], keep: str, count: int, data: st.DataObject
) -> None:
    policy = {"rules": [], "files": [{"name": "old", keep: count}]}
    plan = plan_with_files([SNAPSHOT], {7: files}, policy)
    jsonschema.validate(plan, SCHEMA)
    check_shape(plan)
    rule = validate_policy(policy).files[0]
    planned = plan["delete_files"]
    # The run was interrupted after some of them, or others took these; new files came.
    before = data.draw(st.sets(st.sampled_from([one["id"] for one in planned]))) if planned else set()
    newer = [{**one, "id": one["id"] + 1000} for one in data.draw(files_of_a_package())]
    left = [one for one in files if one["id"] not in before]
    assert judge_files(SNAPSHOT, planned, left, rule) == (before, None)
    assert judge_files(SNAPSHOT, planned, [*left, *newer], rule) == (before, None)
    gone = {one["id"] for one in planned}
    stays = [one for one in files if one["id"] not in gone]
    assert len(stays) >= min(1, len(files))
    again = plan_with_files([SNAPSHOT], {7: stays}, policy)
    assert again["delete_files"] == []
    assert again["summary"]["files"]["files"] == plan["summary"]["files"]["keep"] == len(stays)


@given(files_of_a_package(), st.integers(1, 2), st.data())
def test_whatever_goes_meanwhile_the_newest_stays(files: list[Json], count: int, data: st.DataObject) -> None:
    """A plan is applied to what others left: by its judgement a name never loses its last file."""
    policy = {"rules": [], "files": [{"name": "old", "keep_latest_copies": count}]}
    planned = plan_with_files([SNAPSHOT], {7: files}, policy)["delete_files"]
    others = data.draw(st.sets(st.sampled_from([one["id"] for one in files]))) if files else set()
    left = [one for one in files if one["id"] not in others]
    gone, kept = judge_files(SNAPSHOT, planned, left, validate_policy(policy).files[0])
    to_go = set() if kept else {one["id"] for one in planned} - gone
    assert {one["file_name"] for one in left} == {one["file_name"] for one in left if one["id"] not in to_go}


def test_a_plan_counts_by_rule_and_names_what_cannot_be_read() -> None:
    listed = [SNAPSHOT, APP, package(8, name="app", version="2", package_type="generic"), package(6, name="core")]
    plan = plan_with_files(listed, {7: [file(70, "a.jar")], 9: THREE})
    jsonschema.validate(plan, SCHEMA)
    check_shape(plan)
    assert [one["id"] for one in plan["delete_files"]] == [1, 2]
    assert plan["summary"]["files"] == {
        "files": 4,
        "delete": 2,
        "keep": 2,
        "bytes": 200,
        "unreadable": 1,
        "by_rule": {
            "builds": {"delete": 0, "keep": 1, "bytes": 0},
            "copies": {"delete": 2, "keep": 1, "bytes": 200},
        },
    }
    assert "delete 2 of 4 files (200 B) inside packages that stay (of 1 package they cannot be read)" in diff_text(plan)
    check_guards(plan, max_file_deletions=2)
    with pytest.raises(PlanError, match="deletes 2 of 4 files inside packages that stay, and max_file_deletions allow"):
        check_guards(plan, max_file_deletions=1)
    check_guards(plan_of(), max_file_deletions=0)


def broken(change: t.Callable[[Json], t.Any]) -> str:
    plan = copy.deepcopy(plan_with_files([APP], {9: THREE}))
    change(plan)
    with pytest.raises(PlanError) as caught:
        check_shape(plan)
    return str(caught.value)


def test_what_contradicts_itself_is_no_plan() -> None:
    for key in FILE_FIELDS:
        assert broken(lambda plan, key=key: plan["delete_files"][1].pop(key)) == (  # type: ignore[misc]
            f"entry 2 of the plan's delete_files has no {key}"
        )
        assert broken(lambda plan, key=key: plan["delete_files"][0].update({key: True})).startswith(  # type: ignore[misc]
            f"entry 1 of the plan's delete_files: {key} must be a "
        )
    for key in FILE_SUMMARY_FIELDS:
        assert broken(lambda plan, key=key: plan["summary"]["files"].pop(key)) == (  # type: ignore[misc]
            f"the plan's summary.files has no {key}"
        )
    assert broken(lambda plan: plan.pop("delete_files")).startswith("the plan: delete_files must be a list")
    assert broken(lambda plan: plan["summary"].pop("files")) == "the plan's summary has no files"
    assert broken(lambda plan: plan.update(delete_files=[7] * 2)).endswith("must be a mapping, not int")
    assert broken(lambda plan: plan["delete_files"][1].update(id=1)).endswith("has the id 1, as another entry has")
    assert broken(lambda plan: plan["delete_files"][1].update(size=-1)).endswith("size is no number of a registry")
    assert broken(lambda plan: plan["delete_files"].pop()) == (
        "the plan lists 1 files to delete, and its summary says 3 files, 2 to delete and 1 to keep"
    )
    whole = {**plan_of()["delete"][0], "id": 9}
    changes = {"delete": [whole], "summary": {"delete": 1, "keep": 0}}

    def add(plan: Json) -> None:
        plan["delete"] = changes["delete"]
        plan["summary"].update(changes["summary"])

    assert broken(add) == "entry 1 of the plan's delete_files is of package 9, which the plan deletes as a whole"


def test_parts_count_on_from_packages_to_files() -> None:
    plan = {"delete": [{"id": n} for n in (1, 2, 3)], "delete_files": [{"id": n} for n in (4, 5)]}
    for batch, ids in ((None, [1, 2, 3, 4, 5]), ("1-3", [1, 2, 3]), ("3-4", [3, 4]), ("5-5", [5]), ("4-5", [4, 5])):
        delete, files = parts_of(plan, batch)
        assert [one["id"] for one in (*delete, *files)] == ids
        assert {one["id"] for one in files} <= {4, 5}
    assert parts_of({"delete": plan["delete"]}, "2-3") == (plan["delete"][1:], [])


# --- drift --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"project_id": 43}, "project_id was 42 and is 43"),
        ({"version": "2"}, "version was 1 and is 2"),
        ({"project_path": "acme/new"}, "project_path was acme/web/shop and is acme/new"),
        (
            {"name": "core"},
            "name was app and is core; its files are kept now: protected by 'core'",
        ),
        ({"name": "b"}, "name was app and is b; no file rule governs its files now"),
        (
            {"package_type": "maven"},
            "package_type was generic and is maven; file rule 'builds' governs its files now, not 'copies'",
        ),
        ({"status": "hidden"}, "its status is hidden now: GitLab's API cannot delete its files"),
    ],
)
def test_a_package_that_changed(changes: Json, reason: str) -> None:
    plan = plan_with_files([APP], {9: THREE})
    assert compared([{**APP, **changes}], plan) == [(9, "drifted", reason)]


def test_a_package_that_is_as_it_was_gone_or_listed() -> None:
    plan = plan_with_files([APP], {9: THREE})
    assert compared([APP], plan) == [(9, "unchanged", None)]
    # What no match reads may change: the package itself stays anyhow.
    assert (
        compared([{**APP, "tags": ["x"], "last_downloaded_at": None, "project_path": None}], plan)[0][1] == "unchanged"
    )
    assert compared([], plan) == [(9, "gone", None)]
    assert compared([{**APP, "status": "pending_destruction"}], plan) == [(9, "gone", None)]
    assert (
        compared([APP], plan, place_changed=lambda _entry: "its project was archived")[0][2]
        == "its project was archived"
    )
    told = compared([APP], plan, listed=lambda _package: ("used: sbom.json",))
    assert told == [(9, "drifted", "its files are kept now: used: sbom.json")]


def judged(files: list[Json], policy: Policy | None = None) -> tuple[set[int], str | None]:
    planned = plan_with_files([APP], {9: THREE})["delete_files"]
    return judge_files(APP, planned, files, (policy or validate_policy(POLICY)).files[1])


def test_files_that_changed() -> None:
    assert judged(THREE) == (set(), None)
    assert judged(THREE[1:]) == ({1}, None)
    assert judged([]) == ({1, 2}, None)
    assert judged(THREE[:2]) == (set(), "file rule 'copies' keeps a.zip now")
    assert judged(THREE[:1]) == ({2}, "file rule 'copies' keeps a.zip now")
    assert judged([{**THREE[0], "file_name": "b\x1b"}, *THREE[1:]]) == (set(), "file a.zip is another one now")
    more = {**POLICY, "files": [POLICY["files"][0], {**POLICY["files"][1], "keep_latest_copies": 3}]}
    assert judged(THREE, validate_policy(more)) == (set(), "file rule 'copies' keeps a.zip and 1 more of its files now")


def test_where_the_run_was_ended_no_file_is_tried() -> None:
    plan = plan_with_files([APP], {9: THREE})
    comparisons = [Comparison(entry, "unchanged") for entry in packages_with_files(plan["delete_files"])]
    # Nobody listens there: a request would make another result.
    with Client(Connection(api_url="http://127.0.0.1:9", token=None, retries=0)) as client:
        outcome = apply_files(PackagesApi(client), plan, comparisons, Options(), stopped=KeyboardInterrupt())
    assert [(one["id"], one["result"], one["message"]) for one in outcome.results] == [
        (1, "failed", "not tried: interrupted"),
        (2, "failed", "not tried: interrupted"),
    ]


# --- words --------------------------------------------------------------------------------------------------------


def test_a_large_plan_shows_the_first_files_of_each_package() -> None:
    files = [file(n, "a\x1b.zip", size=None) for n in range(1, DIFF_ALL + 50)]
    text = diff_text(plan_with_files([APP], {9: files})).splitlines()
    assert all(line.isprintable() for line in text)
    assert f"  acme/web/shop  generic  app  1 (id 9): {len(files) - 1} files" in text
    assert sum(line.startswith("    - a\\u001b.zip (id ") for line in text) == 9
    assert text[-1] == f"    … {len(files) - 10} more, see the plan"
