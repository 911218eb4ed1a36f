# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_retention_info`: what it looks at, what it refuses before any request, and its plan."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import DELETE_FIELDS, digest
from ansible_collections.registryops.gitlab.tests.integration.seeds import TYPES, package, seed
from gitlab_sandbox.testing import Sandbox

NOW = "2026-11-20T12:00:00Z"
#: One package of each type, each status and without a version; names that GitLab's own filter would mix up.
SHOP = [
    *(package(f"of-{kind}", id=100 + i, kind=kind) for i, kind in enumerate(TYPES)),
    *(
        package(f"is-{status}", id=120 + i, status=status)
        for i, status in enumerate(("default", "error", "deprecated", "hidden", "processing", "pending_destruction"))
    ),
    package("versionless", None, "maven", id=130),
    package("app", "1", id=140, created_at="2026-11-01T00:00:00.000Z", files=[{"file_name": "a", "size": 1000}]),
    package("app", "2", id=141, created_at="2026-11-02T00:00:00.000Z", files=[{"file_name": "a", "size": 2000}]),
    package("app", "3", id=142, created_at="2026-11-03T00:00:00.000Z"),
    package("my-app", "1", id=143, created_at="2026-11-01T00:00:00.000Z"),
    package("apple", "1", id=144, created_at="2026-11-01T00:00:00.000Z"),
]
DELETABLE = [*range(100, 114), 120, 121, 122, 130, 140, 141, 142, 143, 144]
TOOLS = {"path": "acme/tools", "id": 44, "packages": [package("app", str(i), id=200 + i) for i in range(3)]}
NESTED = {"path": "acme/deep/nested", "id": 45, "packages": [package("app", "1", id=300)]}
EVERYTHING = {"rules": [{"name": "all", "delete_all": True}]}


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with Sandbox(seed(*SHOP, projects=[TOOLS, NESTED])) as sandbox:
        yield sandbox


def plan(policy: t.Any = None, **options: t.Any) -> dict[str, t.Any]:
    """A task that plans; for the shop, unless another scope is named."""
    scope = {} if {"group", "project"} & set(options) else {"project": "acme/web/shop"}
    return {"package_retention_info": {**scope, "policy": policy or EVERYTHING, **options}}


def ids(result: dict[str, t.Any], key: str = "delete") -> list[int]:
    return sorted(entry["id"] for entry in result["plan"][key])


REFUSED = {
    "unknown key of a rule": (
        {"policy": {"rules": [{"name": "old", "keep_lastest": 3}]}},
        "policy: rule 'old': unknown key 'keep_lastest': did you mean keep_latest?",
    ),
    "nothing is kept": (
        {"policy": {"rules": [{"name": "old", "match": {"name": "a"}}]}},
        "policy: rule 'old': no keep is given: a rule that deletes all that it matches says delete_all: true",
    ),
    "type": (
        {"policy": {"rules": [{"name": "old", "match": {"package_type": ["mvn"]}, "keep_latest": 1}]}},
        "policy: rule 'old': match: package_type 'mvn' does not exist: did you mean maven?",
    ),
    "reference_time": (
        {"policy": EVERYTHING, "reference_time": "yesterday"},
        "reference_time: 'yesterday' is not an ISO 8601 time such as 2026-11-20T14:30:00Z",
    ),
    "no scope": ({"policy": EVERYTHING, "project": None}, "one of the following is required: project, group"),
    "job token": (
        {"policy": EVERYTHING, "project": None, "group": "acme", "api_job_token": "glcbt-mia"},
        "GitLab ignores job tokens for groups: use an access token (api_token), or name a project",
    ),
}


def test_what_is_wrong_is_refused_before_any_request(shop: Sandbox, playbook: t.Any) -> None:
    shop.forget()
    given = [{"project": "acme/web/shop", **options} for options, _sentence in REFUSED.values()]
    tasks = [{key: value for key, value in options.items() if value is not None} for options in given]
    results = playbook(shop, *({"package_retention_info": options} for options in tasks)).results
    for (name, (_given, sentence)), result in zip(REFUSED.items(), results):
        assert result["failed"] is True, name
        assert result["msg"] == sentence, name
    assert shop.requests() == []


def test_everything_that_can_be_deleted_is_looked_at(shop: Sandbox, playbook: t.Any) -> None:
    before = shop.state()
    shop.forget()
    project, group, alone, by_id, checked = playbook(
        shop,
        plan(),
        plan(group="acme"),
        plan(group="acme", exclude_subgroups=True),
        plan(project="42"),
        {**plan(), "check_mode": True},
    ).results
    assert ids(project) == ids(checked) == DELETABLE
    assert {entry["project_path"] for entry in project["plan"]["delete"]} == {"acme/web/shop"}
    assert project["plan"]["scope"] == by_id["plan"]["scope"] == {"project": "acme/web/shop"}
    assert ids(by_id) == DELETABLE
    assert ids(group) == sorted([*DELETABLE, 200, 201, 202, 300])
    assert group["plan"]["scope"] == {"group": "acme", "exclude_subgroups": False}
    assert {e["project_path"] for e in group["plan"]["delete"]} == {"acme/web/shop", "acme/tools", "acme/deep/nested"}
    assert ids(alone) == [200, 201, 202]
    assert alone["plan"]["scope"] == {"group": "acme", "exclude_subgroups": True}
    assert {request["method"] for request in shop.requests()} == {"GET"}
    assert shop.state() == before
    assert not any(result["changed"] for result in (project, group, alone, by_id, checked))


def test_the_plan_is_whole_and_can_be_made_again(shop: Sandbox, playbook: t.Any) -> None:
    policy = {
        "protect": [{"name": "my-*"}],
        "rules": [
            {"name": "apps", "match": {"name": "app"}, "keep_latest": 1, "keep_within": "19d"},
            {"name": "rest", "match": {"name": ["apple"]}, "keep_daily": "{{ days }}", "keep_weekly": 0},
        ],
    }
    given = {"reference_time": NOW, "explain_keeps": True}
    first, again, earlier, sized = playbook(
        shop,
        plan(policy, **given),
        plan(policy, **given),
        plan(policy, reference_time="2026-11-19"),
        plan(policy, **given, with_sizes=True),
        play={"vars": {"days": 1}},
    ).results
    made = first["plan"]
    assert made["reference_time"] == "2026-11-20T12:00:00.000Z"
    assert made["digest"] == digest(made)
    assert made["summary"] == {
        "packages": 23,
        "delete": 1,
        "keep": 22,
        "unmatched": 18,
        "by_rule": {"apps": {"delete": 1, "keep": 2}, "rest": {"delete": 0, "keep": 1}},
    }
    # The template gave a number or its text; the plan holds the number.
    assert made["policy"]["rules"][1] == {
        "name": "rest",
        "match": {"name": ["apple"]},
        "keep_daily": 1,
        "keep_weekly": 0,
    }
    entry = made["delete"][0]
    assert set(entry) == set(DELETE_FIELDS)
    assert (entry["id"], entry["rule"]) == (140, "apps")
    assert entry["reason"] == "no keep of rule 'apps' holds it: latest 3 of 3 (1 kept), older than 19d"
    kept = {entry["id"]: (entry["rule"], entry["reasons"]) for entry in made["keep"]}
    assert len(kept) == made["summary"]["keep"]
    assert kept[142] == ("apps", ["latest 1 of 1", "within 19d"])
    assert kept[143] == (None, ["protected by 'my-*'"])
    assert kept[144] == ("rest", ["daily 2026-11-01"])
    assert kept[100] == (None, ["no rule matches"])
    assert {key: again["plan"][key] for key in ("delete", "keep", "summary")} == {
        key: made[key] for key in ("delete", "keep", "summary")
    }
    # A day earlier the border of 19 days is within; and the kept ones are not in the plan unless asked for.
    assert earlier["plan"]["delete"] == []
    assert "keep" not in earlier["plan"]
    assert sized["plan"]["summary"]["bytes"] == sized["plan"]["delete"][0]["size"] == 1000
    unsized = copy.deepcopy(sized["plan"])
    del unsized["summary"]["bytes"], unsized["delete"][0]["size"]
    assert unsized["summary"] == made["summary"]
    assert sized["plan"]["digest"] == digest(sized["plan"])
    assert first["text"] == [
        "delete 1 of 23 packages, keep 22 (18 of them match no rule)",
        "",
        "rule 'apps' deletes 1 package:",
        "  acme/web/shop  generic  app: 1 package, created 2026-11-01",
        "    - 1 (id 140, 2026-11-01): latest 3 of 3 (1 kept), older than 19d",
    ]
    assert sized["text"][0].startswith("delete 1 of 23 packages (1,000 B), keep 22")
    assert sized["text"][2] == "rule 'apps' deletes 1 package (1,000 B):"


def test_who_may_not_read_gets_no_plan(shop: Sandbox, playbook: t.Any) -> None:
    absent, outsider, anonymous, guest, revoked, reader, job = playbook(
        shop,
        plan(project="acme/web/shopp"),
        plan(group="acme", api_token="glpat-out"),
        plan(group="acm"),
        plan(api_token="glpat-gus"),
        plan(api_token="glpat-gone"),
        plan(api_token="glpat-mia-read"),
        plan(api_job_token="glcbt-mia"),
    ).results
    assert absent["error"]["kind"] == outsider["error"]["kind"] == anonymous["error"]["kind"] == "ScopeNotFound"
    assert outsider["msg"] == (
        "GET /groups/acme: 404 Group Not Found: group 'acme' does not exist, or the token may not read it"
    )
    assert (guest["error"]["kind"], revoked["error"]["kind"]) == ("Forbidden", "Unauthorized")
    assert not any("plan" in result for result in (absent, outsider, anonymous, guest, revoked))
    assert ids(reader) == ids(job) == DELETABLE
