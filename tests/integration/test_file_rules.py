# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of `files` from plan to apply: what goes out of packages that stay, what drifts, what is refused."""

from __future__ import annotations

import json
import typing as t
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, run_process
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]

SCHEMAS = {
    name: json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    for name in ("plan", "result")
}
COPIES: Json = {
    "protect": [{"name": "core*"}],
    "rules": [{"name": "old", "match": {"name": "old"}, "keep_latest": 1}],
    "files": [{"name": "copies", "match": {"package_type": "generic"}, "keep_latest_copies": 1}],
}
BUILDS: Json = {
    "rules": [],
    "files": [{"name": "builds", "match": {"package_type": "maven"}, "keep_latest_builds": 1}],
}
NONE = {"deleted": 0, "already_absent": 0, "protected": 0, "not_deletable": 0, "failed": 0, "drifted": 0}


def copies(first_id: int, count: int = 3, file_name: str = "app.zip") -> list[Json]:
    """Files of one name, the oldest first."""
    return [
        {"id": first_id + i, "file_name": file_name, "size": 100, "created_at": f"2026-03-{i + 1:02}T10:00:00.000Z"}
        for i in range(count)
    ]


def project(number: int, *packages: Json, **more: t.Any) -> Json:
    return {"path": f"acme/files/p{number}", "id": number, "packages": list(packages), **more}


def holder(number: int, name: str = "app", count: int = 3, **more: t.Any) -> Json:
    """A package with copies of a file: package 800 has files 8000, 8001, 8002."""
    return package(name, "1.0.0", id=number, files=copies(10 * number, count), **more)


RULE = {"package_name_pattern": "release*", "package_type": "generic", "minimum_access_level_for_delete": "owner"}
PROJECTS = [
    project(
        80,
        holder(800),
        holder(801, "core"),
        *(package("old", f"{i}", id=802 + i, created_at=f"2026-03-0{i + 1}T10:00:00.000Z", files=copies(8020 + 10 * i))
          for i in range(2)),
        package("lib", "1.0.0", "npm", id=804, files=copies(8040)),
    ),
    project(81, *(holder(810 + i, f"app{i}") for i in range(8))),
    project(82, holder(820), holder(821, "lib")),
    project(83, holder(830), holder(831, "release"), protection_rules=[RULE]),
    project(84, holder(840), holder(841, "lib")),
    project(85),
    project(88, holder(880)),
    project(
        87,
        holder(870),
        holder(871, "lib"),
        *(package("old", f"{i}", id=872 + i, created_at=f"2026-03-0{i + 1}T10:00:00.000Z") for i in range(2)),
    ),
    project(86, *(holder(860 + i, f"app{i}", created_at="2026-03-01T10:00:00.000Z") for i in range(3))),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    whole = seed(projects=PROJECTS)
    whole["groups"].append({"path": "acme/files"})
    with Sandbox(whole) as sandbox:
        yield sandbox


def plan(project: int, policy: Json = COPIES, **options: t.Any) -> Json:
    return {"package_retention_info": {"project": str(project), "policy": policy, **options}}


def retain(**options: t.Any) -> Json:
    return {"package_retention": options}


def send(sandbox: Sandbox, method: str, path: str, body: bytes | None = None) -> bytes:
    request = urllib.request.Request(f"{sandbox.api_url}/{path}", body, {"PRIVATE-TOKEN": "glpat-mia"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return t.cast(bytes, answer.read())


def kinds(result: Json) -> dict[int, str]:
    return {entry["id"]: entry["result"] for entry in result["file_results"]}


def told(result: Json) -> dict[int, tuple[str, str | None]]:
    return {entry["id"]: (entry["result"], entry.get("message")) for entry in result["file_results"]}


def sent(sandbox: Sandbox) -> list[int]:
    """The IDs of the files of which a delete was sent."""
    paths = [r["path"] for r in sandbox.requests() if r["method"] == "DELETE" and "/package_files/" in r["path"]]
    return sorted(int(path.rsplit("/", 1)[1]) for path in paths)


def read(sandbox: Sandbox) -> list[int]:
    """The IDs of the packages whose files were listed, once for each list."""
    return sorted(int(r["path"].split("/")[-2]) for r in sandbox.requests() if r["path"].endswith("/package_files"))


def save(made: Json, path: Path) -> str:
    jsonschema.validate(made["plan"], SCHEMAS["plan"])
    path.write_text(json.dumps(made["plan"]), encoding="utf-8")
    return str(path)


# --- a plan, and its apply ----------------------------------------------------------------------------------------


def test_a_plan_and_its_apply(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    shop.forget()
    made, bare = playbook(shop, plan(80), plan(80, {"rules": COPIES["rules"]})).results
    saved = save(made, tmp_path / "plan.json")
    # Neither what goes, nor what is protected, nor what no file rule governs is read; without file rules nothing is.
    assert read(shop) == [800, 803]
    assert "delete_files" not in bare["plan"]
    assert "files" not in bare["plan"]["summary"]
    counts = {"delete": 4, "keep": 2, "bytes": 400}
    files = {"files": 6, **counts, "unreadable": 0, "foreseen_protected": 0, "by_rule": {"copies": counts}}
    assert made["plan"]["summary"]["files"] == files
    assert [entry["id"] for entry in made["plan"]["delete_files"]] == [8000, 8001, 8030, 8031]
    assert made["plan"]["delete_files"][0] == {
        "id": 8000,
        "package_id": 800,
        "project_id": 80,
        "project_path": "acme/files/p80",
        "name": "app",
        "version": "1.0.0",
        "package_type": "generic",
        "file_name": "app.zip",
        "size": 100,
        "created_at": "2026-03-01T10:00:00.000Z",
        "rule": "copies",
        "reason": "no keep of file rule 'copies' holds it: copy 3 of 3, newest first (1 kept)",
    }
    assert made["text"][6:] == [
        "delete 4 of 6 files (400 B) inside packages that stay",
        "",
        "file rule 'copies' deletes 4 files (400 B):",
        "  acme/files/p80  generic  app  1.0.0 (id 800): 2 files (200 B)",
        "    - app.zip (id 8000, 2026-03-01, 100 B): copy 3 of 3, newest first (1 kept)",
        "    - app.zip (id 8001, 2026-03-02, 100 B): copy 2 of 3, newest first (1 kept)",
        "  acme/files/p80  generic  old  1 (id 803): 2 files (200 B)",
        "    - app.zip (id 8030, 2026-03-01, 100 B): copy 3 of 3, newest first (1 kept)",
        "    - app.zip (id 8031, 2026-03-02, 100 B): copy 2 of 3, newest first (1 kept)",
    ]
    task = retain(plan_file=saved)
    refused, check, real, again, anew = playbook(
        shop,
        retain(plan_file=saved, max_file_deletions=3),
        {**task, "check_mode": True},
        task,
        task,
        plan(80),
        args=["--diff"],
    ).results
    assert refused["msg"] == (
        "the plan deletes 4 of 6 files inside packages that stay, and max_file_deletions allows 3: nothing was deleted"
    )
    assert sent(shop) == [8000, 8001, 8030, 8031]
    assert real["file_results"][0] == {
        "id": 8000,
        "package_id": 800,
        "project_id": 80,
        "name": "app",
        "version": "1.0.0",
        "package_type": "generic",
        "file_name": "app.zip",
        "rule": "copies",
        "size": 100,
        "result": "deleted",
    }
    assert real["file_summary"] == {**NONE, "deleted": 4, "bytes": 400}
    assert real["summary"] == {**NONE, "deleted": 1}
    assert real["text"] == [
        "1 package: 1 deleted",
        "  rule 'old': 1 deleted",
        "4 files: 4 deleted (400 B)",
        "  file rule 'copies': 4 deleted (400 B)",
    ]
    for key in ("changed", "results", "summary", "file_results", "file_summary", "text", "diff"):
        assert check[key] == real[key], key
    assert "delete 4 of 6 files" in real["diff"]["prepared"]
    assert (again["changed"], again["failed"], set(kinds(again).values())) == (False, False, {"already_absent"})
    assert anew["plan"]["delete_files"] == []
    for result in (check, real, again):
        jsonschema.validate(result, SCHEMAS["result"])


def publish_builds(sandbox: Sandbox, artifact: str, builds: t.Sequence[tuple[int, t.Sequence[str]]]) -> str:
    """Builds of a snapshot, as a client publishes them: the files, then the metadata that names the newest of each."""
    folder = f"com/acme/{artifact}/1.0-SNAPSHOT"
    newest: dict[str, str] = {}
    for number, kinds_ in builds:
        value = f"1.0-202601{number:02}.120000-{number}"
        for kind in kinds_:
            body = f"{artifact} {value} {kind}".encode()
            send(sandbox, "PUT", f"projects/85/packages/maven/{folder}/{artifact}-{value}{kind}", body)
            newest[kind] = value
        versions = ""
        for kind, newest_value in newest.items():
            classifier, _, extension = kind.lstrip("-").partition(".")
            versions += (
                f"<snapshotVersion><classifier>{classifier}</classifier><extension>{extension}</extension>"
                f"<value>{newest_value}</value></snapshotVersion>"
            )
        metadata = f"<metadata><versioning><snapshotVersions>{versions}</snapshotVersions></versioning></metadata>"
        send(sandbox, "PUT", f"projects/85/packages/maven/{folder}/maven-metadata.xml", metadata.encode())
    return folder


def test_the_newest_builds_of_a_snapshot_still_resolve(shop: Sandbox, playbook: t.Any) -> None:
    # The sources were published by older builds only: the metadata still names them.
    whole = [".jar", ".pom", "-sources.jar"]
    app = publish_builds(shop, "app", [(1, whole), (2, whole), (9, [".jar", ".pom"]), (10, [".jar", ".pom"])])
    lib = publish_builds(shop, "lib", [(1, [".jar", ".pom"]), (2, [".jar", ".pom", "-tests.jar"])])
    task = retain(project="85", policy=BUILDS)
    check, real, again = playbook(shop, {**task, "check_mode": True}, task, task).results
    assert check["file_results"] == real["file_results"]
    assert sorted(entry["file_name"] for entry in real["file_results"]) == sorted(
        [
            *(f"app-1.0-20260101.120000-1{kind}" for kind in whole),
            *(f"app-1.0-20260102.120000-2{kind}" for kind in (".jar", ".pom")),
            *(f"app-1.0-20260109.120000-9{kind}" for kind in (".jar", ".pom")),
            *(f"lib-1.0-20260101.120000-1{kind}" for kind in (".jar", ".pom")),
        ]
    )
    assert real["file_summary"]["deleted"] == 9
    assert (again["changed"], again["file_results"]) == (False, [])
    for folder, count in ((app, 3), (lib, 3)):
        artifact = folder.split("/")[2]
        place = f"projects/85/packages/maven/{folder}"
        versions = ET.fromstring(send(shop, "GET", f"{place}/maven-metadata.xml")).findall(".//snapshotVersion")
        assert len(versions) == count
        for version in versions:
            classifier = version.findtext("classifier")
            kind = (f"-{classifier}" if classifier else "") + f".{version.findtext('extension')}"
            value = version.findtext("value")
            assert send(shop, "GET", f"{place}/{artifact}-{value}{kind}") == f"{artifact} {value} {kind}".encode()


def test_no_file_is_read_twice(shop: Sandbox, playbook: t.Any) -> None:
    """What `keep_within` has read serves the file rules and the sizes."""
    policy = {**COPIES, "keep_at_least": 0, "rules": [{"name": "young", "keep_within": "1h"}]}
    policy["rules"][0]["match"] = {"exclude": {"name": "app2"}}
    send(shop, "PUT", "projects/86/packages/generic/app0/1.0.0/app.zip", b"new")
    shop.forget()
    (made,) = playbook(shop, plan(86, policy, with_sizes=True)).results
    assert [entry["id"] for entry in made["plan"]["delete"]] == [861]
    assert made["plan"]["delete"][0]["size"] == 300
    assert {entry["package_id"] for entry in made["plan"]["delete_files"]} == {860, 862}
    assert read(shop) == [860, 861, 862]


def test_the_report_counts_files_that_would_go(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    options = {"projects": ["88"], "policy": COPIES, "with_sizes": True, "dest": str(tmp_path / "out")}
    shop.forget()
    (made,) = playbook(shop, {"package_report": options}).results
    files = made["report"]["plan"]["files"]
    assert (files["files"], files["delete"], files["bytes"], files["unreadable"]) == (3, 2, 200, 0)
    assert [row["file_name"] for row in files["deletions"]["rows"]] == ["app.zip", "app.zip"]
    assert made["text"][-1] == "  inside packages that stay it deletes 2 of 3 files (200 B)"
    assert "Files to be deleted" in (tmp_path / "out/report.html").read_text()
    # What the report has read for its sizes is not read again.
    assert read(shop) == [880]


# --- what changed since the plan ----------------------------------------------------------------------------------


def test_drift_of_each_kind(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (made,) = playbook(shop, plan(81)).results
    saved = save(made, tmp_path / "plan.json")
    send(shop, "DELETE", "projects/81/packages/810")  # the package is gone
    send(shop, "DELETE", "projects/81/packages/811/package_files/8110")  # a file is gone
    send(shop, "DELETE", "projects/81/packages/812/package_files/8122")  # the newest is gone: the rule keeps another
    send(shop, "PUT", "projects/81/packages/generic/app3/1.0.0/app.zip", b"new")  # a newer copy
    shop.change_package(814, status="hidden")
    shop.change_package(815, tags=["x"])  # no file rule reads tags
    shop.faults([{"method": "GET", "path": "/816/package_files$", "times": -1, "kind": "status", "code": 403}])
    shop.forget()
    listed = tmp_path / "keep.yml"
    listed.write_text("- {name: app7, reason: LTS}\n")
    options = {"plan_file": saved, "keep_lists": [str(listed)]}
    failing, check, real = playbook(
        shop,
        retain(**options),
        {**retain(**options, on_drift="skip"), "check_mode": True},
        retain(**options, on_drift="skip"),
    ).results
    shop.faults([])
    assert failing["msg"].startswith("2 of 8 packages changed since the plan was made: generic app4 1.0.0 (id 814): ")
    (unread,) = {told(real)[8160], told(real)[8161]}
    assert unread[0] == "failed"
    kept = ("drifted", "file rule 'copies' keeps app.zip now")
    hidden = ("drifted", "its status is hidden now: GitLab's API cannot delete its files")
    used = ("drifted", "its files are kept now: listed: keep.yml (LTS)")
    assert told(real) == {
        8100: ("already_absent", None),
        8101: ("already_absent", None),
        8110: ("already_absent", None),
        8111: ("deleted", None),
        8120: kept,
        8121: kept,
        8130: ("deleted", None),
        8131: ("deleted", None),
        8140: hidden,
        8141: hidden,
        8150: ("deleted", None),
        8151: ("deleted", None),
        8160: unread,
        8161: unread,
        8170: used,
        8171: used,
    }
    assert told(check) == told(real)
    assert sent(shop) == [8111, 8130, 8131, 8150, 8151]
    # The newer copy is heard: it stays, and so did not count as drift.
    left = json.loads(send(shop, "GET", "projects/81/packages/813/package_files"))
    assert [file["id"] for file in left if file["id"] in (8130, 8131, 8132)] == [8132]
    assert len(left) == 2


def test_files_that_cannot_be_read_stay(shop: Sandbox, playbook: t.Any) -> None:
    shop.faults([{"method": "GET", "path": "/820/package_files$", "times": -1, "kind": "status", "code": 403}])
    (made,) = playbook(shop, plan(82)).results
    shop.faults([])
    jsonschema.validate(made["plan"], SCHEMAS["plan"])
    assert [entry["id"] for entry in made["plan"]["delete_files"]] == [8210, 8211]
    assert made["plan"]["summary"]["files"]["unreadable"] == 1
    (warning,) = [text for text in made["warnings"] if "files" in text]
    assert warning.startswith("no file goes, as the files cannot be read, of 1 package generic app 1.0.0 (id 820): ")


def test_what_is_protected_fails_unless_it_is_tolerated(shop: Sandbox, playbook: t.Any) -> None:
    real, tolerated = playbook(
        shop,
        retain(project="83", policy=COPIES),
        retain(project="83", policy=COPIES, tolerate=["protected"]),
    ).results
    assert kinds(real) == {8300: "deleted", 8301: "deleted", 8310: "protected", 8311: "protected"}
    assert (real["failed"], tolerated["failed"], tolerated["changed"]) == (True, False, False)
    both = " and ".join(f"generic release 1.0.0 app.zip (id {number})" for number in (8310, 8311))
    assert real["msg"].startswith(f"2 of 4 could not be deleted: {both}: protected: ")


def test_batches_go_on_through_the_files(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    (made,) = playbook(shop, plan(84)).results
    saved = save(made, tmp_path / "plan.json")
    shop.forget()
    beyond, first, second = playbook(
        shop, retain(plan_file=saved, batch="3-5"), *(retain(plan_file=saved, batch=part) for part in ("1-3", "4-4"))
    ).results
    assert beyond["msg"] == "batch '3-5' is no part of the plan: write first-last, from 1 to 4"
    assert kinds(first) == {8400: "deleted", 8401: "deleted", 8410: "deleted"}
    # The rest of a package of which a batch before took some.
    assert kinds(second) == {8411: "deleted"}
    assert "delete_files" not in second["plan"]
    # Of each package one look before the first delete, and one list as the proof.
    assert read(shop) == [840, 840, 841, 841, 841, 841]


# --- the role -----------------------------------------------------------------------------------------------------


def test_the_role_shows_guards_and_records_files(shop: Sandbox, tmp_path: Path) -> None:
    def run(**variables: t.Any) -> tuple[int, str]:
        given = {"project": "87", "policy": COPIES, "batch_size": 2, **variables}
        extra = json.dumps({f"package_cleanup_{key}": value for key, value in given.items()})
        env = {"GITLAB_API_URL": shop.api_url, "GITLAB_TOKEN": "glpat-mia"}
        done = run_process(["ansible-playbook", "registryops.gitlab.cleanup", "-e", extra], tmp_path, **env)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    folder = tmp_path / "package-cleanup"
    status, said = run(max_file_deletions=3)
    assert status == 2
    assert "delete 4 of 6 files (400 B) inside packages that stay" in said
    assert "file rule 'copies': deletes 4 files (400 B)" in said
    assert (
        "the plan deletes 4 of 6 files inside packages that stay, and package_cleanup_max_file_deletions allows 3"
        in said
    )
    assert "- app.zip (id 8700, 2026-03-01, 100 B): copy 3 of 3" in (folder / "plan.txt").read_text()
    shop.forget()
    status, said = run()
    assert status == 0, said
    assert sent(shop) == [8700, 8701, 8710, 8711]
    assert "4 files inside packages that stay: 4 deleted (400 Bytes)" in said
    assert 'file rule \\"copies\\": 4 deleted (400 Bytes)' in said
    result = json.loads((folder / "result.json").read_text())
    assert result["file_summary"] == {**NONE, "deleted": 4, "bytes": 400}
    assert result["summary"] == {**NONE, "deleted": 1}
    assert [entry["id"] for entry in result["file_results"]] == [8700, 8701, 8710, 8711]
    (record,) = (folder / "deletes").iterdir()
    assert json.loads(record.read_text())["file_results"] == result["file_results"]
    page = (folder / "result.md").read_text()
    assert "| deleted | 1 | 4 |" in page
    assert '| `"copies"` | 4 | 400 Bytes |' in page
