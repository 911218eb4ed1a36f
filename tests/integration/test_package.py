# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package`: every case in check mode, for real and again; what must never pass for absent."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

ZERO = {"deleted": 0, "already_absent": 0, "protected": 0, "not_deletable": 0, "failed": 0}
TWO = [package("one"), package("two")]

#: One registry for all cases: each case has packages of its own, so that no order of tests matters.
SHOP = [
    package("by-id", id=100),
    package("by-name", id=110),
    package("by-name", "1.1.0", id=111),
    package("by-name-2", id=112),
    package("my-by-name", id=113),
    package("BY-NAME", id=114),
    package("every", "1.0.0", id=120),
    package("every", "2.0.0", id=121),
    package("every", None, id=122),
    package("everything", "1.0.0", id=123),
    package("list-a", "1", id=130),
    package("list-b", "1", id=131),
    package("list-b", "2", id=132),
    package("list-c", "1", id=133, status="error"),
    package("zlib/1.3@acme/stable", "1.3", "conan", id=140),
    package("zlib/1.4@acme/stable", "1.4", "conan", id=141),
    package("zlib/1.4@other/testing", "1.4", "conan", id=142),
    package("poco/1.0@acme/stable", "1.0", "conan", id=143),
    package("poco/1.1@acme/stable", "1.1", "conan", id=144),
    package("poconos", "1.0", "conan", id=145),
    package("unversioned", None, id=150),
    package("acme/vpc/aws", "0.1.0", "terraform_module", id=160),
    package("broken", "1", id=170, status="error"),
    package("broken", "2", id=171, status="error"),
    package("secret", "1", id=180, status="hidden"),
    package("secret", "2", id=181),
    package("busy", "1", id=190, status="processing"),
    package("going", "1", id=200, status="pending_destruction"),
    package("old", "1", id=210, status="deprecated"),
    package("twin", "1", "npm", id=220),
    package("twin", "1", "generic", id=221),
    package("twins", "1", "npm", id=222),
    package("twins", "2", "generic", id=223),
    package("release-1", "1", id=230),
    package("tolerated", "1", id=231),
    package("moved", "1", id=240),
    package("silent", "1", id=250),
    package("silent", "2", id=251),
    package("aged", "1", id=260, created_at="2025-03-01T10:00:00.500Z"),
    package("aged", "2", id=261, created_at="2025-03-01T10:00:00.500Z"),
    package("aged", "3", id=262, created_at="2025-03-01T10:00:00.500Z"),
    package("shown", "1", id=270),
    package("shown", "2", id=271, status="hidden"),
    package("job", "1", id=280),
    package("role", "1", id=290),
    package("role", "2", id=291),
    package("changed", id=300),
    *(package(f"many-{i}", id=1000 + i) for i in range(30)),
]
RULES = [
    {"package_name_pattern": "release-*", "package_type": "generic", "minimum_access_level_for_delete": "owner"},
]
OPEN = {"path": "acme/open", "id": 43, "visibility": "public", "packages": [package("free", id=500)]}
FACTS = [package(f"fact-{i}", id=600 + i, kind=kind) for i, kind in enumerate(("maven", "npm", "terraform_module"))]
TOOLS = {"path": "acme/tools", "id": 44, "packages": FACTS}


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with Sandbox(seed(*SHOP, protection_rules=RULES, projects=[OPEN, TOOLS])) as sandbox:
        yield sandbox


def absent(**options: t.Any) -> dict[str, t.Any]:
    """A task that deletes packages of the shop."""
    return {"package": {"project": "acme/web/shop", "state": "absent", **options}}


def ids(case: t.Any) -> list[int]:
    return [result["id"] for result in case.real["results"]]


def deletes_sent(sandbox: Sandbox) -> list[str]:
    return [request["path"] for request in sandbox.requests() if request["method"] == "DELETE"]


@pytest.mark.core
def test_one_package_by_id_and_by_name(shop: Sandbox, check_real_again: t.Any) -> None:
    cases = check_real_again(
        shop,
        {
            "by ID": absent(id=100),
            "name and version": absent(name="by-name", version="1.0.0"),
            "terraform module": absent(name="acme/vpc/aws", version="0.1.0"),
            "deprecated": absent(id=210),
            "unknown ID": absent(id=9999),
            "only neighbours": absent(name="by", version="1.0.0"),
        },
    )
    assert cases["by ID"].real["results"] == [
        {
            "id": 100,
            "project_id": 42,
            "name": "by-id",
            "version": "1.0.0",
            "package_type": "generic",
            "result": "deleted",
        }
    ]
    assert cases["by ID"].real["summary"] == {**ZERO, "deleted": 1}
    assert "diff" not in cases["by ID"].real
    assert cases["by ID"].again["summary"] == {**ZERO, "already_absent": 1}
    # The fuzzy filter offers by-name-2, my-by-name and BY-NAME as well.
    assert ids(cases["name and version"]) == [110]
    assert ids(cases["terraform module"]) == [160]
    assert ids(cases["deprecated"]) == [210]
    # A selector that matches nothing is repeated in the one result.
    assert cases["unknown ID"].real["results"] == [
        {
            "id": 9999,
            "project_id": 42,
            "name": None,
            "version": None,
            "package_type": None,
            "result": "already_absent",
        }
    ]
    assert cases["only neighbours"].real["results"] == [
        {
            "id": None,
            "project_id": 42,
            "name": "by",
            "version": "1.0.0",
            "package_type": None,
            "result": "already_absent",
        }
    ]


def test_all_versions_and_packages_without_one(shop: Sandbox, check_real_again: t.Any) -> None:
    cases = check_real_again(
        shop,
        {
            "all versions": absent(name="every", all_versions=True),
            "no version, by name": absent(name="unversioned", all_versions=True),
            "conan recipe": absent(name="zlib/1.3@acme/stable", version="1.3"),
            "conan bare name": absent(name="poco", version="1.0"),
            "conan bare name, all versions": absent(name="poco", all_versions=True),
            "conan, two channels": absent(name="zlib", version="1.4"),
        },
    )
    assert sorted(ids(cases["all versions"])) == [120, 121, 122]
    assert ids(cases["no version, by name"]) == [150]
    assert ids(cases["conan recipe"]) == [140]
    assert ids(cases["conan bare name"]) == [143]
    assert ids(cases["conan bare name, all versions"]) == [144]
    refused = cases["conan, two channels"].real
    assert refused["msg"] == (
        "name 'zlib' with version '1.4' means 2 different packages: conan zlib/1.4@acme/stable 1.4 (id 141), conan"
        " zlib/1.4@other/testing 1.4 (id 142). Nothing was deleted: say which by package_type or by id"
    )


def test_statuses(shop: Sandbox, check_real_again: t.Any) -> None:
    cases = check_real_again(
        shop,
        {
            "error by name": absent(name="broken", version="1"),
            "error by ID": absent(id=171),
            "hidden by name": absent(name="secret", version="1"),
            "hidden by ID": absent(id=180),
            "hidden among all versions": absent(name="shown", all_versions=True),
            "hidden, tolerated": absent(id=180, tolerate=["not_deletable"]),
            "others by name": absent(packages=[{"name": "busy", "version": "1"}, {"name": "going", "version": "1"}]),
            "others by ID": absent(packages=[{"id": 190}, {"id": 200}]),
        },
    )
    assert [ids(cases["error by name"]), ids(cases["error by ID"])] == [[170], [171]]
    assert cases["error by ID"].kinds() == ["deleted"]
    hidden = {
        "id": 180,
        "project_id": 42,
        "name": "secret",
        "version": "1",
        "package_type": "generic",
        "result": "not_deletable",
        "message": "its status is hidden: GitLab's API cannot delete it",
    }
    for name in ("hidden by name", "hidden by ID"):
        assert cases[name].real["results"] == [hidden]
        assert cases[name].real["failed"] is True
        assert cases[name].real["msg"] == (
            "1 of 1 could not be deleted: generic secret 1 (id 180): not_deletable: its status is hidden: GitLab's API"
            " cannot delete it"
        )
    # What can be deleted goes, and the task fails nevertheless.
    among = cases["hidden among all versions"].real
    assert {r["id"]: r["result"] for r in among["results"]} == {270: "deleted", 271: "not_deletable"}
    assert (among["changed"], among["failed"]) == (True, True)
    assert cases["hidden, tolerated"].real["failed"] is False
    assert cases["hidden, tolerated"].real["summary"] == {**ZERO, "not_deletable": 1}
    # What is pending destruction has been deleted already.
    for name in ("others by name", "others by ID"):
        assert cases[name].kinds() == ["not_deletable", "already_absent"]
        assert cases[name].real["results"][0]["message"].startswith("its status is processing:")


@pytest.mark.core
def test_lists_of_packages(shop: Sandbox, playbook: t.Any, check_real_again: t.Any) -> None:
    facts = playbook(shop, {"package_info": {"project": "acme/tools"}}).results[0]["packages"]
    assert [fact["id"] for fact in facts] == [600, 601, 602]
    many = [{"id": 1000 + i} for i in range(15)] + [{"name": f"many-{i}", "version": "1.0.0"} for i in range(15, 30)]
    mixed = [
        {"id": 130},
        {"name": "list-b", "all_versions": True},
        {"name": "list-c", "version": "1", "package_type": "generic"},
        {"name": "list-d", "version": "1"},
        {"name": "list-a", "version": "1"},
        {"id": 133},
    ]
    shop.forget()
    cases = check_real_again(
        shop,
        {
            "mixed": absent(packages=mixed),
            "facts as they are": {"package": {"project": "acme/tools", "state": "absent", "packages": facts}},
            "more than a few": absent(packages=[*many, {"id": 180}, {"name": "nobody", "version": "1"}]),
            "none": absent(packages=[]),
        },
    )
    # In the order of the selectors, each package once.
    assert [(r["id"], r["result"]) for r in cases["mixed"].real["results"]] == [
        (130, "deleted"),
        (131, "deleted"),
        (132, "deleted"),
        (133, "deleted"),
        (None, "already_absent"),
    ]
    assert ids(cases["facts as they are"]) == [600, 601, 602]
    assert cases["more than a few"].real["summary"] == {**ZERO, "deleted": 30, "not_deletable": 1, "already_absent": 1}
    assert (cases["none"].real["results"], cases["none"].real["changed"]) == ([], False)
    # Check mode and the second run sent no delete: each package was deleted once.
    gone = [130, 131, 132, 133, *range(1000, 1030)]
    sent = [f"/api/v4/projects/42/packages/{i}" for i in gone] + [
        f"/api/v4/projects/44/packages/{i}" for i in (600, 601, 602)
    ]
    assert sorted(deletes_sent(shop)) == sorted(sent)


def test_ambiguous_types_delete_nothing(shop: Sandbox, check_real_again: t.Any) -> None:
    shop.forget()
    cases = check_real_again(
        shop,
        {
            "one version": absent(name="twin", version="1"),
            "all versions": absent(name="twins", all_versions=True),
            "one of a list": absent(packages=[{"id": 290}, {"name": "twin", "version": "1"}]),
            "npm": absent(name="twin", version="1", package_type="npm"),
            "generic in a list": absent(packages=[{"name": "twins", "all_versions": True, "package_type": "generic"}]),
        },
    )
    assert cases["one version"].real["msg"] == (
        "name 'twin' with version '1' means 2 different packages: npm twin 1 (id 220), generic twin 1 (id 221)."
        " Nothing was deleted: say which by package_type or by id"
    )
    assert (
        "means 2 different packages: npm twins 1 (id 222), generic twins 2 (id 223)"
        in (cases["all versions"].real["msg"])
    )
    assert "name 'twin' with version '1' means 2" in cases["one of a list"].real["msg"]
    assert [ids(cases["npm"]), ids(cases["generic in a list"])] == [[220], [223]]
    # What was ambiguous sent none, not even for the package beside it that was clear.
    assert sorted(deletes_sent(shop)) == ["/api/v4/projects/42/packages/220", "/api/v4/projects/42/packages/223"]


def test_protected_packages_are_foreseen_and_tolerated(shop: Sandbox, check_real_again: t.Any) -> None:
    cases = check_real_again(
        shop,
        {
            "protected": absent(name="release-1", version="1"),
            "tolerated": absent(packages=[{"id": 230}, {"id": 231}], tolerate=["protected"]),
        },
    )
    refused = cases["protected"].real
    assert (refused["failed"], refused["changed"]) == (True, False)
    assert refused["summary"] == {**ZERO, "protected": 1}
    assert refused["results"][0]["message"] == (
        "DELETE /projects/42/packages/230: 403 Forbidden - Package is deletion protected.: a package protection rule of"
        " the project forbids it"
    )
    tolerated = cases["tolerated"].real
    assert (tolerated["failed"], tolerated["changed"]) == (False, True)
    assert [r["result"] for r in tolerated["results"]] == ["protected", "deleted"]


def test_the_time_of_the_last_change_cannot_be_foreseen(shop: Sandbox, check_real_again: t.Any) -> None:
    shop.change_package(300, updated_at="2026-01-01T00:00:00Z")
    cases = check_real_again(
        shop, {"changed": absent(id=300, unless_modified_since="2025-06-01T00:00:00Z")}, foreseen=False
    )
    assert (cases["changed"].kinds("check"), cases["changed"].kinds()) == (["deleted"], ["failed"])


def test_the_role_is_foreseen(shop: Sandbox, check_real_again: t.Any) -> None:
    cases = check_real_again(
        shop,
        {
            name: absent(packages=[{"id": 290}, {"name": "role", "version": "2"}], api_token=token)
            for name, token in (("developer", "glpat-dev"), ("reporter", "glpat-rep"), ("read-only", "glpat-mia-read"))
        },
    )
    for name in ("developer", "reporter"):
        assert cases[name].real["summary"] == {**ZERO, "failed": 2}
        assert cases[name].real["results"][0]["message"] == (
            "DELETE /projects/42/packages/290: 403 Forbidden: deleting needs the maintainer role on project '42'"
        )
        assert cases[name].check["results"][0]["message"] == ("deleting needs the maintainer role on project '42'")
    assert cases["read-only"].real["summary"] == {**ZERO, "failed": 2}
    assert "insufficient_scope" in cases["read-only"].real["msg"]
    assert "deleting needs the scope 'api'" in cases["read-only"].real["results"][0]["message"]
    assert cases["read-only"].check["results"][0]["message"] == (
        "the token lacks the scope 'api', which deleting needs"
    )


def test_who_may_not_even_read(shop: Sandbox, check_real_again: t.Any) -> None:
    def other(project: t.Any, **options: t.Any) -> dict[str, t.Any]:
        return {"package": {"project": project, "state": "absent", **options}}

    anonymous = {"environment": {"GITLAB_TOKEN": ""}}
    cases = check_real_again(
        shop,
        {
            "guest": absent(id=9999, api_token="glpat-gus"),
            "no member": absent(id=290, api_token="glpat-out"),
            "revoked": absent(name="nobody", version="1", api_token="glpat-gone"),
            "unknown project": other("acme/web/shopp", id=290),
            "unknown project by ID": other("4242", name="role", version="1"),
            "anonymous, public project": {**other("acme/open", id=500), **anonymous},
            "anonymous, nothing there": {**other("acme/open", name="nobody", version="1"), **anonymous},
            "anonymous, private project": {**absent(id=290), **anonymous},
            "no member, public project": other("acme/open", id=500, api_token="glpat-out"),
        },
    )
    expected = {
        "guest": "GET /projects/42/packages/9999: 403 Forbidden: the token may not read the packages of project '42':"
        " that needs the reporter role",
        "no member": "GET /projects/acme/web/shop: 404 Project Not Found: project 'acme/web/shop' does not exist, or"
        " the token may not read it",
        "revoked": "GET /projects/acme/web/shop: 401 Unauthorized: the private token is mistyped, expired, revoked, or"
        " of another server",
        "unknown project": "GET /projects/acme/web/shopp: 404 Project Not Found: project 'acme/web/shopp' does not"
        " exist, or the token may not read it",
    }
    for name, sentence in expected.items():
        assert cases[name].real["msg"] == sentence, name
    assert cases["revoked"].real["error"]["kind"] == "Unauthorized"
    assert cases["unknown project by ID"].real["error"]["kind"] == "ScopeNotFound"
    assert cases["guest"].real["error"]["kind"] == "Forbidden"
    assert [name for name, case in cases.items() if not case.real["failed"]] == ["anonymous, nothing there"]
    assert cases["no member, public project"].real["summary"] == {**ZERO, "failed": 1}
    assert cases["anonymous, public project"].real["summary"] == {**ZERO, "failed": 1}
    assert cases["anonymous, nothing there"].kinds() == ["already_absent"]
    assert cases["anonymous, private project"].real["msg"] == (
        "GET /projects/acme/web/shop: 404 Project Not Found: project 'acme/web/shop' does not exist, or an anonymous"
        " caller (no token was given) may not read it"
    )


def test_moved_projects_and_job_tokens(shop: Sandbox, check_real_again: t.Any) -> None:
    old = {"package": {"project": "acme/old-shop", "name": "moved", "version": "1", "state": "absent"}}
    shop.forget()
    cases = check_real_again(shop, {"old path": old, "job token": absent(id=280, api_job_token="glcbt-mia")})
    assert [ids(cases["old path"]), ids(cases["job token"])] == [[240], [280]]
    # Deletes go to the numeric ID: GitLab does not redirect them.
    assert [(r["path"], r["auth"]) for r in shop.requests() if r["method"] == "DELETE"] == [
        ("/api/v4/projects/42/packages/240", "private-token"),
        ("/api/v4/projects/42/packages/280", "job-token"),
    ]


def test_a_204_that_deleted_nothing_fails(shop: Sandbox, playbook: t.Any) -> None:
    shop.faults([{"method": "DELETE", "path": "/packages/25[01]$", "kind": "silent_204", "times": -1}])
    proved, believed = playbook(shop, absent(name="silent", version="1"), absent(id=251, verify=False)).results
    shop.faults([])
    assert (proved["failed"], proved["changed"]) == (True, False)
    assert proved["results"][0]["result"] == "failed"
    assert proved["results"][0]["message"] == (
        "GitLab answered that it was deleted, but still lists it: a protection rule or an error inside GitLab"
    )
    # Who does not want the proof is told what GitLab said.
    assert (believed["failed"], believed["changed"]) == (False, True)


@pytest.mark.core
def test_unless_modified_since(shop: Sandbox, check_real_again: t.Any) -> None:
    shop.forget()
    cases = check_real_again(
        shop,
        {
            "before": absent(name="aged", version="1", unless_modified_since="2025-03-01T09:00:00Z"),
            "later": absent(name="aged", version="2", unless_modified_since="2025-03-01T12:00:01+02:00"),
            "within the second": absent(id=262, unless_modified_since="2025-03-01T10:00:00.700Z"),
        },
    )
    for name in ("before", "within the second"):
        assert cases[name].kinds() == ["failed"], name
    assert cases["before"].check["results"][0]["message"] == (
        "it was published at 2025-03-01T10:00:00.500Z, after unless_modified_since"
    )
    assert (
        cases["before"]
        .real["results"][0]["message"]
        .endswith("412 Precondition Failed: it was changed after the given time")
    )
    assert cases["later"].kinds() == ["deleted"]
    sent = [request["if_unmodified_since"] for request in shop.requests() if request["method"] == "DELETE"]
    assert sent[0] == "Sat, 01 Mar 2025 09:00:00 GMT"
    assert None not in sent


@pytest.mark.core
def test_diff_shows_what_goes(start: t.Any, check_real_again: t.Any) -> None:
    sandbox = start(seed(*TWO, package("secret", status="hidden")))
    task = absent(packages=[{"name": n, "all_versions": True} for n in ("one", "secret", "three")])
    case = check_real_again(sandbox, {"diff": task}, args=["--diff"])["diff"]
    before = "generic one 1.0.0 (id 1)\ngeneric secret 1.0.0 (id 3)\n"
    header = "packages of project 'acme/web/shop'"
    diff = {"before": before, "after": "generic secret 1.0.0 (id 3)\n", "before_header": header, "after_header": header}
    assert case.check["diff"] == case.real["diff"] == diff
    assert case.again["diff"]["before"] == case.again["diff"]["after"]


def test_no_request_is_sent_twice(start: t.Any, playbook: t.Any) -> None:
    sandbox = start(seed(*TWO, package("three")))
    task = absent(packages=[{"name": "one", "version": "1.0.0"}, {"name": "two", "all_versions": True}, {"id": 3}])
    for check in (True, False):
        sandbox.forget()
        playbook(sandbox, {**task, "check_mode": check})
        sent = [(request["method"], request["path"], request["query"]) for request in sandbox.requests()]
        if check:
            assert len(sent) == len(set(sent))
            assert {method for method, _path, _query in sent} == {"GET"}
            # The project, two names (with and without terraform modules), one ID, hidden ones of "all", the token, and
            # the rules.
            assert len(sent) == 12
        else:
            assert len([1 for method, _path, _query in sent if method == "DELETE"]) == 3
            # The same but for the token's scopes and the rules; then three deletes, and a look at each of three names.
            assert len(sent) == 10 + 3 + 3


def test_on_a_server_of_16_1(start: t.Any, check_real_again: t.Any) -> None:
    sandbox = start(
        seed(
            package("ui", "1.0.0", id=1),
            package("ui", "1.1.0", id=2),
            package("ui", "1.2.0", id=3),
            package("ui2", "1.0.0", id=4),
            package("acme/vpc/aws", "0.1.0", "terraform_module", id=5),
            package("broken", "1", status="error", id=6),
            package("broken", "2", status="error", id=7),
            package("secret", "1", status="hidden", id=8),
            package("zlib/1.3@acme/stable", "1.3", "conan", id=9),
            package("zlib/1.4@acme/stable", "1.4", "conan", id=10),
            package("unversioned", None, id=11),
        ),
        gitlab_version="16.1",
    )
    listed = [
        {"id": 2},
        {"name": "acme/vpc/aws", "version": "0.1.0"},
        {"name": "broken", "version": "1"},
        {"id": 7},
        {"name": "zlib/1.3@acme/stable", "version": "1.3"},
        {"name": "zlib", "version": "1.4"},
        {"name": "unversioned", "all_versions": True},
    ]
    cases = check_real_again(
        sandbox,
        {
            "exact although the version filter is ignored": absent(name="ui", version="1.0.0"),
            "list": absent(packages=listed),
            "hidden": absent(packages=[{"id": 8}, {"name": "secret", "version": "1"}]),
            "role": absent(id=3, api_token="glpat-dev"),
        },
    )
    assert ids(cases["exact although the version filter is ignored"]) == [1]
    assert ids(cases["list"]) == [2, 5, 6, 7, 9, 10, 11]
    assert cases["hidden"].kinds() == ["not_deletable"]
    assert cases["role"].kinds() == ["failed"]
    assert sandbox.state()["packages"] == {**sandbox.state()["packages"], "default": 2, "hidden": 1}


def test_facts_that_are_not_of_this_project_or_not_of_packages(start: t.Any, playbook: t.Any) -> None:
    """An ID is only a number: the same number is a file's here, and another package's in another GitLab."""
    here = start(seed(package("release", "1", id=7, files=[{"id": 8, "file_name": "x"}]), package("other", "1", id=8)))
    there = start(seed(package("release", "1", id=7)))
    read = playbook(
        here,
        {"package_file_info": {"project": "acme/web/shop", "id": 7}},
        absent(packages="{{ result_0.files }}"),
        {"package_info": {"project": "acme/web/shop", "api_url": there.api_url}},
        absent(packages="{{ result_2.packages }}"),
        {"package_info": {"project": "acme/web/shop"}},
        absent(packages=[{"id": 8, "name": "release", "version": "1", "package_type": "generic"}]),
    ).results
    assert [result["msg"].split(":")[0] for result in (read[1], read[3], read[5])] == ["packages[0]"] * 3
    assert "with package_id it is a file" in read[1]["msg"] or "with file_name it is a file" in read[1]["msg"]
    assert "it is of another GitLab" in read[3]["msg"]
    assert "id 8 is a package whose name is other, not release. Nothing was deleted" in read[5]["msg"]
    assert not [request for request in here.requests() if request["method"] == "DELETE"]
    # What this project's list gives goes, with all that it says.
    (listed, gone) = playbook(
        here,
        {"package_info": {"project": "acme/web/shop"}},
        absent(packages="{{ result_0.packages }}"),
    ).results
    assert listed["count"] == gone["summary"]["deleted"] == 2
