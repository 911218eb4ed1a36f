# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode and the plan foresee of protection rules, against what GitLab does with the same delete."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jsonschema

from ansible_collections.registryops.gitlab.tests.integration.seeds import package

LEVEL, PUSH = "minimum_access_level_for_delete", "minimum_access_level_for_push"

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "plan.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def rule(pattern: str, kind: str = "generic", level: str | None = "owner", push: str | None = None) -> dict[str, t.Any]:
    return {"package_name_pattern": pattern, "package_type": kind, LEVEL: level, PUSH: push}


RULES = [
    rule("release-*"),
    rule("vault*", level="admin"),
    rule("vault-open"),
    rule("a_b"),
    rule("100%"),
    rule("pushed", level=None, push="admin"),
    rule("@acme/*-core", "npm"),
    rule("zlib", "conan"),
    rule("zlib/1.3*", "conan", level="admin"),
    rule("my-tool", "pypi"),
    rule("acme.*", "pypi"),
    rule("com/acme/*", "maven"),
    rule("*", "helm"),
    rule("acme/*", "terraform_module"),
]
#: Packages, and who may delete them: a role that the rules ask for (None: a maintainer's is enough).
PACKAGES: list[tuple[dict[str, t.Any], str | None]] = [
    (package("app"), None),
    (package("release-1"), "owner"),
    (package("RELEASE-1"), "owner"),
    (package("my-release-1"), None),
    (package("release-1", None, "maven"), None),  # the type is another one, and it has no version
    (package("release-2", status="error"), "owner"),
    (package("vault"), "admin"),
    (package("vault-open"), "admin"),  # the strictest decides
    (package("axb"), None),
    (package("A_B"), "owner"),
    (package("1000"), None),
    (package("pushed"), None),
    (package("@acme/ui-core", kind="npm"), "owner"),
    (package("@ACME/UI-core", kind="npm"), "owner"),
    (package("@acme/core", kind="npm"), None),
    (package("zlib/1.3@acme/stable", "1.3", "conan"), "owner"),
    (package("zlib-ng/1.3@acme/stable", "1.3", "conan"), None),
    (package("My__Tool", kind="pypi"), "owner"),
    (package("acme-x", kind="pypi"), "owner"),
    (package("com/acme/shop", None, "maven"), "owner"),
    (package("web", kind="helm"), "owner"),
    (package("acme/vpc", kind="terraform_module"), "owner"),
    (package("release-1", kind="nuget"), None),
    (package("release-1", kind="composer"), None),
]
ROLES = [None, "owner", "admin"]
#: A project for each caller, by its ID, with the same packages: (token, how far its rules bind, what it may).
CALLERS = {
    1000: ("glpat-mia", 0),
    2000: ("glpat-olga", 1),
    3000: ("glpat-root", 2),
    4000: ("glcbt-mia", 0),
    5000: ("glcbt-olga", 1),
}
FILES = [{"file_name": "a.bin", "size": 10}, {"file_name": "b.bin", "size": 10}]


def project(first: int, packages: t.Sequence[dict[str, t.Any]], **more: t.Any) -> dict[str, t.Any]:
    numbered = [{**one, "id": first + at, "files": FILES} for at, one in enumerate(packages)]
    return {"path": f"acme/p{first}", "id": first, "packages": numbered, "protection_rules": RULES, **more}


def seed(projects: t.Sequence[dict[str, t.Any]], **more: t.Any) -> dict[str, t.Any]:
    path = projects[0]["path"]
    return {
        "users": [
            {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
            {"username": "mia", "tokens": [{"value": "glpat-mia"}, {"value": "glpat-read", "scopes": ["read_api"]}]},
            {"username": "olga", "tokens": [{"value": "glpat-olga"}]},
            {"username": "rep", "tokens": [{"value": "glpat-rep"}]},
        ],
        "job_tokens": [
            {"value": "glcbt-mia", "user": "mia", "project": path},
            {"value": "glcbt-olga", "user": "olga", "project": path},
        ],
        "deploy_tokens": [
            {
                "value": "gldt-1",
                "project": path,
                "scopes": ["read_package_registry", "write_package_registry"],
            }
        ],
        "groups": [
            {
                "path": "acme",
                "id": 7,
                "visibility": "private",
                "members": {"mia": "maintainer", "olga": "owner", "rep": "reporter"},
            }
        ],
        "projects": list(projects),
        **more,
    }


def absent(first: int, token: str, ids: t.Iterable[int], **more: t.Any) -> dict[str, t.Any]:
    credential = {"api_job_token": token} if token.startswith("glcbt") else {"api_token": token}
    task = {"project": str(first), "state": "absent", "tolerate": ["protected"], "packages": [{"id": i} for i in ids]}
    return {"package": {**task, **credential, **more}}


def kinds(result: dict[str, t.Any]) -> list[str]:
    return [one["result"] for one in result["results"]]


def expected(power: int) -> list[str]:
    return ["protected" if ROLES.index(role) > power else "deleted" for _one, role in PACKAGES]


def test_what_is_foreseen_is_what_comes(start: t.Any, playbook: t.Any) -> None:
    """In every case of the contract: first in check mode, then for real, each on packages of its own."""
    every = [one for one, _role in PACKAGES]
    projects = [*(project(first, every) for first in CALLERS), project(6000, every[:2])]
    sandbox = start(seed(projects))
    # With the flag off no delete is refused, and no rule shows a level; an old server has no rules to read.
    off, old = (
        start(seed(projects[:1], instance={"delete_protection": False})),
        start(seed(projects[:1]), gitlab_version="16.1"),
    )
    cases = [(first, token, sandbox) for first, (token, _power) in CALLERS.items()]
    cases += [(1000, "glpat-mia", off), (1000, "glpat-mia", old)]
    tasks = []
    for first, token, server in cases:
        ids = range(first, first + len(PACKAGES))
        task = absent(first, token, ids, api_url=server.api_url)
        tasks += [{**task, "check_mode": True}, task]
    deploy = absent(1000, "gldt-1", [1000])
    file = {"project": "6000", "version": "1.0.0", "file_name": "a.bin", "state": "absent", "tolerate": ["protected"]}
    late = {**file, "name": "release-1", "unless_modified_since": "2000-01-01T00:00:00Z"}
    file, free = {**file, "name": "release-1"}, {**file, "name": "app"}
    of_files = [{"package_file": one} for one in (file, late, free)]
    tasks += [{**deploy, "check_mode": True}, deploy]
    tasks += [task for one in of_files for task in ({**one, "check_mode": True}, one)]
    run = playbook(sandbox, *tasks)
    pairs = list(zip(run.results[::2], run.results[1::2]))
    for (first, token, server), (check, real) in zip(cases, pairs):
        where = (first, token, server is sandbox)
        if server is sandbox:
            assert kinds(real) == expected(CALLERS[first][1]), where
        else:
            assert set(kinds(real)) == {"deleted"}, where
        unknown = token.startswith("glcbt") or server is old
        assert check["summary"].get("protection") == ("unknown" if unknown else None), where
        assert "protection" not in real["summary"]
        # What is not known is not foreseen as protected; all else comes as it was foreseen.
        assert kinds(check) == (["deleted"] * len(PACKAGES) if unknown else kinds(real)), where
    # To a deploy token GitLab lists nothing and deletes nothing.
    deployed = pairs[len(cases)]
    assert deployed[0]["error"]["kind"] == deployed[1]["error"]["kind"] == "Unauthorized"
    assert [(kinds(check), kinds(real)) for check, real in pairs[len(cases) + 1 :]] == [
        (["protected"], ["protected"]),
        (["protected"], ["protected"]),
        (["deleted"], ["deleted"]),
    ]
    assert pairs[0][0]["results"][1]["message"] == (
        "a package protection rule of the project forbids it: generic 'release-*' lets only owners delete"
    )
    assert pairs[0][0]["results"][6]["message"].endswith("generic 'vault*' lets only administrators delete")
    assert (
        run.output.count("whether protection rules forbid these deletes is not known beforehand, of some or all") == 2
    )
    for why in ("GitLab shows no protection rules to a job token", "this server has no protection rules"):
        assert why in run.output
    # A real delete hears of the rules from GitLab's answer: they are read in check mode only, once in each task.
    assert [r["path"] for r in sandbox.requests() if r["path"].endswith("/rules")] == [
        *(f"/api/v4/projects/{first}/packages/protection/rules" for first in (1000, 2000, 3000)),
        *["/api/v4/projects/6000/packages/protection/rules"] * 3,
    ]


POLICY = {
    "rules": [{"name": "old", "match": {"package_type": "generic", "name": "*release-1"}, "delete_all": True}],
    "files": [{"name": "copies", "match": {"package_type": "generic"}, "keep_latest_copies": 1}],
}
#: Two of one name in a package that stays, and that a rule protects.
TWICE = [{"id": 8008, "file_name": "a.bin"}, {"id": 8009, "file_name": "a.bin"}]
KEPT = [
    {**package("app"), "id": 8000, "files": FILES},
    {**package("release-1"), "id": 8001, "files": FILES},
    {**package("my-release-1"), "id": 8002, "files": FILES},
    {**package("release-2"), "id": 8003, "files": TWICE},
]


def test_a_plan_says_what_rules_would_refuse_and_its_apply_hears_it(
    start: t.Any, playbook: t.Any, tmp_path: Path
) -> None:
    """A rule that appears between the two is ``protected`` too; nothing is asked of who may not read rules."""
    more = {"path": "acme/p8000", "id": 8000, "packages": KEPT, "protection_rules": RULES}
    sandbox = start(seed([more, project(9000, [package("release-1")])]))
    scope = {"project": "acme/p8000", "policy": POLICY}
    plan = {"plan": "{{ result_0.plan }}", "tolerate": ["protected"]}
    new = {"project": "8000", **{key: rule("my-*")[key] for key in ("package_name_pattern", "package_type", LEVEL)}}
    lookup = "query('registryops.gitlab.packages', 'acme/p8000', with_protected=true)"
    run = playbook(
        sandbox,
        {"package_retention_info": scope},
        {"package_retention": {**scope, "tolerate": ["protected"]}, "check_mode": True},
        {"package_retention_info": {**scope, "api_token": "glpat-rep"}},
        {"package_retention_info": {**scope, "api_job_token": "glcbt-mia"}},
        {"package_retention_info": {"project": "acme/p9000", "policy": POLICY, "api_token": "glpat-olga"}},
        {"package_report": {"projects": ["8000"], "policy": POLICY, "dest": str(tmp_path), "with_sizes": True}},
        {"package_protection_rule": {**new, "api_token": "glpat-olga"}},
        {"package_retention": plan, "check_mode": True},
        {"package_retention": plan},
        {"package_info": {"group": "acme", "with_protected": True, "fields": ["id", "protected"]}},
        {"ansible.builtin.set_fact": {"found": "{{ " + lookup + " }}"}},
        {"package_info": {"project": "8000", "with_protected": True, "api_token": "glpat-rep"}},
    )
    made, checked, reader, job, owner, report, ruled, again, applied, facts, looked, unread = run.results
    summary = made["plan"]["summary"]
    assert (summary["protection"], summary["foreseen_protected"], summary["delete"]) == ("known", 1, 2)
    assert summary["files"]["foreseen_protected"] == 1
    by_rule = {"package_name_pattern": "release-*", LEVEL: "owner"}
    marks = {one["id"]: one.get("protected_by") for one in [*made["plan"]["delete"], *made["plan"]["delete_files"]]}
    assert marks == {8001: by_rule, 8002: None, 8008: by_rule}
    assert made["text"][1] == "GitLab's protection rules would refuse 1 of these packages"
    VALIDATOR.validate(made["plan"])

    def told(result: dict[str, t.Any]) -> dict[int, str]:
        return {one["id"]: one["result"] for one in [*result["results"], *result["file_results"]]}

    assert told(checked) == {8001: "protected", 8002: "deleted", 8008: "protected"}
    assert checked["plan"]["summary"]["protection"] == "known"
    assert ruled["changed"] is True
    assert told(again) == told(applied) == {8001: "protected", 8002: "protected", 8008: "protected"}
    assert "protection" not in applied["summary"]
    # Who may not delete there may not read rules, and is not asked to try; a job token neither.
    for plan_of_others in (reader, job):
        counts = plan_of_others["plan"]["summary"]
        assert (counts["protection"], counts["foreseen_protected"], counts["delete"]) == ("unknown", 0, 2)
        assert "whether GitLab's protection rules would refuse any is not known" in plan_of_others["text"]
        assert len([one for one in plan_of_others["warnings"] if "protection rules" in one]) == 1
    assert (owner["plan"]["summary"]["protection"], owner["plan"]["summary"]["foreseen_protected"]) == ("known", 0)
    figures = report["report"]["summary"]
    assert (figures["protection"], figures["foreseen_protected"]) == ("known", 1)
    assert report["report"]["plan"]["foreseen_protected"] == {"packages": 1, "bytes": 20}
    assert "GitLab's protection rules would refuse 1 of them" in "\n".join(report["text"])
    for kind in ("html", "md", "csv"):
        assert "GitLab" in (tmp_path / f"report.{kind}").read_text(encoding="utf-8").replace(
            "GitLab&#x27;s", "GitLab"
        ), kind
    protected = {8000: False, 8001: True, 8002: True, 8003: True, 9000: True}
    assert {one["id"]: one["protected"] for one in facts["packages"]} == protected
    found = looked["ansible_facts"]["found"]
    assert {one["id"]: one["protected"] for one in found} == {key: protected[key] for key in protected if key < 9000}
    assert {one["protected"] for one in unread["packages"]} == {None}
    # Each task reads the rules of a project once; who may not read them, and what deletes for real, does not.
    reads = [
        r["path"].split("/")[4] for r in sandbox.requests() if r["path"].endswith("/rules") and r["method"] == "GET"
    ]
    assert reads == ["8000", "8000", "9000", "8000", "8000", "8000", "8000", "9000", "8000"]
