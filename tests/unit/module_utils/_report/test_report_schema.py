# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/schemas/report.schema.json says what report.json holds. (What the module writes: integration.)"""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import parse_time
from ansible_collections.registryops.gitlab.plugins.module_utils._report.build import build_report
from ansible_collections.registryops.gitlab.plugins.module_utils._report.compare import compare
from ansible_collections.registryops.gitlab.plugins.module_utils._report.earlier import Earlier
from ansible_collections.registryops.gitlab.plugins.module_utils._report.names import Name, names_document, names_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of, plan_with_files
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    Package,
    package,
    packages,
    policies,
    stamp,
)

Json = dict[str, t.Any]

SCHEMAS = Path(__file__).parents[4] / "docs" / "schemas"
REPORT: Json = json.loads((SCHEMAS / "report.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(REPORT)
SCOPE = {"api_url": "https://gitlab.example.com/api/v4", "projects": ["acme/web/shop"], "groups": []}
TWICE = [{"id": n, "file_name": "a.tgz", "size": 10, "created_at": stamp(NOW)} for n in (1, 2)]


GOVERNED: Json = {
    "project_id": 1,
    "project_path": "acme/shop",
    "archived": False,
    "packages_size": 7,
    "rules": [
        {
            "id": 3,
            "package_name_pattern": "@acme/*",
            "package_type": "npm",
            "minimum_access_level_for_push": "owner",
            "minimum_access_level_for_delete": "maintainer",
        }
    ],
    "cleanup_policy": "all",
    "duplicates": {"npm": True},
    "forwarding": {},
    "unread": {"settings": "owners only"},
}
EARLIER = Earlier(
    path="report.json",
    generated_at="2020-01-01T00:00:00.000Z",
    made=parse_time("2020-01-01T00:00:00.000Z"),
    scope=SCOPE,
    totals={"packages": 1, "projects": 1, "names": 1, "bytes": 7},
    projects=[{"project_path": "acme/gone", "packages": 1, "bytes": 7}],
    types=[{"package_type": "conan", "packages": 1, "bytes": 7}],
    names={Name("acme/gone", "conan", "zlib")},
    history=[],
)


def report(listed: list[Package], policy: Json | None, *, explain_keeps: bool = True) -> Json:
    plan = None if policy is None else plan_of(listed, policy, explain_keeps=explain_keeps)
    made = build_report(listed, generated_at=stamp(NOW), scope=SCOPE, plan=plan)
    return t.cast(Json, json.loads(json.dumps(made)))


def full() -> Json:
    """A report in which no list is empty."""
    old = "2019-01-01T00:00:00.000Z"
    listed = [
        package(1, files=TWICE),
        package(2, files=TWICE),
        package(3, status="error", files=[]),
        package(4, name="other", created_at=old, files=None),
        package(5, name="gone"),
    ]
    policy: Json = {
        "rules": [
            {"name": "old", "match": {"name": "@acme/ui"}, "keep_latest": 1},
            {"name": "gone", "match": {"name": "gone"}, "delete_all": True},
        ],
        "files": [{"name": "copies", "keep_latest_copies": 1}],
    }
    made = report(listed, policy)
    plan = plan_with_files(listed, {1: TWICE, 2: TWICE}, policy)
    of_files = build_report([], generated_at=stamp(NOW), scope=SCOPE, plan=plan)
    made["plan"]["files"] = of_files["plan"]["files"]
    names = names_of(listed)
    made["comparison"] = compare(made, names, EARLIER)
    made["all_names"] = names_document(names)
    made["governance"] = [GOVERNED]
    return t.cast(Json, json.loads(json.dumps(made)))


def test_it_is_a_schema_that_says_what_each_key_is() -> None:
    jsonschema.Draft202012Validator.check_schema(REPORT)
    assert all("description" in value for value in REPORT["properties"].values())


@given(packages(), st.one_of(st.none(), policies()), st.booleans(), st.sampled_from([None, [], TWICE]))
def test_every_report_is_valid(listed: list[Package], policy: Json | None, explain_keeps: bool, files: t.Any) -> None:
    sized = [{**one, "files": files if one["id"] % 2 else None} for one in listed] if files is not None else listed
    VALIDATOR.validate(report(sized, policy, explain_keeps=explain_keeps))


def places(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    """The way to each key of mappings and of the first entry of each list."""
    entries = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, inner in entries:
        if isinstance(value, dict):
            yield (*path, key)
        yield from places(inner, (*path, key))


def described(schema: t.Any) -> t.Iterator[str]:
    """Every key of which the schema says something."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from described(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from described(inner)


KEYS = set(described(REPORT))


def optional(way: list[t.Any], key: t.Any) -> bool:
    """Whether a key is there only with sizes, with a policy, or with an earlier report."""
    if not way:
        return key in ("comparison", "all_names", "governance")
    if way[0] == "summary":
        return key not in ("packages", "projects", "names", "never_downloaded", "broken")
    if way[0] == "comparison":
        return key in ("new_names", "vanished_names") or (key == "bytes" and "history" not in way)
    return way[0] in ("by_month", "storage_map") and key in ("delete", "total_delete")


def test_no_described_key_may_be_missing_or_of_another_kind() -> None:
    whole = full()
    found = [path for path in places(whole) if path[-1] in KEYS]
    # The one thing that is handed through as it is: the scope of a plan.
    found = [path for path in found if path[:1] == ("scope",) or "scope" not in path[:-1]]
    assert {path[-1] for path in found} == KEYS
    for *way, key in found:
        for change in ("of another kind",) if optional(way, key) else ("missing", "of another kind"):
            made = copy.deepcopy(whole)
            inner = made
            for step in way:
                inner = inner[step]
            if change == "missing":
                del inner[key]
            else:
                inner[key] = 1 if isinstance(inner[key], bool) else True
            assert not VALIDATOR.is_valid(made), (change, *way, key)
