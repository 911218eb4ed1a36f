# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/schemas/plan.schema.json says what a plan is, as plan_shape.py does. (What the modules write: integration.)"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._retention import plan_shape
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    Package,
    packages,
    policies,
)

Json = dict[str, t.Any]

SCHEMAS = Path(__file__).parents[4] / "docs" / "schemas"
PLAN: Json = json.loads((SCHEMAS / "plan.schema.json").read_text(encoding="utf-8"))
RESULT: Json = json.loads((SCHEMAS / "result.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(PLAN)
ENTRY: Json = PLAN["properties"]["delete"]["items"]
#: What there is where protection rules were asked.
FORESEEN, MARKS = {"protection", "foreseen_protected"}, {"protected", "protected_by"}

_JSON_TYPES = {"string": str, "integer": int, "object": dict, "array": list, "null": type(None)}


@pytest.mark.parametrize("schema", [PLAN, RESULT], ids=["plan", "result"])
def test_it_is_a_schema_that_says_what_each_key_is(schema: Json) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all("description" in value for value in schema["properties"].values() if value != {"type": "boolean"})


@pytest.mark.parametrize(
    ("part", "fields", "optional"),
    [
        (PLAN, plan_shape.PLAN_FIELDS, {"keep", "keep_lists", "delete_files"}),
        (PLAN["properties"]["summary"], plan_shape.SUMMARY_FIELDS, {"bytes", "files", *FORESEEN}),
        (ENTRY, plan_shape.DELETE_FIELDS, {"size", *MARKS}),
        (PLAN["properties"]["delete_files"]["items"], plan_shape.FILE_FIELDS, MARKS),
        (PLAN["properties"]["summary"]["properties"]["files"], plan_shape.FILE_SUMMARY_FIELDS, {"foreseen_protected"}),
        (PLAN["properties"]["keep"]["items"], {**plan_shape.PACKAGE_FIELDS, "rule": (str, type(None))}, {"reasons"}),
    ],
    ids=["plan", "summary", "delete", "delete_files", "summary.files", "keep"],
)
def test_it_has_the_keys_and_types_of_plan_shape(part: Json, fields: Json, optional: set[str]) -> None:
    assert set(part["properties"]) == {*fields, *optional}
    assert set(part["required"]) - {"reasons"} == set(fields)
    for key, types in fields.items():
        told = part["properties"][key].get("type", "object")  # a scope is one of two objects
        assert {_JSON_TYPES[kind] for kind in ([told] if isinstance(told, str) else told)} == set(types), key
    numbers = [value for value in part["properties"].values() if value.get("type") == "integer"]
    assert {(value["minimum"], value["maximum"]) for value in numbers} <= {(0, plan_shape.LARGEST)}


@given(packages(), policies(), st.booleans())
def test_every_plan_is_valid(listed: list[Package], policy: Json, explain_keeps: bool) -> None:
    VALIDATOR.validate(plan_of(listed, policy, explain_keeps=explain_keeps))


@pytest.mark.parametrize("key", sorted(plan_shape.DELETE_FIELDS))
def test_an_entry_that_lacks_a_key_is_not(key: str) -> None:
    plan = plan_of()
    del plan["delete"][0][key]
    assert not VALIDATOR.is_valid(plan)


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"project": "acme/shop"},
        {"group": "acme", "group_id": 7},
        {"project": "acme/shop", "project_id": 42, "group": "acme"},
        {"projects": [{"project": "acme/shop", "project_id": 42}]},
    ],
)
def test_neither_is_a_scope_that_is_refused(scope: Json) -> None:
    assert not VALIDATOR.is_valid({**plan_of(), "scope": scope})


def test_a_later_minor_is_valid_and_an_earlier_major_is_not() -> None:
    assert VALIDATOR.is_valid({**plan_of(), "format_version": "2.9", "more": 1})
    for version in (1, "1.0", "3.0"):
        assert not VALIDATOR.is_valid({**plan_of(), "format_version": version})
