# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry as one document: what is refused, and what it wants of each place. Pure."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from ansible_collections.registryops.gitlab.plugins.module_utils._ansible.registry import document_from
from ansible_collections.registryops.gitlab.plugins.module_utils._governance import document as documents
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.document import (
    RegistryError,
    groups_to_list,
    resolve,
    validate_document,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.names import SETTINGS, WORDS
from ansible_collections.registryops.gitlab.plugins.module_utils._governance.rules import Wanted
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import POLICY_KEYS

Json = dict[str, t.Any]
SCHEMAS = Path(__file__).parents[4] / "docs" / "schemas"
SCHEMA: Json = json.loads((SCHEMAS / "registry.schema.json").read_text(encoding="utf-8"))
POLICY_SCHEMA: Json = json.loads((SCHEMAS / "policy.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, registry=Registry().with_resource(POLICY_SCHEMA["$id"], Resource.from_contents(POLICY_SCHEMA))
)
NPM = {"package_name_pattern": "@acme/*", "package_type": "npm", "minimum_access_level_for_push": "maintainer"}
OTHER = {"package_name_pattern": "themes", "package_type": "generic", "minimum_access_level_for_push": "owner"}
TEN, FIFTY = ({"keep_n_duplicated_package_files": number} for number in (10, "50"))
LOCK = {"npm_package_requests_forwarding": False, "lock_npm_package_requests_forwarding": True}
SHOP, BLOG, SITE = "acme/web/shop", "acme/web/blog", "acme/site"


def refusal(document: t.Any) -> str | None:
    """What `package_registry` says to a document; None: nothing."""
    try:
        document_from({"document": document, "document_file": None})
    except RegistryError as error:
        return str(error)
    return None


def shop(**entry: t.Any) -> Json:
    return {"projects": {SHOP: entry}}


#: What is refused, and by which sentence; a schema can say those of the first table, and not those of the second.
WRONG: dict[str, tuple[t.Any, str]] = {
    "no mapping": ([], "document: the document must be a mapping, not a list"),
    "unknown part": ({"project": {}}, "document: the document: unknown key 'project': did you mean projects?"),
    "unknown key": (
        shop(protection_rule=[]),
        f"document: projects: {SHOP}: unknown key 'protection_rule': did you mean protection_rules?",
    ),
    "settings of a project": (
        shop(settings={}),
        f"document: projects: {SHOP}: unknown key 'settings': settings are of groups",
    ),
    "an ID": ({"groups": {"7": {}}}, "document: groups: '7' is no full path of a group, such as acme/web"),
    "a project without a group": (
        {"projects": {"shop": {}}},
        "document: projects: 'shop' is no full path of a project, such as acme/web/shop",
    ),
    "null": (
        shop(protection_rules=None),
        f"document: projects: {SHOP}: protection_rules is null: give it a value, or leave the key out",
    ),
    "one rule": (
        shop(protection_rules=NPM),
        f"document: projects: {SHOP}: protection_rules must be a list, not a mapping",
    ),
    "unknown key of a rule": (
        shop(protection_rules=[NPM, {**OTHER, "minimum_access_level": "owner"}]),
        f"document: projects: {SHOP}: protection_rules[2]: unknown key 'minimum_access_level': did you mean"
        " minimum_access_level_for_push?",
    ),
    "a rule without a type": (
        shop(protection_rules=[{"package_name_pattern": "x"}]),
        f"document: projects: {SHOP}: protection_rules[1]: package_type is missing",
    ),
    "a number for a pattern": (
        shop(protection_rules=[{**OTHER, "package_name_pattern": 1.1}]),
        f"document: projects: {SHOP}: protection_rules[1]: package_name_pattern must be a text, and YAML made a number"
        " of it (1.1): put it in quotes",
    ),
    "another level": (
        shop(protection_rules=[{**OTHER, "minimum_access_level_for_delete": "developer"}]),
        f"document: projects: {SHOP}: protection_rules[1]: minimum_access_level_for_delete 'developer' is none of"
        " maintainer, owner, admin",
    ),
    "an empty pattern": (
        shop(protection_rules=[{**OTHER, "package_name_pattern": ""}]),
        f"document: projects: {SHOP}: protection_rules[1]: package_name_pattern must have 1 to 255 characters",
    ),
    "another number of files": (
        {"defaults": {"cleanup_policy": {"keep_n_duplicated_package_files": 5}}},
        "document: defaults: cleanup_policy: keep_n_duplicated_package_files must be one of all, 1, 10, 20, 30, 40, 50,"
        " not '5'",
    ),
    "no number of files": (
        shop(cleanup_policy={}),
        f"document: projects: {SHOP}: cleanup_policy: keep_n_duplicated_package_files is missing",
    ),
    "yes": (
        {"groups": {"acme": {"settings": {"generic_duplicates_allowed": "no"}}}},
        "document: groups: acme: settings: generic_duplicates_allowed must be true or false, not 'no'",
    ),
    "null for a text": (
        {"groups": {"acme": {"settings": {"generic_duplicate_exception_regex": None}}}},
        "document: groups: acme: settings: generic_duplicate_exception_regex must be a text, not null: an empty text"
        " takes it away",
    ),
    "a policy in a policy": (
        {"groups": {"acme": {"retention": {"rules": [{"name": "old"}]}}}},
        "document: groups: acme: retention: rule 'old': no keep is given: a rule that deletes all that it matches says"
        " delete_all: true",
    ),
}
NOT_IN_SCHEMA: dict[str, tuple[t.Any, str]] = {
    "twice": (
        shop(protection_rules=[NPM, NPM]),
        f"document: projects: {SHOP}: protection_rules[2]: the rule npm '@acme/*' is given twice",
    ),
    "twice in another case": (
        {"projects": {SHOP: {}, "Acme/web/shop": {}}},
        f"document: projects: {SHOP} is there twice: GitLab's paths are the same in upper and lower case",
    ),
    "no whole policy": (
        {"defaults": {"retention": {"keep_at_least": 1}}, "groups": {"acme": {"retention": {"keep_at_least": 2}}}},
        "document: groups: acme: retention: rules is missing",
    ),
}
RIGHT: list[t.Any] = [
    {},
    {"defaults": None, "groups": None, "projects": {SHOP: None}},
    {
        "defaults": {"cleanup_policy": TEN, "retention": {"keep_at_least": 1}},
        "groups": {
            "acme": {
                "settings": {**LOCK, "generic_duplicate_exception_regex": ""},
                "retention": {"rules": [{"keep_latest": 1}]},
            }
        },
        "projects": {SHOP: {"protection_rules": [NPM, {**OTHER, "state": "absent"}], "cleanup_policy": FIFTY}},
    },
]


@pytest.mark.parametrize(("document", "said"), [*WRONG.values(), *NOT_IN_SCHEMA.values()], ids=[*WRONG, *NOT_IN_SCHEMA])
def test_what_is_wrong_is_one_sentence_with_its_place(document: t.Any, said: str) -> None:
    assert refusal(document) == said


def test_the_schema_says_what_is_refused_and_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert [name for name, (document, _said) in WRONG.items() if VALIDATOR.is_valid(document)] == []
    assert [name for name, (document, _said) in NOT_IN_SCHEMA.items() if not VALIDATOR.is_valid(document)] == []
    for document in RIGHT:
        VALIDATOR.validate(document)
        assert refusal(document) is None
    parts, rule = SCHEMA["$defs"], SCHEMA["$defs"]["rule"]["properties"]
    assert set(SCHEMA["properties"]) == set(documents.PARTS)
    assert set(parts["group"]["properties"]) == set(documents.PARTS["groups"]) == set(documents.PARTS["defaults"])
    assert set(parts["project"]["properties"]) == set(documents.PARTS["projects"])
    assert set(rule) == set(documents.RULE_KEYS)
    assert {key: tuple(rule[key]["enum"]) for key in documents.CHOICES} == documents.CHOICES
    assert {str(one) for one in parts["cleanup_policy"]["properties"][documents.KEEP]["enum"]} == set(WORDS)
    assert list(parts["settings"]["properties"]) == list(SETTINGS)
    assert set(parts["retention"]["properties"]) == set(POLICY_KEYS)


def test_the_more_special_wins_and_lists_replace() -> None:
    document = validate_document(
        {
            "defaults": {
                "cleanup_policy": TEN,
                "settings": {"generic_duplicates_allowed": False},
                "protection_rules": [OTHER],
            },
            "groups": {
                "acme": {"protection_rules": [NPM], "settings": {"maven_duplicates_allowed": False, **LOCK}},
                "acme/web": {"settings": {"maven_duplicates_allowed": True}},
                "other": {},
            },
            "projects": {SHOP: {"cleanup_policy": FIFTY}, BLOG: {"protection_rules": []}, "other/app": {}},
        }
    )
    # Only a group that speaks of projects is listed; a project that it holds need not be named.
    assert groups_to_list(document) == ["acme"]
    declared = resolve(document, [SITE, "acme/web/Shop"])
    npm, themes = Wanted("npm", "@acme/*", "maintainer"), Wanted("generic", "themes", "owner")
    assert declared.rules == {SHOP: [npm], BLOG: [], "other/app": [themes], SITE: [npm]}
    # What only the defaults say does not reach what is not named.
    assert declared.policies == {SHOP: "50", BLOG: "10", "other/app": "10"}
    assert declared.settings == {
        "acme": {"generic_duplicates_allowed": False, "maven_duplicates_allowed": False, **LOCK},
        # GitLab passes forwarding and its locks on by itself.
        "acme/web": {"generic_duplicates_allowed": False, "maven_duplicates_allowed": True},
        "other": {"generic_duplicates_allowed": False},
    }


def test_what_has_a_retention_policy_of_its_own_is_kept_by_that_of_the_group() -> None:
    some: Json = {"rules": [{"name": "some", "keep_latest": 5}]}
    few: Json = {"rules": [{"name": "few", "keep_latest": 1}], "protect": [{"tag": "stable"}]}
    document = validate_document(
        {
            "defaults": {"retention": {"keep_at_least": 1}},
            "groups": {"acme": {"retention": few}, "acme/lab": {"retention": some}, "settled": {"settings": {}}},
            "projects": {SHOP: {"retention": some}, BLOG: {}},
        }
    )
    declared = resolve(document)
    kept = {"project": ["acme/lab/*", SHOP]}
    assert declared.groups_retention == {
        "acme": {"keep_at_least": 1, **few, "protect": [{"tag": "stable"}, kept]},
        "acme/lab": {"keep_at_least": 1, "protect": [{"tag": "stable"}], **some},
    }
    # The blog has nothing of its own: it is the group's.
    assert declared.projects_retention == {SHOP: {"keep_at_least": 1, "protect": [{"tag": "stable"}], **some}}
    whole = {"retention": {"rules": [{"name": "all", "keep_latest": 20}]}}
    alone = resolve(validate_document({"defaults": whole, "groups": {"acme": {}}, "projects": {SHOP: {}}}))
    assert (alone.groups_retention, alone.projects_retention) == ({}, {SHOP: whole["retention"]})
