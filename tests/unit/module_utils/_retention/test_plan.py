# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import hashlib
import json
import time
import typing as t
from datetime import timedelta

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.drift import compare
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import (
    check_guards,
    digest,
    normalize_server,
    verify_plan,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import (
    DELETE_FIELDS,
    PLAN_FIELDS,
    SUMMARY_FIELDS,
    PlanError,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_text import (
    diff_text,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.plans import POLICY, URL, plan_of
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    Package,
    ago,
    package,
    packages,
    policies,
)

PLACE = {"project": "a", "project_id": 1}


def sealed(plan: dict[str, t.Any], **changes: t.Any) -> dict[str, t.Any]:
    """A plan with some keys changed, and the digest that fits."""
    changed = {**copy.deepcopy(plan), **changes}
    return {**changed, "digest": digest(changed)}


def refusal(plan: t.Any, **arguments: t.Any) -> str:
    with pytest.raises(PlanError) as caught:
        verify_plan(plan, **{"api_url": URL, "now": NOW, **arguments})
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- the document -------------------------------------------------------------------------------------------------


def test_the_document() -> None:
    plan = plan_of(explain_keeps=True)
    assert plan == {
        "format_version": "2.0",
        "created_at": "2026-11-20T12:00:00.000Z",
        "api_url": URL,
        "scope": {"group": "acme", "group_id": 7, "exclude_subgroups": False},
        "policy": POLICY,
        "reference_time": "2026-11-19T12:00:00.000Z",
        "summary": {
            "packages": 5,
            "delete": 2,
            "keep": 3,
            "protected": 1,
            "listed": 0,
            "unmatched": 1,
            "by_rule": {"old": {"delete": 2, "keep": 1}, "never": {"delete": 0, "keep": 0}},
            "without_match": ["rule 'never'"],
            "vanishing": [],
        },
        "delete": [
            {
                "id": 2,
                "project_id": 42,
                "project_path": "acme/web/shop",
                "name": "@acme/ui",
                "version": "1.0.2",
                "package_type": "npm",
                "status": "default",
                "created_at": ago(hours=2),
                "last_downloaded_at": ago(hours=1),
                "tags": [],
                "rule": "old",
                "reason": "no keep of rule 'old' holds it: latest 2 of 3 (1 kept)",
            },
            {
                "id": 3,
                "project_id": 42,
                "project_path": "acme/web/shop",
                "name": "@acme/ui",
                "version": "1.0.3",
                "package_type": "npm",
                "status": "default",
                "created_at": ago(hours=3),
                "last_downloaded_at": None,
                "tags": ["x"],
                "rule": "old",
                "reason": "no keep of rule 'old' holds it: latest 3 of 3 (1 kept)",
            },
        ],
        "keep": plan["keep"],
        "digest": plan["digest"],
    }
    assert [(entry["id"], entry["rule"], entry["reasons"]) for entry in plan["keep"]] == [
        (1, "old", ["latest 1 of 1"]),
        (4, None, ["protected by 'core'"]),
        (5, None, ["no rule matches"]),
    ]
    assert set(plan) == {*PLAN_FIELDS, "keep"}
    assert set(plan["summary"]) == set(SUMMARY_FIELDS)
    assert set(plan["delete"][0]) == set(DELETE_FIELDS)


def test_keeps_are_left_out_unless_asked_for() -> None:
    plan = plan_of()
    assert "keep" not in plan
    assert plan["summary"] == plan_of(explain_keeps=True)["summary"]


def test_an_old_server_tells_neither_status_nor_path() -> None:
    sparse = [package(1, package_type="generic"), package(2, package_type="generic")]
    for one in sparse:
        for key in ("status", "project_path", "last_downloaded_at", "tags"):
            del one[key]
    (entry,) = plan_of(sparse)["delete"]
    assert entry["status"] == "default"
    assert (entry["project_path"], entry["last_downloaded_at"], entry["tags"]) == (None, None, None)
    verify_plan(plan_of(sparse), api_url=URL, now=NOW)


@given(packages(), policies())
def test_the_numbers_add_up(listed: list[Package], policy: dict[str, t.Any]) -> None:
    plan = plan_of(listed, policy, explain_keeps=True)
    summary = plan["summary"]
    assert summary["packages"] == summary["delete"] + summary["keep"] == len(listed)
    assert summary["delete"] == len(plan["delete"]) == sum(counts["delete"] for counts in summary["by_rule"].values())
    ruleless = [entry for entry in plan["keep"] if entry["rule"] is None]
    assert summary["keep"] == len(plan["keep"]) == len(ruleless) + sum(c["keep"] for c in summary["by_rule"].values())
    assert summary["unmatched"] == sum(entry["reasons"] == ["no rule matches"] for entry in ruleless)
    assert summary["protected"] == len(ruleless) - summary["unmatched"]
    verify_plan(plan, api_url=URL, now=NOW)
    json.loads(json.dumps(plan))


#: Any text that a registry can hold: PostgreSQL refuses lone surrogates and NUL.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(_TEXT, st.one_of(st.none(), _TEXT))
@example("\x85", None)
@example("a\u2028b", "1.10")
def test_a_plan_survives_json_and_yaml(name: str, version: str | None) -> None:
    policy = {"rules": [{"name": "1e3", "match": {"name": [name.replace("[", "?")]}, "delete_all": True}]}
    plan = plan_of([package(1, name=name, version=version), package(2, name="007", version="1.10")], policy)
    for text in (json.dumps(plan), json.dumps(plan, ensure_ascii=False, indent=4, sort_keys=True)):
        loaded = json.loads(text)
        assert loaded == plan
        verify_plan(loaded, api_url=URL, now=NOW)
    loaded = yaml.safe_load(yaml.safe_dump(plan))
    assert loaded == plan
    verify_plan(loaded, api_url=URL, now=NOW)
    loaded = yaml.safe_load(yaml.safe_dump(plan, allow_unicode=True, default_flow_style=False))
    if loaded == plan:
        verify_plan(loaded, api_url=URL, now=NOW)
    else:
        # PyYAML writes Unicode's own line breaks as they are, and reads them as spaces: then the plan is refused.
        assert {"\x85", "\u2028", "\u2029"} & set(name + (version or ""))
        assert refusal(loaded).startswith("the plan was edited after it was made")


# --- verifying ----------------------------------------------------------------------------------------------------


def test_a_good_plan_is_accepted() -> None:
    for url in (
        URL,
        "https://gitlab.example.com",
        "HTTPS://GitLab.Example.com:443/",
        URL + "/",
        "https://gitlab.example.com/api",
    ):
        verify_plan(plan_of(), api_url=url, now=NOW + timedelta(days=300))
    verify_plan(plan_of(), api_url=URL, now=NOW + timedelta(days=7), max_age="7d")
    verify_plan(plan_of(), api_url=URL, now=NOW - timedelta(minutes=9))
    verify_plan(plan_of(explain_keeps=True), api_url=URL, now=NOW)
    verify_plan(plan_of([]), api_url=URL, now=NOW)


@pytest.mark.parametrize("value", [None, "text", [], 7])
def test_what_is_no_mapping_is_refused(value: t.Any) -> None:
    assert refusal(value) == f"the plan must be a mapping, not {type(value).__name__}"


@pytest.mark.parametrize("version", [None, 0, 2, "1", "1.9", "3.0", "2", "2.", "2.x", "2.0.1", True, 2.0])
def test_another_format_is_refused(version: t.Any) -> None:
    message = f"its format_version is {str(version)!r}, and it must be '2.0', or a later 2.x"
    assert message in refusal(sealed(plan_of(), format_version=version))
    assert "its format_version is 'None'" in refusal({})


def test_a_plan_of_the_first_release_is_refused_with_what_to_do() -> None:
    assert refusal({**plan_of(), "format_version": 1}) == (
        "the plan has format 1, of release 0.1, which knows a project only by its path: make a new plan"
    )


def test_keys_of_a_later_minor_are_ignored() -> None:
    plan = plan_of()
    entries = [{**entry, "later": {"a": 1}} for entry in plan["delete"]]
    summary = {**plan["summary"], "listed": 4, "bytes": 9}
    verify_plan(sealed(plan, format_version="2.17", delete=entries, summary=summary, later=[]), api_url=URL, now=NOW)


@pytest.mark.parametrize("key", sorted(set(PLAN_FIELDS) - {"format_version"}))
def test_a_missing_or_wrong_key_is_refused(key: str) -> None:
    plan = plan_of()
    del plan[key]
    assert refusal(plan) == f"the plan has no {key}"
    for wrong in (None, True, 1.5, 7):
        assert refusal({**plan_of(), key: wrong}).startswith(f"the plan: {key} must be a ")


@pytest.mark.parametrize("key", sorted(SUMMARY_FIELDS))
def test_a_wrong_summary_is_refused(key: str) -> None:
    summary = {**plan_of()["summary"], key: True}
    assert refusal(sealed(plan_of(), summary=summary)).startswith(f"the plan's summary: {key} must be a ")


@pytest.mark.parametrize("key", sorted(DELETE_FIELDS))
def test_each_entry_to_delete_is_checked(key: str) -> None:
    plan = plan_of()
    first, second = plan["delete"]
    missing = {name: value for name, value in second.items() if name != key}
    assert refusal(sealed(plan, delete=[first, missing])) == f"entry 2 of the plan's delete has no {key}"
    wrong = "7" if DELETE_FIELDS[key] == (int,) else 7
    message = refusal(sealed(plan, delete=[first, {**second, key: wrong}]))
    assert message.startswith(f"entry 2 of the plan's delete: {key} must be a ")
    assert "must be" in refusal(sealed(plan, delete=[{**first, key: True}, second]))


@pytest.mark.parametrize("number", [-1, 2**63, 10**400])
def test_a_number_that_no_registry_has_is_refused(number: int) -> None:
    plan = plan_of()
    first, second = plan["delete"]
    for entry in ({**first, "id": number}, {**first, "size": number}, {**first, "project_id": number}):
        assert refusal({**plan, "delete": [entry, second]}).endswith("is no number of a registry")
    for key in ("packages", "keep", "bytes"):
        assert refusal({**plan, "summary": {**plan["summary"], key: number}}).endswith("is no number of a registry")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"delete": ["x"]}, "entry 1 of the plan's delete must be a mapping, not str"),
        ({"delete": []}, "the plan lists 0 packages to delete, and its summary says 2"),
        ({"delete": plan_of()["delete"][:1] * 2}, "entry 2 of the plan's delete has the id 2, as another entry has"),
        ({"created_at": "yesterday"}, "the plan's created_at: 'yesterday' is not an ISO 8601 time"),
        ({"reference_time": ""}, "the plan's reference_time: '' is not an ISO 8601 time"),
        ({"keep": {}}, "the plan's keep must be a list, not dict"),
        ({"scope": {}}, "the plan's scope must be a project or a group, by its path"),
        ({"scope": {"project": "a", "group": "b"}}, "the plan's scope must be a project or a group, by its path"),
        ({"scope": {"projects": []}}, "the plan's scope must have a list of projects and one of groups"),
        ({"scope": {"projects": ["a"], "groups": []}}, "the plan's scope: projects must be projects, by their paths"),
        ({"scope": {"projects": [PLACE], "groups": []}}, "the plan's scope must have several places, and none of them"),
        ({"scope": {"projects": [PLACE, PLACE], "groups": []}}, "the plan's scope must have several places, and none"),
        ({"scope": {"projects": [PLACE], "groups": [{"group": "b"}]}}, "the plan's scope has no group_id"),
        ({"scope": {"project": "a", "group": 4}}, "the plan's scope must be a project or a group, by its path"),
        ({"scope": {"project": "a"}}, "the plan's scope has no project_id"),
        ({"scope": {"project": "a", "project_id": "42"}}, "the plan's scope: project_id must be a whole number"),
        ({"scope": {"group": "b", "exclude_subgroups": False}}, "the plan's scope has no group_id"),
        ({"scope": {"group": "b", "group_id": 7}}, "the plan's scope: exclude_subgroups must be true or false"),
        (
            {"scope": {"group": "b", "group_id": 7, "exclude_subgroups": "no"}},
            "the plan's scope: exclude_subgroups must be true or false",
        ),
        (
            {"summary": {**plan_of()["summary"], "packages": 0}},
            "the plan's summary says 0 packages, 2 to delete and 3 to keep, which does not add up",
        ),
        (
            {"delete": [{**entry, "tags": ["a", 1]} for entry in plan_of()["delete"]]},
            "entry 1 of the plan's delete: tags must be texts",
        ),
        ({"api_url": "https://other.example.com"}, "the plan was made for https://other.example.com, and api_url is"),
        ({"api_url": "http://gitlab.example.com"}, "the plan was made for http://gitlab.example.com, and api_url is"),
        ({"api_url": "https://[broken"}, "the plan was made for https://[broken, and api_url is"),
        ({"api_url": "https://x\x1b[2J"}, "the plan was made for https://x\\u001b[2J, and api_url is"),
    ],
)
def test_other_faults(changes: dict[str, t.Any], message: str) -> None:
    assert refusal(sealed(plan_of(), **changes)).startswith(message)


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: plan["delete"][0].update(id=99),
        lambda plan: plan["delete"][0].update(last_downloaded_at=None),
        lambda plan: plan["delete"][0].update(note="x"),
        lambda plan: plan["delete"].reverse(),
        lambda plan: plan["summary"].update(packages=6, keep=4),
        lambda plan: plan["policy"]["rules"][0].update(keep_latest=2),
        lambda plan: plan["policy"]["rules"][0].update(keep_latest=1.0),
        lambda plan: plan["scope"].update(exclude_subgroups=True),
        lambda plan: plan.update(created_at="2026-11-20T12:00:01.000Z"),
        lambda plan: plan.update(more=1),
        lambda plan: plan.update(digest="sha256:" + "0" * 64),
        lambda plan: plan.update(digest=""),
    ],
)
def test_an_edited_plan_is_refused(edit: t.Callable[[dict[str, t.Any]], t.Any]) -> None:
    plan = copy.deepcopy(plan_of())
    edit(plan)
    assert refusal(plan).startswith("the plan was edited after it was made")


@pytest.mark.parametrize("value", [float("nan"), NOW, b"x", {1, 2}])
def test_what_is_not_plain_data_is_refused(value: t.Any) -> None:
    assert refusal({**plan_of(), "more": value}).startswith("the plan holds something that is not plain data")


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: list[t.Any] = []
    for _level in range(100_000):
        deep = [deep]
    try:
        assert refusal({**plan_of(), "more": deep}) == "the plan holds something that is nested too deeply"
    finally:
        while deep:  # so that Python does not take it apart by recursion
            deep = deep.pop()


def test_another_plan_than_the_one_that_is_meant_is_refused() -> None:
    meant, other = plan_of(), plan_of(policy={"rules": [{"keep_latest": 9}]})
    verify_plan(meant, api_url=URL, now=NOW, expected_digest=meant["digest"])
    assert refusal(other, expected_digest=meant["digest"]) == (
        "this is another plan than the one that is meant:"
        f" its digest is {other['digest']}, and plan_digest is {meant['digest']}"
    )


def test_a_time_to_come_is_not_applied() -> None:
    later = sealed(plan_of(), reference_time="2026-11-20T12:00:00.001Z")
    assert refusal(later) == (
        "reference_time 2026-11-20T12:00:00.001Z is in the future: what is to be deleted may be planned for a time to"
        " come, but not applied"
    )
    # By a clock that is behind the one of the plan, its own time is no time to come.
    now = sealed(plan_of(), reference_time=plan_of()["created_at"])
    verify_plan(now, api_url=URL, now=NOW - timedelta(minutes=9))


def test_age() -> None:
    late = NOW + timedelta(days=7, seconds=1)
    assert refusal(plan_of(), now=late, max_age="7d") == (
        "the plan was made at 2026-11-20T12:00:00.000Z, longer ago than max_plan_age (7d) allows"
    )
    assert "which is in the future" in refusal(plan_of(), now=NOW - timedelta(minutes=11))
    assert refusal(plan_of(), max_age="7").startswith("max_plan_age: '7' is not a duration")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://gitlab.com", "https://gitlab.com/api/v4"),
        ("https://host/gitlab/", "https://host/gitlab/api/v4"),
        ("https://host/gitlab/api/v4/", "https://host/gitlab/api/v4"),
        ("http://Host:80/api/v4", "http://host/api/v4"),
        ("http://host:8080", "http://host:8080/api/v4"),
        ("https://user:secret@host", "https://host/api/v4"),
        ("https://host/GitLab", "https://host/GitLab/api/v4"),
    ],
)
def test_one_way_to_write_a_server(url: str, expected: str) -> None:
    assert normalize_server(url) == normalize_server(expected) == expected


# --- guards -------------------------------------------------------------------------------------------------------


def numbers(delete: int, packages: int) -> dict[str, t.Any]:
    return {"summary": {"delete": delete, "packages": packages}}


def test_guards() -> None:
    check_guards(numbers(5, 10))
    check_guards(numbers(5, 10), max_deletions=5, max_delete_percent=50)
    check_guards(numbers(0, 0), max_deletions=0, max_delete_percent=0)
    with pytest.raises(PlanError, match=r"^the plan deletes 6 of 10 packages, and max_deletions allows 5: nothing was"):
        check_guards(numbers(6, 10), max_deletions=5)
    with pytest.raises(
        PlanError, match=r"deletes 2891 of 2963 packages \(97\.57 %\), and max_delete_percent allows 50 %"
    ):
        check_guards(numbers(2891, 2963), max_delete_percent=50)
    with pytest.raises(PlanError, match=r"\(50 %\), and max_delete_percent allows 49\.5 %"):
        check_guards(numbers(1, 2), max_delete_percent=49.5)
    with pytest.raises(PlanError, match="max_deletions allows 0"):
        check_guards(numbers(1, 10), max_deletions=0)


# --- scale --------------------------------------------------------------------------------------------------------


def test_a_plan_of_100_000_packages_takes_seconds() -> None:
    listed = [package(n, name=f"@acme/{n % 50}") for n in range(100_000)]
    started = time.process_time()
    plan = plan_of(listed)
    verify_plan(plan, api_url=URL, now=NOW)
    assert all(state == "unchanged" for _entry, state, _reason in compare(plan, listed))
    diff_text(plan)
    assert time.process_time() - started < 30  # 3 to 4 s


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=6))
@example({"a": list(range(2500)), "b": [], "c": {}, "d": [[]], "digest": "x"})
@example({"a": list(range(1000)), "b": list(range(1001))})
@example({})
def test_a_digest_is_the_hash_of_the_whole_text(document: dict[str, t.Any]) -> None:
    """It is made out of parts, as the text of a large plan takes hundreds of megabytes."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    assert digest(document) == "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()
