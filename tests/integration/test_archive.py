# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is deleted is archived before; archiving without deleting; looking into an archive, and what expires there."""

from __future__ import annotations

import json
import subprocess
import typing as t
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._files.store import open_archive
from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, run_process
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from ansible_collections.registryops.gitlab.tests.unit.module_utils._files.s3 import BUCKET, S3, SECRET
from gitlab_sandbox.testing import Sandbox

Json = dict[str, t.Any]

SCHEMAS = ROOT / "docs/schemas"
RESULT_SCHEMA, ARCHIVE_SCHEMA = (
    json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")) for name in ("result", "archive")
)
#: That of a result, where nothing that it holds of an archive may be undescribed.
STRICT = {"additionalProperties": False, "properties": RESULT_SCHEMA["properties"]["archived"]["properties"]}

NOTES: Json = {"file_name": "notes.txt", "content": "the same in all of them"}


def app(number: int, name: str = "app", **more: t.Any) -> Json:
    """A package with a file of its own, and one that others have too."""
    files = [{"file_name": f"{name}.bin", "size": 3000}, NOTES]
    day = f"2026-03-{number % 100 + 1:02}T10:00:00.000Z"
    return package(name, f"1.0.{number % 100}", id=number, created_at=day, files=files, **more)


PROJECTS: list[Json] = [
    {"path": "acme/once", "id": 50, "packages": [app(5000), app(5001), app(5002)]},
    {"path": "acme/plan", "id": 51, "packages": [app(5100), app(5101), app(5102)]},
    {"path": "acme/kept", "id": 52, "packages": [app(5200), app(5201), app(5202, "golang", kind="golang")]},
    {"path": "acme/only", "id": 53, "packages": [app(5300, "example.com/mod", kind="golang"), app(5301)]},
    {"path": "acme/files", "id": 55, "packages": [app(5500), {**app(5501), "files": [NOTES, NOTES, NOTES, NOTES]}]},
    {"path": "acme/remote", "id": 54, "packages": [app(5400)]},
]


ROLE: list[Json] = [
    *(app(number) for number in (5600, 5601, 5602)),
    *(
        package(
            "example.com/mod",
            f"v1.0.{i}",
            "golang",
            id=5610 + i,
            created_at=f"2026-03-0{i + 1}T10:00:00.000Z",
            files=[NOTES, NOTES],
        )
        for i in range(2)
    ),
]
PROJECTS.append({"path": "acme/role", "id": 56, "packages": ROLE})


@pytest.fixture(scope="module")
def shop() -> Iterator[Sandbox]:
    with Sandbox(seed(projects=PROJECTS)) as sandbox:
        yield sandbox


@pytest.fixture
def play_role(tmp_path: Path) -> t.Callable[..., subprocess.CompletedProcess[str]]:
    """Run the clean-up with the role's variables: ``play_role(sandbox, project="acme/web/shop")``."""

    def play(sandbox: Sandbox, **variables: t.Any) -> subprocess.CompletedProcess[str]:
        given = json.dumps({f"package_cleanup_{key}": value for key, value in variables.items()})
        command = ["ansible-playbook", "registryops.gitlab.cleanup", "-e", given]
        return run_process(command, tmp_path, GITLAB_API_URL=sandbox.api_url, GITLAB_TOKEN="glpat-mia")

    return play


def downloads(sandbox: Sandbox) -> int:
    return sum(request["path"].endswith("/download") for request in sandbox.requests())


def held(archive: Path) -> dict[int, Json]:
    """The manifests of an archive by the IDs of their packages; each of their contents is there."""
    found = {}
    opened = open_archive(str(archive))
    for _path, manifest in opened.manifests(kinds=["package", "files"]):
        jsonschema.validate(manifest, ARCHIVE_SCHEMA)
        found[manifest["package"]["id"]] = manifest
        assert all(opened.has_blob(file["sha256"], file["size"]) for file in manifest["files"])
    return found


def test_packages_are_archived_and_then_deleted(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    shop.forget()
    archive = tmp_path / "archive"
    delete = {
        "package": {
            "project": "acme/once",
            "packages": [{"id": 5000}, {"id": 5001}, {"id": 5999}],
            "state": "absent",
            "archive": str(archive),
        }
    }
    check, real, again = playbook(shop, {**delete, "check_mode": True}, delete, delete).results
    assert downloads(shop) == 3  # each content once
    assert [result["result"] for result in real["results"]] == ["deleted", "deleted", "already_absent"]
    assert [result["result"] for result in check["results"]] == ["deleted", "deleted", "already_absent"]
    assert again["changed"] is False
    assert sorted(held(archive)) == [5000, 5001]
    size = 3000 + len(NOTES["content"])
    told = real["results"][0]["archived"]
    assert told["manifest"] == "packages/acme/once/generic/app/1.0.0/5000.json"
    assert (archive / told["manifest"]).is_file()
    assert (told["files"], told["size"]) == (2, size)
    # Nobody knows before it is fetched that two packages hold the same.
    assert check["archived"] == {"packages": 2, "files": 4, "size": 2 * size, "fetched": 2 * size, "archive_only": 0}
    assert real["archived"] == {**check["archived"], "fetched": 2 * size - len(NOTES["content"])}
    manifest = held(archive)[5001]
    assert manifest["why"] == {"rule": None, "reason": None, "plan_digest": None, "run": None}
    assert manifest["project"] == {"id": 50, "path": "acme/once"}
    assert "versions" not in manifest["package"]
    for path in archive.rglob("*.json"):
        assert "glpat" not in path.read_text(encoding="utf-8")


def test_a_plan_archives_what_it_deletes(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    policy = {"rules": [{"name": "old", "keep_latest": 1}]}
    make = {"package_retention_info": {"project": "acme/plan", "policy": policy}}
    apply = {"package_retention": {"plan": "{{ result_0.plan }}", "archive": str(archive)}}
    url = "https://gitlab.example.com/acme/plan/-/jobs/7"
    done = playbook(shop, make, {**apply, "check_mode": True}, apply, env={"CI_JOB_URL": url})
    made, check, real = done.results
    assert [result["result"] for result in real["results"]] == ["deleted", "deleted"]
    assert [result["result"] for result in check["results"]] == ["deleted", "deleted"]
    assert check["archived"]["packages"] == 2
    for result in (check, real):
        jsonschema.validate(result, RESULT_SCHEMA)
        jsonschema.validate(result["archived"], STRICT)
        assert all(entry["archived"]["files"] == 2 for entry in result["results"])
    assert {manifest["why"]["plan_digest"] for manifest in held(archive).values()} == {made["plan"]["digest"]}
    assert held(archive)[5100]["why"] == {
        "rule": "old",
        "reason": made["plan"]["delete"][0]["reason"],
        "plan_digest": made["plan"]["digest"],
        "run": url,
    }


def test_files_are_archived_out_of_a_package_that_stays(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    delete = {
        "package_file": {
            "project": "acme/files",
            "files": [{"package_id": 5500, "file_name": "app.bin"}, {"package_id": 5500, "file_name": "gone.bin"}],
            "state": "absent",
            "archive": str(archive),
        }
    }
    rules = {
        "rules": [{"name": "all", "match": {"name": "app"}, "keep_latest": 9}],
        "files": [{"name": "copies", "match": {"name": "app", "version": "1.0.1"}, "keep_latest_copies": 1}],
    }
    plan = {"package_retention": {"project": "acme/files", "policy": rules, "archive": str(archive)}}
    done = playbook(shop, {**delete, "check_mode": True}, delete, {**plan, "check_mode": True}, plan)
    check, real, planned, applied = done.results
    for result in (check, real):
        assert [entry["result"] for entry in result["results"]] == ["deleted", "already_absent"]
        assert result["results"][0]["archived"]["size"] == 3000
    for result in (planned, applied):
        jsonschema.validate(result, RESULT_SCHEMA)
        assert [entry["result"] for entry in result["file_results"]] == ["deleted"] * 3
        assert result["archived"] == {
            "packages": 0,
            "files": 3,
            "size": 3 * len(NOTES["content"]),
            "archive_only": 0,
            "fetched": len(NOTES["content"]) * (1 if result is applied else 3),
        }
    manifests = held(archive)
    assert {manifest["kind"] for manifest in manifests.values()} == {"files"}
    assert [file["file"]["file_name"] for file in manifests[5500]["files"]] == ["app.bin"]
    assert len(manifests[5501]["files"]) == 3
    assert manifests[5501]["why"]["rule"] == "copies"
    assert real["results"][0]["archived"]["manifest"].startswith("packages/acme/files/generic/app/1.0.0/5500.files-")


def test_what_cannot_be_archived_stays(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    shop.forget()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "of.something").touch()
    delete = {"project": "acme/kept", "packages": [{"id": 5200}], "state": "absent"}
    refused = [
        {"package": {**delete, "archive": str(tmp_path / "full")}},
        {"package": {**delete, "archive_options": {"key": "x"}}},
        {"package": {**delete, "archive": "gopher://x/y", "archive_options": {"key": "t0ps3cret"}}},
    ]
    done = playbook(shop, *refused)
    for result, words in zip(done.results, ["it is not empty", "archive_options", "it cannot be reached"]):
        assert result["failed"] is True
        assert words in result["msg"]
    assert "t0ps3cret" not in done.output
    shop.faults(
        [{"method": "GET", "path": "/package_files/[0-9]+/download$", "kind": "status", "code": 200, "times": -1}]
    )
    (result,) = playbook(shop, {"package": {**delete, "archive": str(tmp_path / "archive")}}).results
    shop.faults([])
    assert result["results"][0]["result"] == "failed"
    assert "is not what GitLab says that it has" in result["results"][0]["message"]
    assert not [request for request in shop.requests() if request["method"] == "DELETE"]
    assert held(tmp_path / "archive") == {}


def test_what_could_not_be_restored_is_told_before(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    delete = {
        "project": "acme/only",
        "packages": [{"id": 5300}, {"id": 5301}],
        "state": "absent",
        "archive": str(tmp_path / "archive"),
    }
    strict = {"package": {**delete, "archive_only": "fail"}}
    check, real, allowed = playbook(shop, {**strict, "check_mode": True}, strict, {"package": delete}).results
    for result in (check, real):
        assert [entry["result"] for entry in result["results"]] == ["failed", "deleted"]
        assert result["results"][0]["message"].startswith("it could not be restored: ")
        assert result["results"][0]["message"].endswith(" (archive_only is fail)")
    assert [entry["result"] for entry in allowed["results"]] == ["deleted", "already_absent"]
    assert allowed["results"][0]["archive_only"]
    assert allowed["archived"]["archive_only"] == 1
    assert held(tmp_path / "archive")[5300]["restore"]["possible"] is False


def test_archive_without_deleting_and_look_into_it(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    keep = {"package_archive": {"project": "acme/kept", "archive": str(archive)}}
    shop.forget()
    check, first, second = playbook(shop, {**keep, "check_mode": True}, keep, keep, args=["--diff"]).results
    assert downloads(shop) == 4
    assert check["summary"] == first["summary"] == {"archived": 3, "already_archived": 0, "failed": 0}
    assert check["changed"] is first["changed"] is True
    assert first["diff"]["after"].count("\n") == 3
    assert second["changed"] is False
    assert second["summary"] == {"archived": 0, "already_archived": 3, "failed": 0}
    assert second["archived"] == {**first["archived"], "fetched": 0}
    assert shop.state()["packages"]["default"] >= 3
    # A content that is damaged is found, and so is one that is missing.
    manifests = held(archive)
    own = {number: manifests[number]["files"][0]["sha256"] for number in (5200, 5201, 5202)}
    blob = {number: archive / "blobs" / "sha256" / sha[:2] / sha for number, sha in own.items()}
    look = {"package_archive_info": {"archive": str(archive)}}
    # The defaults of the group reach it too, and no GitLab is asked.
    nowhere = {"group/registryops.gitlab.gitlab": {"api_url": "http://127.0.0.1:9", "api_token": "glpat-none"}}
    whole_look = {"package_archive_info": {"archive": str(archive), "verify": True}}
    (whole,) = playbook(None, whole_look, play={"module_defaults": nowhere}).results
    assert whole["damaged"] == []
    assert whole["size"] == 9000 + len(NOTES["content"])
    assert [entry["id"] for entry in whole["packages"]] == [5200, 5201, 5202]
    blob[5200].unlink()
    blob[5201].write_bytes(b"x" * 3000)
    blob[5202].write_bytes(b"x")
    (archive / whole["packages"][2]["manifest"]).with_name("5203.json").write_text("{", encoding="utf-8")
    wanted = {"project": "acme/*", "name": "app", "version": "1.*", "package_type": "generic", "verify": True}
    some, checked, plain = playbook(
        None,
        {"package_archive_info": {**look["package_archive_info"], **wanted}},
        {"package_archive_info": {**look["package_archive_info"], "verify": True}},
        look,
    ).results
    problems = {entry["sha256"]: entry["problem"] for entry in checked["damaged"]}
    assert problems == {own[5200]: "missing", own[5201]: "content", own[5202]: "size", None: "manifest"}
    assert {entry["problem"] for entry in some["damaged"]} == {"missing", "content", "manifest"}
    assert [entry["problem"] for entry in plain["damaged"]] == ["manifest"]
    # What is archived again is whole again where that shows without reading it.
    (archive / checked["damaged"][0]["manifests"][0]).unlink()
    shop.forget()
    (mended,) = playbook(shop, keep).results
    assert mended["summary"] == {"archived": 2, "already_archived": 1, "failed": 0}
    assert downloads(shop) == 2


def test_what_is_damaged_is_fetched_again_before_a_delete(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    at = {"project": "acme/once", "archive": str(archive)}
    (kept,) = playbook(shop, {"package_archive": {**at, "id": 5002}}).results
    assert kept["summary"]["archived"] == 1
    sha = held(archive)[5002]["files"][0]["sha256"]
    blob = archive / "blobs" / "sha256" / sha[:2] / sha
    blob.write_bytes(b"x" * 3000)
    (deleted,) = playbook(shop, {"package": {**at, "id": 5002, "state": "absent"}}).results
    assert deleted["results"][0]["archived"]["fetched"] == 3000
    (checked,) = playbook(None, {"package_archive_info": {"archive": str(archive), "verify": True}}).results
    assert checked["damaged"] == []


def test_what_is_old_expires(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    keep = {"package_archive": {"packages": [{"project_id": 52, "id": 5200}, {"project_id": 52, "id": 5201}]}}
    keep["package_archive"]["archive"] = str(archive)
    assert playbook(shop, keep).results[0]["summary"]["archived"] == 2
    path = archive / "packages/acme/kept/generic/app/1.0.0/5200.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "archived_at": "2026-01-01T00:00:00.000Z"}), encoding="utf-8")
    expire = {"package_archive": {"archive": str(archive), "expire": "180d"}}
    check, real, again, wrong = playbook(
        shop, {**expire, "check_mode": True}, expire, expire, {"package_archive": {"archive": "x", "expire": "soon"}}
    ).results
    assert check["expired"] == real["expired"]
    assert [entry["id"] for entry in real["expired"]["packages"]] == [5200]
    assert (real["expired"]["contents"], real["expired"]["size"]) == (1, 3000)
    assert again["changed"] is False
    assert again["expired"]["count"] == 0
    assert "expire: 'soon' is not a duration" in wrong["msg"]
    assert sorted(held(archive)) == [5201]


def test_an_archive_on_a_real_s3_server(shop: Sandbox, playbook: t.Any, tmp_path: Path) -> None:
    with S3().running() as s3:
        at = {"archive": f"s3://{BUCKET}/gitlab", "archive_options": s3.options}
        delete = {"package": {"project": "acme/remote", "id": 5400, "state": "absent", **at}}
        s3.fault = lambda method, path: 500 if method == "PUT" and "/blobs/" in path else None
        done = playbook(shop, delete)
        assert done.results[0]["results"][0]["result"] == "failed"
        assert "cannot be written: We encountered an internal error." in done.results[0]["msg"]
        s3.fault = lambda _method, _path: None
        more = playbook(shop, delete, {"package_archive_info": {**at, "verify": True}})
        deleted, info = more.results
        assert deleted["results"][0]["result"] == "deleted"
        assert info["damaged"] == []
        assert info["count"] == 1
        assert f"gitlab/{info['packages'][0]['manifest']}" in s3.names()
        assert s3.names("gitlab/incoming") == []
        for said in (done.output, more.output, str(done.results), str(more.results)):
            assert SECRET not in said


def test_the_role_plans_archives_applies_and_what_went_comes_back(
    shop: Sandbox, play_role: t.Any, playbook: t.Any, tmp_path: Path
) -> None:
    """As the role's README has it."""
    policy = {"rules": [{"name": "old", "match": {"name": ["app", "example.com/mod"]}, "keep_latest": 1}]}
    given = {"project": "acme/role", "policy": policy, "archive": "undo", "batch_size": 1, "max_delete_percent": 60}
    refused = play_role(shop, **given)
    assert refused.returncode == 2, refused.stdout
    assert (
        "1 of what is to be deleted can be archived, but not be restored: golang example.com/mod v1.0.0 ("
        in refused.stdout
    )
    assert "set package_cleanup_archive_only to allow" in refused.stdout
    assert not (tmp_path / "undo").exists()
    done = play_role(shop, **given, archive_only="allow")
    assert done.returncode == 0, done.stdout
    assert "(item=1-1 of 3: 1 deleted, 2 files of 3.0 KiB archived, 3.0 KiB fetched)" in done.stdout
    assert "archived in " in done.stdout
    record = json.loads((tmp_path / "package-cleanup" / "result.json").read_text(encoding="utf-8"))
    assert sum(result["archived"]["files"] for result in record["results"]) == 6
    restore = {"package_restore": {"archive": str(tmp_path / "undo"), "plan_digest": record["plan_digest"]}}
    (restored,) = playbook(shop, restore).results
    assert sorted(result["result"] for result in restored["results"]) == ["not_restorable", "restored", "restored"]
