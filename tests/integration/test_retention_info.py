# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_retention_info`: what it looks at, what it refuses before any request, and its plan."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan import digest
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import DELETE_FIELDS
from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, run_process
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
EVERYTHING = {
    "rules": [
        {"name": "all", "delete_all": True},
        {"name": "versionless", "match": {"versionless": True}, "delete_all": True},
    ]
}


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with Sandbox(seed(*SHOP, projects=[TOOLS, NESTED])) as sandbox:
        yield sandbox


def plan(policy: t.Any = None, **options: t.Any) -> dict[str, t.Any]:
    """A task that plans; for the shop, unless another scope is named."""
    scope = {} if {"group", "project", "projects", "groups"} & set(options) else {"project": "acme/web/shop"}
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
    "no scope": (
        {"policy": EVERYTHING, "project": None},
        "one of the following is required: project, group, projects, groups, packages",
    ),
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
    assert project["plan"]["scope"] == by_id["plan"]["scope"] == {"project": "acme/web/shop", "project_id": 42}
    assert ids(by_id) == DELETABLE
    assert ids(group) == sorted([*DELETABLE, 200, 201, 202, 300])
    group_id = group["plan"]["scope"]["group_id"]
    assert group["plan"]["scope"] == {"group": "acme", "group_id": group_id, "exclude_subgroups": False}
    assert {e["project_path"] for e in group["plan"]["delete"]} == {"acme/web/shop", "acme/tools", "acme/deep/nested"}
    assert ids(alone) == [200, 201, 202]
    assert alone["plan"]["scope"] == {"group": "acme", "group_id": group_id, "exclude_subgroups": True}
    assert {request["method"] for request in shop.requests()} == {"GET"}
    assert shop.state() == before
    assert not any(result["changed"] for result in (project, group, alone, by_id, checked))


def test_a_policy_in_a_file(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    files = {
        "policy.yml": "rules:\n  - name: apps\n    match: {name: app, version: '1'}\n    delete_all: true\n",
        "policy.json": '{"rules": [{"name": "apps", "match": {"name": "app", "version": "1"}, "delete_all": true}]}',
        "twice.yml": "protect: [{name: app}]\nrules: []\nprotect: []\n",
        "octal.yml": "rules:\n  - {keep_latest: 010}\n",
        "commented.yml": "rules:\n  - name: broken\n    match:\n    #  status: error\n    delete_all: true\n",
    }
    paths = {name: str(tmp_path / name) for name in files}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    scope = {"project": "acme/web/shop"}
    read, same, *refused, both, neither = playbook(
        shop,
        *({"package_retention_info": {**scope, "policy_file": paths[name]}} for name in files),
        {"package_retention_info": {**scope, "policy_file": paths["policy.yml"], "policy": EVERYTHING}},
        {"package_retention_info": scope},
    ).results
    assert ids(read) == ids(same) == [140]
    assert read["plan"]["policy"] == same["plan"]["policy"]
    assert [result["msg"] for result in refused] == [
        f"policy_file '{paths['twice.yml']}' has the key 'protect' twice, line 3, column 1",
        f"policy_file '{paths['octal.yml']}' holds '010', line 2, column 19: write a number in decimal digits, a text"
        " in quotes",
        f"policy_file '{paths['commented.yml']}': policy: rule 'broken': match is null: give it a value, or leave the"
        " key out",
    ]
    assert both["msg"] == "parameters are mutually exclusive: policy|policy_file"
    assert neither["msg"] == "one of the following is required: policy, policy_file"


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
        "protected": 1,
        "listed": 0,
        "unmatched": 18,
        "by_rule": {"apps": {"delete": 1, "keep": 2}, "rest": {"delete": 0, "keep": 1}},
        "without_match": [],
        "vanishing": [],
        "protection": "known",
        "foreseen_protected": 0,
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
    assert entry["reason"] == "no keep of rule 'apps' holds it: latest 3 of 3 (1 kept), older than 19d, its files too"
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
        "delete 1 of 23 packages, keep 22 (1 of them protected, 18 match no rule)",
        "",
        "rule 'apps' deletes 1 package:",
        "  acme/web/shop  generic  app: 1 package, created 2026-11-01",
        "    - 1 (id 140, 2026-11-01): number 3 of 3, newest first (1 kept), older than 19d, its files too",
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


# --- what a plan reads and tells of files, refs and names ----------------------------------------------------------


def test_what_was_published_again_is_young(playbook: t.Any, start: t.Any) -> None:
    old, young = "2026-01-01T00:00:00.000Z", "2026-11-19T00:00:00.000Z"
    registry = start(
        seed(
            package("com/acme/app", "1.0-SNAPSHOT", "maven", id=1, created_at=old, files=[{"created_at": young}]),
            package("com/acme/app", "0.9-SNAPSHOT", "maven", id=2, created_at=old, files=[{"created_at": old}]),
            package("com/acme/app", "1.1-SNAPSHOT", "maven", id=3, created_at=young),
            package("ui", "1.0.0", "npm", id=4, created_at=old, files=[{"created_at": young}]),
        )
    )
    policy = {"rules": [{"name": "recent", "match": {"package_type": ["maven", "npm"]}, "keep_within": "14d"}]}
    (result,) = playbook(registry, plan(policy, reference_time=NOW, explain_keeps=True)).results
    assert {entry["id"]: entry["reason"].rpartition(": ")[2] for entry in result["plan"]["delete"]} == {
        2: "older than 14d, its files too",
        4: "older than 14d",
    }
    assert {entry["id"]: entry["reasons"] for entry in result["plan"]["keep"]} == {
        1: ["published again within 14d"],
        3: ["within 14d"],
    }
    # Files are read of what nothing else holds, and of types that may be published again.
    assert sorted(r["path"].split("/")[-2] for r in registry.requests() if r["path"].endswith("package_files")) == [
        "1",
        "2",
    ]


def test_refs_prereleases_and_warnings(playbook: t.Any, start: t.Any) -> None:
    registry = start(
        seed(
            *(package("app", str(i), id=i, pipelines=[{"ref": f"feature/{i % 2}"}]) for i in (1, 2, 3, 4)),
            package("ui", "1.0.0", "npm", id=5),
            package("ui", "2.0.0-rc.1", "npm", id=6),
        )
    )
    policy = {
        "protect": [{"name": "core-*"}],
        "rules": [
            {"name": "builds", "match": {"ref": "feature/*"}, "keep_latest": 1, "per": "ref"},
            {"name": "npm", "match": {"package_type": "npm"}, "delete_all": True},
        ],
    }
    whole, floored = playbook(registry, plan(policy), plan({**policy, "keep_at_least": 1})).results
    assert ids(whole) == [1, 2, 5, 6]
    summary = whole["plan"]["summary"]
    assert summary["without_match"] == ["protect 'core-*'"]
    assert summary["vanishing"] == [{"project_path": "acme/web/shop", "package_type": "npm", "name": "ui"}]
    warnings = " ".join(whole["warnings"])
    assert "nothing that is listed is of protect 'core-*'" in warnings
    assert "nothing would be left of ui (npm)" in warnings
    assert ids(floored) == [1, 2, 5]
    assert floored["plan"]["summary"]["vanishing"] == []


def test_keep_lists(playbook: t.Any, start: t.Any, tmp_path: Path) -> None:
    registry = start(
        seed(
            *(package("ui", f"1.0.{i}", "npm", id=i) for i in range(1, 4)),
            package("Acme_Tools", "1.0", "pypi", id=4),
            package("app", "1", id=5),
        )
    )
    component = {"name": "acme-tools", "purl": "pkg:pypi/acme.tools@1.0.0"}
    (tmp_path / "sbom.json").write_text(json.dumps({"bomFormat": "CycloneDX", "components": [component]}))
    own = tmp_path / "keep.yml"
    own.write_text(
        "- {name: ui, version: '1.0.2', reason: LTS of customer X}\n- {name: x, reason: y, until: 2026-01-01}\n"
    )
    (tmp_path / "bad.csv").write_text("name;reason\nui;LTS\n")
    lists = [str(own), f"{tmp_path}/*.json"]
    (made, absent, bad) = playbook(
        registry,
        plan(keep_lists=lists, explain_keeps=True),
        plan(keep_lists=[f"{tmp_path}/*.nothing"]),
        plan(keep_lists=[f"{tmp_path}/bad.csv"]),
    ).results
    assert ids(made) == [1, 3, 5]
    assert {entry["id"]: entry["reasons"] for entry in made["plan"]["keep"]} == {
        2: ["listed: keep.yml (LTS of customer X)"],
        4: ["used: sbom.json"],
    }
    assert made["plan"]["summary"]["listed"] == 2
    assert any("keep list keep.yml: 'y' held until 2026-01-01" in warning for warning in made["warnings"])
    assert [(one["path"], one["sha256"]) for one in made["plan"]["keep_lists"]] == [
        (str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in (own, tmp_path / "sbom.json")
    ]
    assert absent["msg"].endswith(".nothing' finds no file: a list that is not read keeps nothing")
    assert bad["msg"] == "keep list bad.csv: its columns are separated by another character than a comma"
    # What the same file keeps by the time of the apply is drift.
    own.write_text("- {name: ui, reason: all of it}\n")
    apply = {"plan": made["plan"], "keep_lists": lists, "on_drift": "skip"}
    (applied,) = playbook(registry, {"package_retention": apply}).results
    assert {result["id"]: result["result"] for result in applied["results"]} == {
        1: "drifted",
        3: "drifted",
        5: "deleted",
    }
    assert "it is kept now: listed: keep.yml (all of it)" in applied["results"][1]["message"]


# --- packages in place of a registry ----------------------------------------------------------------------------


def test_facts_in_place_of_a_registry(playbook: t.Any, start: t.Any) -> None:
    sandbox = start(seed(*SHOP))
    policy = {"rules": [{"name": "apps", "match": {"name": ["app*"]}, "keep_latest": 1}]}
    facts, live = playbook(
        sandbox, {"package_info": {"project": "acme/web/shop", "include_versionless": True}}, plan(policy)
    ).results
    # Whatever the environment says: nobody is asked, and a time that comes again gives the same plan.
    sandbox.forget()
    given, dated, *refused = playbook(
        sandbox,
        {"package_retention_info": {"packages": facts["packages"], "policy": policy, "explain_keeps": True}},
        {
            "package_retention_info": {
                "packages": [
                    {"name": "app", "version": "2", "package_type": "helm", "created_at": "2026-11-19"},
                    {"name": "app", "version": "1", "package_type": "helm", "created_at": "2026-11-18"},
                ],
                "policy": policy,
                "reference_time": NOW,
            }
        },
        {"package_retention_info": {"packages": facts["packages"], "policy": policy, "project": "acme/web/shop"}},
        {"package_retention_info": {"packages": [{"name": "app"}], "policy": policy}},
        token=None,
    ).results
    assert ids(given) == ids(live)
    foreseen = {"protection": "known", "foreseen_protected": 0}  # of a registry only
    assert {**given["plan"]["summary"], **foreseen} == live["plan"]["summary"]
    assert (given["changed"], given["plan"]["scope"]) == (False, {"packages": len(facts["packages"])})
    assert [entry["version"] for entry in dated["plan"]["delete"]] == ["1"]
    assert dated["plan"]["reference_time"] == "2026-11-20T12:00:00.000Z"
    assert [result["msg"] for result in refused] == [
        "parameters are mutually exclusive: packages|project",
        "packages: entry 1: version is missing (null: a package without a version)",
    ]
    (applied,) = playbook(sandbox, {"package_retention": {"plan": given["plan"]}}).results
    assert applied["msg"] == (
        "the plan is for packages that were given to package_retention_info, and for no registry: it cannot be applied;"
        " make a plan of a project or group"
    )
    assert sandbox.requests() == []


def test_the_test_of_a_policy_on_the_page(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")
    marked = re.findall(r"<!-- ([\w.]+\.yml) -->\n\n```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert [name for name, _text in marked] == ["policy.yml", "test_policy.yml"]
    for name, text in marked:
        (tmp_path / name).write_text(text)
    # No address and no token, in the environment neither.
    done = run_process(["ansible-playbook", "test_policy.yml"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # A test that cannot fail is none: another policy is another plan.
    (tmp_path / "policy.yml").write_text(
        (tmp_path / "policy.yml").read_text().replace("keep_latest: 2", "keep_latest: 3")
    )
    assert run_process(["ansible-playbook", "test_policy.yml"], tmp_path).returncode == 2
