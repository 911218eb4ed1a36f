# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/schemas/policy.schema.json says what policy.py accepts and what the modules document, no more and no less.

What a schema cannot say, or says otherwise, is named in `what_a_schema_leaves_out`.
"""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.doc_fragments.retention import ModuleDocFragment
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import PACKAGE_TYPES, STATUSES
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import DURATION_PATTERN
from ansible_collections.registryops.gitlab.plugins.module_utils._retention import policy as policy_utils
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import PolicyError, validate_policy
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import policies

Json = dict[str, t.Any]

SCHEMA: Json = json.loads((Path(__file__).parents[4] / "docs/schemas/policy.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DEFS = SCHEMA["$defs"]
DOCUMENTED: Json = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["policy"]


def in_schema(policy: t.Any) -> bool:
    return VALIDATOR.is_valid(policy)


def accepted(policy: t.Any) -> bool:
    try:
        validate_policy(policy)
    except PolicyError:
        return False
    return True


def objects(schema: t.Any) -> t.Iterator[Json]:
    """Every part of the schema that describes a mapping of its own."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


# --- the schema itself --------------------------------------------------------------------------------------------


def test_it_is_a_schema_that_helps_an_editor() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    described = list(objects(SCHEMA))
    assert len(described) == 5
    for part in described:
        assert part["additionalProperties"] is False
        assert part["title"]
        assert part["description"]
        for key, field in part["properties"].items():
            assert field.get("title"), key
    for key, field in DEFS["rule"]["properties"].items():
        assert field["description"].endswith("."), key


# --- the tables of policy.py --------------------------------------------------------------------------------------


def test_it_has_the_keys_of_policy_py() -> None:
    assert set(SCHEMA["properties"]) == set(policy_utils.POLICY_KEYS)
    assert set(DEFS["rule"]["properties"]) == set(policy_utils.RULE_KEYS)
    assert set(DEFS["match"]["properties"]) == set(policy_utils.MATCH_KEYS)
    assert set(DEFS["exclusion"]["properties"]) == set(policy_utils.MATCH_KEYS) - {"exclude"}
    assert set(DEFS["file_rule"]["properties"]) == set(policy_utils.FILE_RULE_KEYS)
    assert [entry["required"] for entry in DEFS["file_rule"]["oneOf"]] == [[key] for key in policy_utils.FILE_KEEPS]
    kinds = {"count": policy_utils.KEEP_COUNTS, "duration": policy_utils.KEEP_DURATIONS}
    for kind, keys in kinds.items():
        for key in keys:
            assert DEFS["rule"]["properties"][key]["$ref"] == f"#/$defs/{kind}"
    for key in policy_utils.MATCH_GLOB:
        assert DEFS["match"]["properties"][key]["$ref"] == "#/$defs/texts"


def test_it_has_the_values_of_policy_py() -> None:
    for key, choices in policy_utils.MATCH_EXACT.items():
        if choices is not None:
            assert tuple(DEFS[key]["enum"]) == choices
            field = DEFS["match"]["properties"][key]
            assert field["anyOf"][0] == field["anyOf"][1]["items"] == {"$ref": f"#/$defs/{key}"}
    assert DEFS["rule"]["properties"]["order_by"]["enum"] == list(policy_utils.ORDER_BY)
    assert DEFS["rule"]["properties"]["per"]["enum"] == list(policy_utils.PER)
    assert DEFS["duration"]["pattern"] == DURATION_PATTERN
    assert DEFS["count"]["anyOf"][1]["pattern"] == policy_utils.COUNT_PATTERN


def test_every_keep_makes_a_rule_and_excludes_delete_all() -> None:
    rule = DEFS["rule"]
    assert [entry["required"] for entry in rule["anyOf"]] == [[key] for key in (*policy_utils.KEEP_KEYS, "delete_all")]
    assert set(rule["then"]["properties"]) == {"per", *policy_utils.KEEP_KEYS}
    counts = rule["dependentSchemas"]["per"]["anyOf"]
    assert [entry["required"] for entry in counts] == [[key] for key in policy_utils.KEEP_COUNTS]


# --- what the modules document ------------------------------------------------------------------------------------


def test_the_documentation_has_the_same_keys() -> None:
    rules = DOCUMENTED["suboptions"]["rules"]
    match = rules["suboptions"]["match"]
    assert set(DOCUMENTED["suboptions"]) == set(SCHEMA["properties"])
    assert set(rules["suboptions"]) == set(DEFS["rule"]["properties"])
    assert set(match["suboptions"]) == set(DEFS["match"]["properties"])
    assert set(DOCUMENTED["suboptions"]["files"]["suboptions"]) == set(DEFS["file_rule"]["properties"])
    assert [key for key, option in DOCUMENTED["suboptions"].items() if option.get("required")] == SCHEMA["required"]


def test_the_documentation_has_the_same_types_values_and_defaults() -> None:
    suboptions = DOCUMENTED["suboptions"]["rules"]["suboptions"]
    for key in policy_utils.KEEP_COUNTS:
        assert suboptions[key]["type"] == "int"
    for key in policy_utils.KEEP_DURATIONS:
        assert suboptions[key]["type"] == "str"
    for key, option in suboptions["match"]["suboptions"].items():
        if key in policy_utils.MATCH_FLAGS:
            assert option["type"] == "bool", key
        else:
            assert (option["type"], option["elements"]) == ("list", "dict" if key == "exclude" else "str"), key
    for key in ("order_by", "per", "keep_downloaded", "delete_all"):
        assert suboptions[key]["default"] == DEFS["rule"]["properties"][key]["default"]
    for key in ("order_by", "per"):
        assert suboptions[key]["choices"] == DEFS["rule"]["properties"][key]["enum"]
    assert DOCUMENTED["suboptions"]["keep_at_least"]["type"] == "int"
    assert suboptions["match"]["suboptions"]["package_type"].get("choices", list(PACKAGE_TYPES)) == list(PACKAGE_TYPES)
    assert suboptions["match"]["suboptions"]["status"].get("choices", list(STATUSES)) == list(STATUSES)


# --- behaviour ----------------------------------------------------------------------------------------------------


def what_a_schema_leaves_out(policy: t.Any) -> bool:
    """Whether schema and code may differ.

    - Two rules of one name (``rule 2`` is also the name of the second rule that has none): only the code sees it.
    - A duration that is longer than calendars: only the code sees it.
    - A number such as 3.0 is a whole one to a schema, and not to the code.
    - Null is for the code as if the key were not there, as Ansible fills it in; to an editor it is a mistake.
    - ``$`` of a pattern matches before a last line break in Python, and not in the editors' JavaScript.
    """
    if not isinstance(policy, dict):
        return False
    files = [rule for rule in policy.get("files") or () if isinstance(rule, dict)] if _is_list(policy, "files") else []
    file_names = [str(rule.get("name", f"file rule {number}")) for number, rule in enumerate(files, 1)]
    if len(set(file_names)) < len(file_names):
        return True
    rules = [rule for rule in policy.get("rules") or () if isinstance(rule, dict)] if _is_list(policy, "rules") else []
    names = [rule.get("name", f"rule {number}") for number, rule in enumerate(rules, 1)]
    if len({str(name) for name in names}) < len(names):
        return True
    return any(_leaves_out(value) for value in _values(policy))


def _is_list(policy: Json, key: str) -> bool:
    return isinstance(policy.get(key), (list, tuple))


def _leaves_out(value: t.Any) -> bool:
    if isinstance(value, str):
        return value.endswith("\n") or len(value) > 12
    return value is None or isinstance(value, float)


def _values(value: t.Any) -> t.Iterator[t.Any]:
    if isinstance(value, dict):
        for entry in value.values():
            yield from _values(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _values(entry)
    else:
        yield value


#: Values that are right in one place or another, and wrong in the others.
VALUES = st.one_of(
    st.sampled_from([0, 1, 3, -1, True, False, None, 2.0, 2.5, 10**12]),
    st.sampled_from(["0", "000", "3", "-3", "", " ", "14d", "0d", "08w", "1y", "d", "1", "9" * 10, "３"]),
    st.sampled_from(["created_at", "version", "npm", "mvn", "error", "all", "rule 1", "a", "*", "minor", "name"]),
    st.sampled_from([{"exclude": {"name": "a"}}, [{"name": "a"}, {"prerelease": True}], {"versionless": True}]),
    st.sampled_from([{"versionless": True, "version": "1"}, {"versionless": False}, [{"exclude": {"name": "a"}}]]),
    st.sampled_from([[], [""], ["npm"], ["npm", "mvn"], ["error", "error"], [1], [None], {}, {"name": "a"}]),
    st.sampled_from([{"name": "a", "tag": []}, {"names": "a"}, {"version": 1.0}, [{}], [{"keep_latest": 1}]]),
)
KEYS = st.sampled_from([*policy_utils.RULE_KEYS, *policy_utils.MATCH_KEYS, *policy_utils.POLICY_KEYS, "keep", "x"])
RULES = st.one_of(
    st.dictionaries(st.sampled_from(policy_utils.RULE_KEYS), VALUES, max_size=4),
    st.dictionaries(KEYS, VALUES, max_size=3),
    VALUES,
)
MATCHES = st.one_of(st.dictionaries(st.sampled_from(policy_utils.MATCH_KEYS), VALUES, max_size=3), VALUES)


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A valid policy in which one or two values were put in the place of others."""
    policy = copy.deepcopy(draw(policies()))
    for _ in range(draw(st.integers(1, 2))):
        rule = draw(st.sampled_from(policy["rules"])) if policy["rules"] else policy
        places = [policy, rule, rule.get("match"), *policy.get("protect", ())]
        place = draw(st.sampled_from([place for place in places if isinstance(place, dict)]))
        if draw(st.booleans()) and place is not policy and place:
            del place[draw(st.sampled_from(sorted(place)))]
        else:
            place[draw(KEYS)] = draw(VALUES)
        if not isinstance(policy.get("rules"), list) or not all(isinstance(rule, dict) for rule in policy["rules"]):
            break
        if not isinstance(policy.get("protect", []), list):
            break
    return policy


@given(policies())
def test_what_is_valid_is_valid_for_both(policy: Json) -> None:
    assert accepted(policy)
    assert in_schema(policy)


@settings(max_examples=600, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    st.one_of(
        mutated(),
        st.fixed_dictionaries(
            {"rules": st.lists(RULES, max_size=2)}, optional={"protect": st.lists(MATCHES, max_size=2)}
        ),
        st.fixed_dictionaries(
            {"rules": st.lists(RULES.map(lambda rule: {"match": rule, "keep_latest": 1}), max_size=2)}
        ),
        st.dictionaries(KEYS, VALUES, max_size=2),
        VALUES,
    )
)
@example({"rules": [{"keep_latest": 0, "keep_daily": "00"}]})
@example({"rules": [{"keep_latest": 0, "delete_all": True}]})
@example({"rules": [{"keep_latest": "0", "keep_within": "1d"}]})
@example({"rules": [{"delete_all": True, "keep_weekly": 1}]})
@example({"rules": [{"delete_all": True, "match": {}}]})
@example({"rules": [{"keep_latest": 1, "match": {}}]})
@example({"rules": []})
@example({"rules": [], "files": []})
@example({"rules": [], "files": [{"keep_latest_copies": 1}]})
@example({"rules": [{"keep_latest": 1}], "protect": []})
@example({"rules": [{"delete_all": False}]})
@example({"rules": [], "protect": [{}]})
@example({"rules": [], "files": [{"keep_latest_copies": 0}]})
@example({"rules": [], "files": [{"keep_latest_copies": "2", "keep_latest_builds": "0"}, {}]})
@example({"rules": [], "files": [{"keep_latest_copies": 1, "keep_latest_builds": 1}]})
@example({"rules": [], "files": [{"match": {}, "keep_latest_builds": 1}]})
@example({"rules": [{"keep_downloaded": False}]})
@example({"rules": [{"keep_downloaded": True, "delete_all": True}]})
@example({"rules": [{"keep_downloaded": True, "per": "ref"}]})
@example({"rules": [{"keep_daily": 0, "keep_within": "1d", "per": "name"}]})
@example({"rules": [{"keep_daily": 2, "per": "name"}]})
@example({"rules": [{"delete_all": True, "match": {"exclude": []}}]})
@example({"rules": [{"delete_all": True, "match": {"exclude": {"name": "a"}}}]})
@example({"rules": [], "keep_at_least": "3", "protect": [{"versionless": True, "prerelease": False}]})
def test_the_schema_accepts_what_the_code_accepts(policy: t.Any) -> None:
    if not what_a_schema_leaves_out(policy):
        assert in_schema(policy) == accepted(policy)


@pytest.mark.parametrize(
    ("policy", "schema", "code"),
    [
        ({"rules": [{"name": "a", "keep_latest": 1}, {"name": "a", "keep_latest": 1}]}, True, False),
        ({"rules": [{"name": "rule 2", "keep_latest": 1}, {"keep_latest": 1}]}, True, False),
        ({"rules": [{"keep_within": "999999999999999d"}]}, True, False),
        ({"rules": [{"keep_latest": 3.0}]}, True, False),
        ({"rules": [{"keep_latest": 1, "keep_daily": None}]}, False, True),
    ],
    ids=["one name twice", "a default name twice", "too long", "3.0", "null"],
)
def test_what_a_schema_leaves_out_is_so(policy: Json, schema: bool, code: bool) -> None:
    assert what_a_schema_leaves_out(policy)
    assert (in_schema(policy), accepted(policy)) == (schema, code)
