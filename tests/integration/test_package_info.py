# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module `package_info`: complete and exact facts, of every type and status, on new and old servers."""

from __future__ import annotations

import typing as t
from collections import Counter
from collections.abc import Iterator

import pytest

from ansible_collections.registryops.gitlab.tests.integration.seeds import TYPES, package, seed
from gitlab_sandbox.testing import Sandbox

STATUSES = ("default", "hidden", "processing", "error", "pending_destruction", "deprecated")
#: More than 10,000: GitLab gives no totals any more. All of them are what the fuzzy filter finds for "app".
BIG = 10_150


def day(number: int) -> str:
    return f"2025-03-{number:02}T10:00:00.000Z"


def registry() -> dict[str, t.Any]:
    typed = [package(f"of-{kind}", kind=kind, id=100 + i, created_at=day(1 + i)) for i, kind in enumerate(TYPES)]
    return seed(
        *typed,
        *(package("state", status, status=status, id=200 + i) for i, status in enumerate(STATUSES)),
        package("bare", None, id=220),
        package("bare", "1.0.0", id=221),
        package("@acme/ui", "1.0.0", "npm", id=230),
        package("@acme/ui", "1.0.0-rc", "npm", id=231),
        package("@acme/ui-kit", "1.0.0", "npm", id=232),
        package("my@acme/ui", "1.0.0", "npm", id=233),
        package("@ACME/UI", "1.0.0", "npm", id=234),
        package("zlib/1.3@acme/stable", "1.3", "conan", id=240),
        package("zlib/1.4@acme/stable", "1.4", "conan", id=241),
        package("zlib-ng/1.4@acme/stable", "1.4", "conan", id=242),
        package("built", "1", id=250, pipelines=[{"id": 9000 + i} for i in range(45)]),
        package("stuffed", "1", id=251, files=[{"file_name": f"f-{i}", "size": i} for i in range(130)]),
        package("wip", "1", id=252, status="error", files=[{"file_name": "half", "size": 1}]),
        projects=[
            {
                "path": "acme/tools",
                "id": 43,
                "packages": [package("tool", "1", id=300), package("tool", "2", "terraform_module", id=301)],
            },
            {"path": "acme/secret/x", "id": 44, "visibility": "private", "packages": [package("deep", "1", id=302)]},
            {
                "path": "acme/big",
                "id": 45,
                "packages": [package("app", "1", id=400)],
                "generate": [{"count": BIG - 1, "name": "app-{i % 7}", "version": "1.{i}", "interval_seconds": 0}],
            },
        ],
    )


@pytest.fixture(scope="module")
def current() -> Iterator[Sandbox]:
    with Sandbox(registry()) as sandbox:
        yield sandbox


def info(project: str = "acme/web/shop", **options: t.Any) -> dict[str, t.Any]:
    return {"package_info": {"project": project, **options}}


def group(**options: t.Any) -> dict[str, t.Any]:
    return {"package_info": {"group": "acme/web", **options}}


def ids(result: dict[str, t.Any]) -> list[int]:
    assert not result["failed"], result["msg"]
    assert result["count"] == len(result["packages"])
    assert result["changed"] is False
    assert all(isinstance(found["project_id"], int) for found in result["packages"])
    return [found["id"] for found in result["packages"]]


#: What each selection must find, on every server.
EXACT: dict[str, tuple[dict[str, t.Any], list[int]]] = {
    "name": (info(name="@acme/ui", version="1.0.0"), [230]),
    "all versions of a name": (info(name="@acme/ui"), [230, 231]),
    "version that only a neighbour has": (info(name="@acme/ui-kit", version="1.0.0-rc"), []),
    "versions of any name": (info(version="1.0.0-rc"), [231]),
    "conan recipe": (info(name="zlib/1.3@acme/stable"), [240]),
    "conan bare name": (info(name="zlib"), [240, 241]),
    "versionless": (info(name="bare", include_versionless=True), [220, 221]),
    "not versionless": (info(name="bare"), [221]),
    "not there": (info(name="@acme"), []),
    "hidden": (info(status=["hidden"]), [201]),
    "terraform module": (info(name="of-terraform_module"), [111]),
    "by ID": (info(id=220), [220]),
    "by ID, in error": (info(id=203), [203]),
    "by ID, hidden": (info(id=201, status=["all"]), [201]),
    "by ID, hidden, not asked for": (info(id=201), []),
    "by ID, of another project": (info(id=300), []),
    "by ID, other name": (info(id=230, name="@acme/ui-kit"), []),
    "moved project": (info("acme/old-shop", name="zlib"), [240, 241]),
    "by number": (info("43"), [300, 301]),
    "group": ({"package_info": {"group": "acme", "name": "tool"}}, [300, 301]),
}


#: Where a server of 16.1 could lead astray: it ignores `package_version` and knows no status `deprecated`.
OLD = (
    "name",
    "versions of any name",
    "conan recipe",
    "versionless",
    "hidden",
    "by ID, in error",
    "by ID, hidden",
    "group",
)


def test_exact_selections_on_a_server_of_16_1(start: t.Any, playbook: t.Any) -> None:
    results = playbook(start(registry(), gitlab_version="16.1"), *(EXACT[name][0] for name in OLD)).results
    assert {name: ids(result) for name, result in zip(OLD, results)} == {name: EXACT[name][1] for name in OLD}


def test_exact_selections(current: Sandbox, playbook: t.Any) -> None:
    results = playbook(current, *(task for task, _ids in EXACT.values())).results
    found = {name: ids(result) for name, result in zip(EXACT, results)}
    assert found == {name: expected for name, (_task, expected) in EXACT.items()}
    by_name = dict(zip(EXACT, results))
    assert {found["project_id"] for found in by_name["moved project"]["packages"]} == {42}
    assert [found["project_id"] for found in by_name["group"]["packages"]] == [43, 43]
    assert by_name["conan bare name"]["packages"][0]["conan_package_name"] == "zlib"
    # E3 gives `versions` unasked: it is there only where it was asked for.
    assert "versions" not in by_name["by ID"]["packages"][0]


def test_types_statuses_orders_and_limits(current: Sandbox, playbook: t.Any) -> None:
    typed = [100 + i for i in range(len(TYPES))]
    everything, search, all_statuses, some, newest, by_type, by_version, three, three_of_two = playbook(
        current,
        info(include_versionless=True),
        info(name_search="OF-", order_by="created_at"),
        info(name="state", status=["all"]),
        info(package_type=["npm", "terraform_module"], name_search="of-"),
        info(name_search="of-", sort="desc"),
        info(name_search="of-", order_by="type"),
        info(name="@acme/ui", order_by="version", sort="desc"),
        info(name_search="of-", order_by="name", limit=3),
        info(package_type=["rpm", "maven"], limit=1, sort="desc"),
    ).results
    # All but the three statuses that GitLab does not display.
    shown = {*typed, 200, 203, 205, 220, 221, *range(230, 235), *range(240, 243), 250, 251, 252}
    assert set(ids(everything)) == shown
    assert len(ids(everything)) == len(shown)
    assert {found["package_type"] for found in everything["packages"]} == set(TYPES)
    assert ids(search) == typed
    assert {found["status"]: found["id"] for found in all_statuses["packages"]} == {
        status: 200 + i for i, status in enumerate(STATUSES)
    }
    assert ids(some) == [101, 111]
    assert ids(newest) == typed[::-1]
    # GitLab's internal number, which is the order of the list of types, not of the alphabet.
    assert [found["package_type"] for found in by_type["packages"]] == list(TYPES)
    assert ids(by_version) == [231, 230]
    assert [found["name"] for found in three["packages"]] == ["of-composer", "of-conan", "of-debian"]
    assert ids(three_of_two) == [112]


def test_what_is_added_to_each_package(current: Sandbox, playbook: t.Any) -> None:
    current.forget()
    built, stuffed, versions, broken, hidden = playbook(
        current,
        info(name="built", with_pipelines=True),
        info(name="stuffed", with_files=True),
        info(name="@acme/ui", version="1.0.0", with_versions=True),
        info(id=252, with_versions=True, with_pipelines=True, with_files=True),
        info(id=201, status=["hidden"], with_versions=True, with_pipelines=True, with_files=True),
    ).results
    # Keyset paging, newest first; offset paging.
    assert [pipeline["id"] for pipeline in built["packages"][0]["pipelines"]] == list(range(9044, 8999, -1))
    assert [file["file_name"] for file in stuffed["packages"][0]["files"]] == [f"f-{i}" for i in range(130)]
    assert [(v["id"], v["version"]) for v in versions["packages"][0]["versions"]] == [(231, "1.0.0-rc")]
    assert broken["packages"][0]["versions"] is None
    assert broken["packages"][0]["pipelines"] is None
    assert [file["file_name"] for file in broken["packages"][0]["files"]] == ["half"]
    assert [hidden["packages"][0][part] for part in ("versions", "pipelines", "files")] == [None, None, None]
    pages = [r["query"] for r in current.requests() if r["path"].endswith("/packages/250/pipelines")]
    assert len(pages) == 3
    assert pages[0] == "per_page=20"
    assert all("cursor=" in page for page in pages[1:])


def test_fewer_facts_for_the_console(current: Sandbox, playbook: t.Any) -> None:
    current.forget()
    few, largest, newest, releases, unknown = playbook(
        current,
        info(name="@acme/ui", fields=["version", "pipeline.ref"]),
        info(order_by="size", sort="desc", limit=2, fields=["name", "size"]),
        info(name="@acme/ui", latest=True, fields=["version"]),
        info(name="@acme/ui", prerelease=False, with_size=True, limit=1),
        info(name="@acme/ui", fields=["version", "vresion"]),
    ).results
    assert few["packages"] == [
        {"version": "1.0.0", "pipeline.ref": None},
        {"version": "1.0.0-rc", "pipeline.ref": None},
    ]
    assert largest["packages"] == [{"name": "stuffed", "size": 129 * 130 // 2}, {"name": "wip", "size": 1}]
    assert newest["packages"] == [{"version": "1.0.0"}]
    assert [(found["version"], found["size"], "files" in found) for found in releases["packages"]] == [
        ("1.0.0", 0, False)
    ]
    assert "no package that was found has a field 'vresion'" in unknown["warnings"]


def test_a_summary_in_place_of_packages(current: Sandbox, playbook: t.Any) -> None:
    of_group, of_one, none, wrong = playbook(
        current,
        {"package_info": {"group": "acme", "name_search": "tool", "summary": True}},
        info(name="stuffed", summary=True, with_size=True),
        info(name="nobody", summary=True, with_size=True),
        info(summary=True, fields=["name"]),
    ).results
    assert "packages" not in of_group
    assert of_group["count"] == sum(of_group["summary"]["by_type"].values()) == 2
    assert of_group["summary"] == {
        "by_type": {"generic": 1, "terraform_module": 1},
        "by_status": {"default": 2},
        "by_project": {"acme/tools": 2},
    }
    assert of_one["summary"]["size"] == 129 * 130 // 2
    assert of_one["summary"]["by_project"] == {"42": 1}
    assert none["summary"] == {"by_type": {}, "by_status": {}, "by_project": {}, "size": 0}
    assert wrong["failed"]


def test_groups(current: Sandbox, playbook: t.Any) -> None:
    in_web, all_of_acme, without, by_path, projects, subgroups = playbook(
        current,
        group(name="bare"),
        {"package_info": {"group": "acme", "package_type": ["terraform_module", "conan"], "status": ["default"]}},
        {"package_info": {"group": "acme", "exclude_subgroups": True, "name_search": "tool deep"}},
        {"package_info": {"group": "7", "name_search": "e", "order_by": "project_path", "limit": 1, "sort": "desc"}},
        {"package_info": {"group": "acme", "exclude_subgroups": True, "name_search": "o", "sort": "desc", "limit": 2}},
        {"package_info": {"group": "acme", "name": "deep"}},
    ).results
    assert ids(in_web) == [221]
    assert in_web["packages"][0]["project_id"] == 42
    assert in_web["packages"][0]["project_path"] == "acme/web/shop"
    assert sorted(ids(all_of_acme)) == [102, 111, 240, 241, 242, 301]
    assert ids(without) == []
    # GitLab sorts by the last segment of the path.
    assert by_path["packages"][0]["project_path"] == "acme/secret/x"
    assert {found["project_path"] for found in projects["packages"]} == {"acme/tools"}
    assert ids(subgroups) == [302]


def test_more_than_10_000_packages_are_complete_and_exact(current: Sandbox, playbook: t.Any) -> None:
    current.forget()
    whole, exact, one, none = playbook(
        current,
        info("acme/big"),
        info("acme/big", name="app-3"),
        info("acme/big", name="app"),
        info("acme/big", name="ap"),
    ).results
    found = ids(whole)
    assert len(found) == len(set(found)) == BIG
    names = Counter(found["name"] for found in whole["packages"])
    assert names == {"app": 1, **{f"app-{n}": len(range(n, BIG - 1, 7)) for n in range(7)}}
    assert len({found["version"] for found in whole["packages"] if found["name"] != "app"}) == BIG - 1
    assert len(ids(exact)) == names["app-3"]
    assert {found["name"] for found in exact["packages"]} == {"app-3"}
    assert ids(one) == [400]
    assert ids(none) == []


def test_what_is_not_there_or_not_for_the_token_fails(current: Sandbox, playbook: t.Any) -> None:
    tasks = {
        "unknown project": info("acme/web/shopp"),
        "unknown project by number": info("999"),
        "unknown group": {"package_info": {"group": "acme/nobody"}},
        "no member": info(api_token="glpat-out"),
        "guest": info(api_token="glpat-gus"),
        "guest, group": group(api_token="glpat-gus"),
        "revoked": info(api_token="glpat-gone"),
        "revoked, by ID": info("42", id=9999, api_token="glpat-gone"),
        "one page fails": info("acme/big", retries=0),
    }
    current.faults([{"path": "45|acme%2Fbig/packages", "skip": 40, "times": -1, "kind": "status", "code": 500}])
    results = dict(zip(tasks, playbook(current, *tasks.values()).results))
    current.faults([])
    assert all(result["failed"] and "packages" not in result for result in results.values())
    kinds = {name: result["error"]["kind"] for name, result in results.items()}
    assert kinds == {
        "unknown project": "ScopeNotFound",
        "unknown project by number": "ScopeNotFound",
        "unknown group": "ScopeNotFound",
        "no member": "ScopeNotFound",
        "guest": "Forbidden",
        "guest, group": "Forbidden",
        "revoked": "Unauthorized",
        "revoked, by ID": "Unauthorized",
        "one page fails": "ServerError",
    }
    assert results["unknown project"]["msg"].endswith(
        "404 Project Not Found: project 'acme/web/shopp' does not exist, or the token may not read it"
    )
    assert "of the list failed, so the whole list does" in results["one page fails"]["msg"]
