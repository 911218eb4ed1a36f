# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the collection on a real GitLab: facts and deletes of packages that it publishes itself, and removes again;
protection rules, cleanup policy and settings, which are brought back to what they were.

It needs nothing but GitLab's own API and a scratch project. It reads from the environment:

GITLAB_API_URL  the server, with or without /api/v4
GITLAB_TOKEN    an access token with the scope api, of a maintainer or owner of the project
PROJECT         the project, by its full path or its numeric ID
GROUP           a scratch group of which the token's user is an owner, if package settings are to be tried too
FORCE=1         take a project that is not empty; other packages than its own are left alone

The project must not forbid to publish a generic file twice, which is GitLab's default.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.parse
from pathlib import Path

import requests
import urllib3

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from contract import Recording, checks
from governance import GRAPHQL, Before, before, bring_back

ROOT = HERE.parents[1]
#: What is published: name after the prefix, version, and the files with their contents, oldest first.
PACKAGES: tuple[tuple[str, str, tuple[tuple[str, bytes], ...]], ...] = (
    ("app", "1.0.0", (("app.bin", b"one"),)),
    ("app", "1.1.0", (("app.bin", b"one and one"),)),
    ("app", "1.10.0", (("app.bin", b"one and ten"),)),
    ("app-extra", "1.0.0", (("app.bin", b"a neighbour"),)),
    ("apple", "1.0.0", (("app.bin", b"another neighbour"),)),
    ("all", "1.0.0", (("all.bin", b"1"),)),
    ("all", "2.0.0", (("all.bin", b"2"),)),
    ("all", "3.0.0", (("all.bin", b"3"),)),
    ("list", "1.0.0", (("list.bin", b"1"),)),
    ("list", "2.0.0", (("list.bin", b"2"),)),
    ("list", "3.0.0", (("list.bin", b"3"),)),
    ("files", "1.0.0", (("data.bin", b"first"), ("data.bin", b"second"), ("data.bin", b"third"), ("notes.txt", b"n"))),
)
#: What the deletes leave.
LEFT = {("app", "1.0.0"), ("app", "1.10.0"), ("app-extra", "1.0.0"), ("apple", "1.0.0"), ("list", "3.0.0")}
LEFT |= {("files", "1.0.0")}
LEFT_FILES = [("data.bin", b"third")]
#: For one `ansible-playbook`, in seconds.
PLAYBOOK_TIMEOUT = 900

Json = t.Any


class Stop(Exception):
    """The run cannot begin or go on; the message is for the user."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Project:
    """The scratch project, spoken to without the collection: what that does is to be proved."""

    def __init__(self, api_url: str, token: str, project: str) -> None:
        base = api_url.rstrip("/")
        base = base.removesuffix("/api").removesuffix("/api/v4")
        self.api_url = f"{base}/api/v4"
        self._token = token
        self._session = requests.Session()
        self._session.auth = self._authenticate  # set even for a .netrc's sake, which would be sent otherwise
        retry = urllib3.Retry(5, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504), allowed_methods=None)
        retry.raise_on_status = False
        adapter = requests.adapters.HTTPAdapter(max_retries=retry)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        found = self._call("GET", f"/projects/{urllib.parse.quote(project, safe='')}").json()
        self.id = int(found["id"])
        self.path = str(found["path_with_namespace"])
        self.recording = Recording(self.api_url, self.path)

    def _authenticate(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["PRIVATE-TOKEN"] = self._token
        return request

    def _call(self, method: str, path: str, fine: tuple[int, ...] = (200, 201, 204), **more: t.Any) -> t.Any:
        # A redirect is not followed: the token would go along.
        url = self.api_url.removesuffix("/v4") + "/graphql" if path == GRAPHQL else self.api_url + path
        try:
            answer = self._session.request(method, url, timeout=60, allow_redirects=False, **more)
        except requests.RequestException as error:
            raise Stop(f"{method} {path}: {type(error).__name__}: is GITLAB_API_URL right?") from None
        if answer.status_code not in fine:
            said = " ".join(answer.text.split())[:200]
            raise Stop(f"{method} {urllib.parse.unquote(path)}: {answer.status_code} {said}")
        return answer

    def _list(self, path: str, **params: str) -> list[Json]:
        found: list[Json] = []
        page = "1"
        while page:
            answer = self._call("GET", path, params={**params, "per_page": "100", "page": page})
            found += answer.json()
            page = answer.headers.get("X-Next-Page", "")
        return found

    def packages(self, **params: str) -> list[Json]:
        """The displayable packages, all types and those without a version too."""
        path = f"/projects/{self.id}/packages"
        queries: tuple[dict[str, str], ...] = ({}, {"package_type": "terraform_module"})
        return [p for q in queries for p in self._list(path, include_versionless="true", **q, **params)]

    def is_empty(self) -> bool:
        """Whether there is no package in any status that GitLab lists."""
        statuses: tuple[dict[str, str], ...] = ({}, {"status": "hidden"}, {"status": "processing"})
        return not any(self.packages(**status) for status in statuses)

    def files(self, package_id: int) -> list[Json]:
        return self._list(f"/projects/{self.id}/packages/{package_id}/package_files")

    def recorded(self, method: str, path: str, **more: t.Any) -> t.Any:
        """Any answer below 500, which is recorded too."""
        answer = self._call(method, path, fine=tuple(range(200, 500)), **more)
        query = f"?{urllib.parse.urlencode(more['params'])}" if more.get("params") else ""
        self.recording.take(method, path + query, answer)
        return answer

    def ask(self, method: str, path: str, **more: t.Any) -> t.Any:
        """Any answer below 500, of what is not to be recorded; `GRAPHQL` is the other API."""
        return self._call(method, path, fine=tuple(range(200, 500)), **more)

    def publish(self, name: str, version: str, file_name: str, content: bytes) -> None:
        self._call("PUT", f"/projects/{self.id}/packages/generic/{name}/{version}/{file_name}", data=content)

    def delete(self, package_id: int) -> None:
        self._call("DELETE", f"/projects/{self.id}/packages/{package_id}", fine=(204, 404))


class Run:
    """One run: its prefix, its project, and how each scenario went."""

    def __init__(self, project: Project, collections: Path) -> None:
        self.project = project
        self.collections = collections
        self.prefix = f"livetest-{secrets.token_hex(5)}"
        self.group = ""
        self.before: Before | None = None
        self.passed = 0
        self.failed = 0

    def mine(self) -> list[Json]:
        """What there is of this run's packages."""
        listed = self.project.packages(package_name=self.prefix)
        return [package for package in listed if package["name"].startswith(f"{self.prefix}-")]

    def publish(self) -> dict[tuple[str, str], int]:
        """Publish all, and return the IDs."""
        for number, (name, version, files) in enumerate(PACKAGES):
            for file_name, content in files:
                self.project.publish(f"{self.prefix}-{name}", version, file_name, content)
            if number == 0 and not self.mine()[0]["_links"].get("delete_api_path"):
                raise Stop(f"the token may publish to {self.project.path}, but not delete: that needs a maintainer")
        ids = {(p["name"].removeprefix(f"{self.prefix}-"), p["version"]): p["id"] for p in self.mine()}
        if set(ids) != {(name, version) for name, version, _files in PACKAGES}:
            raise Stop(f"published {len(PACKAGES)} packages, but GitLab lists {sorted(ids)}")
        return ids

    def clean_up(self) -> None:
        """Delete what is there of this run, and look whether it is gone."""
        mine = self.mine()
        for package in mine:
            self.project.delete(package["id"])
        left = self.mine()
        if left:
            raise Stop(f"{len(left)} packages named {self.prefix}-* are still in {self.project.path}: delete them")
        if self.before is not None:
            changed = bring_back(self.project, self.group, self.before, self.prefix)
            if changed:
                raise Stop("; ".join(changed))
        say(f"  cleaned up: {len(mine)} packages were left to remove, none is left now")

    def scenario(self, name: str, problems: t.Iterable[str | None]) -> None:
        """Count and print one scenario: it passes if there is no problem."""
        try:
            found = [problem for problem in problems if problem]
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            found = [f"the results lack something: {type(error).__name__} {error}"]
        if found:
            self.failed += 1
            say(f"  FAIL  {name}: {found[0]}")
        else:
            self.passed += 1
            say(f"  pass  {name}")

    def playbook(self, name: str, folder: Path, **more: t.Any) -> Json:
        """Run a playbook of this folder, and return the results that it leaves."""
        results = folder / f"{name}.json"
        config = folder / "ansible.cfg"
        config.write_text("[connection]\npipelining = true\n")
        # Only what is set here reaches Ansible, and what it calls: neither the user's settings nor make's.
        # PYTHONPATH too: Ansible would find a collection there before the one that is to be checked.
        foreign = ("ANSIBLE_", "CI_", "MAKE", "MFLAGS", "PYTHONPATH")
        env = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        env |= {
            "ANSIBLE_CONFIG": str(config),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_INVENTORY": str(folder / "no-inventory"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
        }
        given = {"project": str(self.project.id), "project_path": self.project.path}
        given |= {"prefix": self.prefix, "results_file": str(results), **more}
        command = [Path(sys.executable).with_name("ansible-playbook"), HERE / f"{name}.yml", "-e", json.dumps(given)]
        with subprocess.Popen(
            command, cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            try:
                output, _ = process.communicate(timeout=PLAYBOOK_TIMEOUT)
            except subprocess.TimeoutExpired:
                raise Stop(f"{name}.yml did not end within {PLAYBOOK_TIMEOUT} seconds") from None
            finally:
                process.terminate()
        if process.returncode or not results.exists():
            raise Stop(f"{name}.yml ended with status {process.returncode}:\n{output[-3000:]}")
        return json.loads(results.read_text())


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def equal(what: str, found: Json, expected: Json) -> str | None:
    """A problem, if the two differ."""
    return None if found == expected else f"{what}: expected {expected!r}, found {found!r}"


def names(result: Json) -> list[tuple[str, str]]:
    if result.get("failed"):
        raise KeyError(result.get("msg"))
    return sorted((package["name"], package["version"]) for package in result["packages"])


def check_facts(run: Run, facts: Json, ids: dict[tuple[str, str], int]) -> None:
    prefix = run.prefix
    app = [(f"{prefix}-app", version) for version in ("1.0.0", "1.1.0", "1.10.0")]
    neighbours = [(f"{prefix}-app-extra", "1.0.0"), (f"{prefix}-apple", "1.0.0")]

    def exact() -> t.Iterator[str | None]:
        yield equal("GitLab's search", names(facts["search"]), sorted(app + neighbours))
        yield equal("the exact name", names(facts["exact"]), app)
        yield equal("count", facts["exact"]["count"], 3)

    def version() -> t.Iterator[str | None]:
        yield equal("IDs", [p["id"] for p in facts["version"]["packages"]], [ids["app", "1.1.0"]])

    def newest() -> t.Iterator[str | None]:
        packages = facts["newest"]["packages"]
        yield equal("versions", [p["version"] for p in packages], ["1.10.0", "1.1.0"])
        yield equal("files", [[f["size"] for f in p["files"]] for p in packages], [[11], [11]])

    def absent() -> t.Iterator[str | None]:
        yield equal("packages", names(facts["absent"]), [])

    def no_project() -> t.Iterator[str | None]:
        yield equal("kind of the error", facts["no_project"].get("error", {}).get("kind"), "ScopeNotFound")

    def files() -> t.Iterator[str | None]:
        published = PACKAGES[-1][2]
        found = facts["files"]["files"]
        yield equal("names", [f["file_name"] for f in found], [file_name for file_name, _content in published])
        yield equal("sizes", [f["size"] for f in found], [len(content) for _name, content in published])
        yield equal("SHA-256", [f["file_sha256"] for f in found], [sha256(content) for _name, content in published])
        yield equal("total size", facts["files"]["total_size"], sum(len(content) for _name, content in published))

    def duplicates() -> t.Iterator[str | None]:
        expected = [sha256(content) for content in (b"third", b"second", b"first")]
        yield equal("newest first", [f["file_sha256"] for f in facts["bin_files"]["files"]], expected)

    def latest() -> t.Iterator[str | None]:
        yield equal("version", facts["latest"], ["1.10.0"])

    run.scenario("facts: an exact name among its fuzzy neighbours", exact())
    run.scenario("facts: one version", version())
    run.scenario("facts: the newest two, with their files", newest())
    run.scenario("facts: a package that is not there is an empty list", absent())
    run.scenario("facts: a project that is not there is a failure", no_project())
    run.scenario("facts: files with sizes and checksums", files())
    run.scenario("facts: several files of one name", duplicates())
    run.scenario("facts: the newest version by the lookup", latest())


def three_runs(runs: list[Json], deleted: int, absent_at_first: int = 0) -> t.Iterator[str | None]:
    """Check mode says what the real run does, and the second run changes nothing."""
    check, real, again = runs
    for name, result in (("check mode", check), ("the real run", real), ("the second run", again)):
        if result.get("failed"):
            yield f"{name} failed: {result.get('msg')}"
    yield equal("deleted by the real run", real["summary"]["deleted"], deleted)
    yield equal("changed by the real run", real["changed"], deleted > 0)
    yield equal("what check mode said", check["results"], real["results"])
    yield equal("changed in check mode", check["changed"], real["changed"])
    yield equal("absent in the real run", real["summary"]["already_absent"], absent_at_first)
    yield equal("deleted by the second run", again["summary"]["deleted"], 0)
    yield equal("changed by the second run", again["changed"], False)


def three_refusals(runs: list[Json], kind: str) -> t.Iterator[str | None]:
    """Every run fails, for the same reason, and changes nothing."""
    for result in runs:
        yield equal("failed", result.get("failed"), True)
        yield equal("changed", result.get("changed"), False)
        yield equal("kind of the error", result.get("error", {}).get("kind"), kind)


def check_deletes(run: Run, deletes: Json) -> None:
    def modified() -> t.Iterator[str | None]:
        for result in deletes["modified"]:
            yield equal("changed", result["changed"], False)
            yield equal("results", [r["result"] for r in result["results"]], ["failed"])

    def left() -> t.Iterator[str | None]:
        packages = {(p["name"].removeprefix(f"{run.prefix}-"), p["version"]): p["id"] for p in run.mine()}
        yield equal("packages", sorted(packages), sorted(LEFT))
        files = run.project.files(packages["files", "1.0.0"])
        expected = [(file_name, sha256(content)) for file_name, content in LEFT_FILES]
        yield equal("files", [(f["file_name"], f["file_sha256"]) for f in files], expected)

    run.scenario("delete: one version", three_runs(deletes["one_version"], 1))
    run.scenario("delete: all versions", three_runs(deletes["all_versions"], 3))
    run.scenario("delete: a list, one of it absent", three_runs(deletes["list"], 2, absent_at_first=1))
    run.scenario("delete: a package that is not there", three_runs(deletes["absent"], 0, absent_at_first=1))
    run.scenario("delete: a project that is not there", three_refusals(deletes["no_project"], "ScopeNotFound"))
    run.scenario("delete: changed since the given time", modified())
    run.scenario("delete: a file name of several files", three_refusals(deletes["several_files"], "InvalidInput"))
    run.scenario("delete: duplicates of a file, the latest kept", three_runs(deletes["keep_latest"], 2))
    run.scenario("delete: one file", three_runs(deletes["one_file"], 1))
    run.scenario("delete: everything else is still there", left())


def check_governance(run: Run, folder: Path) -> None:
    """Rules, policy and settings, if this server shows them."""
    run.before = before(run.project, run.group)
    if run.before.why_not:
        say(f"  left out: {run.before.why_not}")
        return
    done = run.playbook("governance", folder, **run.before.given(run.group))

    def brought_about(runs: list[Json], kind: str) -> t.Iterator[str | None]:
        for name, result, expected in zip(("check mode", "the real run", "again"), runs, (kind, kind, "unchanged")):
            if result.get("failed"):
                yield f"{name} failed: {result.get('msg')}"
            yield equal(name, [one["result"] for one in result["results"]], [expected])
            yield equal(f"changed, {name}", result["changed"], expected != "unchanged")

    def document() -> t.Iterator[str | None]:
        yield equal("failed", done["document"].get("failed"), False)
        yield equal("things", done["document"]["text"], ["2 things declared: nothing to change"])

    run.scenario("govern: a protection rule", brought_about(done["rule"], "created"))
    run.scenario("govern: the cleanup policy", brought_about(done["policy"], "updated"))
    if run.group:
        run.scenario("govern: a setting of the group", brought_about(done["settings"], "updated"))
    run.scenario("govern: a document that says the same", document())


def check_contract(run: Run) -> None:
    """What the collection relies on beyond what the playbooks show, each with its line of the contract."""
    for line, check in checks(run.project.recorded, run.project.id, f"{run.prefix}-contract"):
        run.scenario(f"contract, section {line}", check())


def connect(environ: t.Mapping[str, str]) -> Project:
    """The project that the environment names, if it may be used."""
    missing = [name for name in ("GITLAB_API_URL", "GITLAB_TOKEN", "PROJECT") if not environ.get(name, "").strip()]
    if missing:
        raise Stop(f"set {', '.join(missing)}: make livetest GITLAB_API_URL=… GITLAB_TOKEN=… PROJECT=…")
    url = environ["GITLAB_API_URL"].strip()
    if not url.startswith(("http://", "https://")):
        raise Stop(f"GITLAB_API_URL {url!r} must begin with https://")
    project = Project(url, environ["GITLAB_TOKEN"].strip(), environ["PROJECT"].strip())
    if environ.get("FORCE") != "1" and not project.is_empty():
        raise Stop(f"{project.path} is not empty: name a scratch project, or set FORCE=1; what it holds is left alone")
    return project


def run_all(run: Run) -> None:
    with tempfile.TemporaryDirectory(prefix="livetest-") as folder:
        ids = run.publish()
        say(f"  published {len(ids)} packages")
        check_facts(run, run.playbook("facts", Path(folder)), ids)
        check_deletes(run, run.playbook("deletes", Path(folder)))
        check_contract(run)
        # Last: a group without duplicates would refuse what was published before.
        check_governance(run, Path(folder))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--collections", type=Path, default=ROOT / "build/installed", help="where the collection is")
    parser.add_argument(
        "--record", type=Path, default=ROOT / "build/livetest.jsonl", help="where the answers are written"
    )
    arguments = parser.parse_args()
    collections = arguments.collections.resolve()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    try:
        run = Run(connect(os.environ), collections)
        run.group = os.environ.get("GROUP", "").strip()
    except (Stop, KeyboardInterrupt) as stop:
        say(f"livetest: {stop or 'interrupted'}")
        return 2
    say(f"livetest: {run.project.api_url}, project {run.project.path}, packages named {run.prefix}-*")
    ended = False
    try:
        run_all(run)
        ended = True
    except Stop as stop:
        say(f"  STOP  {stop}")
    except KeyboardInterrupt:
        say("  STOP  interrupted")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        try:
            run.clean_up()
        except Stop as stop:
            say(f"  STOP  clean-up: {stop}")
            ended = False
    arguments.record.parent.mkdir(parents=True, exist_ok=True)
    arguments.record.write_text("".join(f"{json.dumps(line)}\n" for line in run.project.recording.lines))
    say(f"  recorded {len(run.project.recording.lines)} answers in {arguments.record}: no token, host, person in it")
    say(f"{run.passed} passed, {run.failed} failed{'' if ended else ', not ended'}, {time.monotonic() - began:.0f} s")
    return 0 if ended and not run.failed else 1


if __name__ == "__main__":
    sys.exit(main())
