# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any JSON, and odd headers, in place of each endpoint's answer: a clean failure or a right result, and no DELETE that
the lists did not justify."""

from __future__ import annotations

import contextlib
import json
import re
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_files, delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete, find
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.file_targets import find_files
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.results import RESULTS, summarize
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Selection, matches
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selectors import FileSelector, Selector
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.targets import find_targets
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.apply import PLAN_RESULTS, apply_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.live import compare_with_live
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_file import check_plan, places_now
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.plan_shape import PlanError
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.planning import PlanRequest, make_plan
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.policy import validate_policy
from ansible_collections.registryops.gitlab.tests.faults.wire import Reply, Request, WireServer

PROJECT = 42
POLICY = validate_policy({"rules": [{"name": "all", "match": {"name": ["app"]}, "delete_all": True}]})

# --- what the server says ------------------------------------------------------------------------------------

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _object(spoil: bool, **fields: st.SearchStrategy[t.Any]) -> st.SearchStrategy[dict[str, t.Any]]:
    """An object with these fields; if it is to be spoilt, one of them may be anything, or not be there."""
    right = st.fixed_dictionaries(fields)
    if not spoil:
        return right
    spoilt = st.tuples(right, st.sampled_from(sorted(fields)), any_json | st.just(...)).map(
        lambda made: {k: made[2] if k == made[1] else v for k, v in made[0].items() if (k, made[2]) != (made[1], ...)}
    )
    return st.one_of(right, spoilt)


def _id(item: dict[str, t.Any]) -> str:
    return repr(item.get("id"))


_time = st.sampled_from(["2024-01-01T00:00:00.000Z", "2025-06-01T00:00:00.000Z"])


def _package(spoil: bool) -> st.SearchStrategy[dict[str, t.Any]]:
    # One ID has one name, so that a package of another name is never deleted by the way; a spoilt one may have any.
    return st.one_of(_named(spoil, "app", st.integers(1, 3)), _named(spoil, "lib", st.integers(4, 5)))


def _named(spoil: bool, name: str, ids: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, t.Any]]:
    return _object(
        spoil,
        id=ids,
        name=st.just(name),
        version=st.sampled_from(["1", "1", "2"]),
        package_type=st.sampled_from(["generic", "generic", "npm"]),
        status=st.sampled_from(["default", "default", "default", "error", "hidden"]),
        created_at=_time,
        last_downloaded_at=st.none() | _time,
        project_id=st.just(PROJECT),
        project_path=st.just("acme/shop"),
        tags=st.just([]),
        _links=st.just({"delete_api_path": "x"}),
    )


def _file(spoil: bool) -> st.SearchStrategy[dict[str, t.Any]]:
    names = st.sampled_from(["a", "b"])
    numbers = {"id": st.integers(1, 4), "package_id": st.integers(1, 6), "size": st.integers(0, 9)}
    return _object(spoil, file_name=names, created_at=_time, **numbers)


def _scope(spoil: bool) -> st.SearchStrategy[dict[str, t.Any]]:
    return _object(spoil, id=st.just(PROJECT), path_with_namespace=st.just("acme/shop"), full_path=st.just("acme"))


def _pipeline(spoil: bool) -> st.SearchStrategy[dict[str, t.Any]]:
    return _object(spoil, id=st.integers(1, 9), status=st.just("success"))


header = st.sampled_from(
    ["X-Total", "X-Total-Pages", "X-Next-Page", "X-Page", "Link", "Retry-After", "RateLimit-Reset",
     "RateLimit-Remaining", "Date", "Location", "Content-Type", "Content-Encoding", "Set-Cookie"]
)  # fmt: skip
value = st.sampled_from(
    ["", "0", "1", "2", "101", "99999999999", "-1", "1e3", "gzip", "nan", "Thu, 01 Jan 1970 00:00:00 GMT",
     "/api/v4/x", "Mon, 99 Foo 0000", "<http://x/?cursor=a>; rel=\"next\"", "<http://[>; rel=next", "http://elsewhere.invalid/",
     ", ,"]
) | st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=12)  # fmt: skip
headers = st.dictionaries(header, value, max_size=2)
status = st.sampled_from([200] * 12 + [201, 202, 204, 301, 302, 400, 401, 403, 404, 404, 412, 418, 429, 500, 502])
words = st.sampled_from(
    ["404 Project Not Found", "404 Not found", "Package not found", "404 Not Found", "403 Forbidden", "protected", "x"]
)


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    def reply(self) -> Reply:
        """Its bytes."""
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        head = "\r\n".join([f"HTTP/1.1 {self.status} Any", *lines, f"Content-Length: {len(self.body)}", "", ""])
        body = b"" if self.status == 204 else self.body
        return Reply(
            (head if self.status != 204 else head.replace(f"Content-Length: {len(self.body)}\r\n", "")).encode(
                "latin-1"
            )
            + body
        )

    def data(self) -> t.Any:
        """The JSON of a good answer; None if it is none."""
        try:
            return json.loads(self.body) if 200 <= self.status < 300 else None
        except ValueError:
            return None


def _right(body: st.SearchStrategy[t.Any]) -> st.SearchStrategy[Said]:
    return body.map(lambda data: Said(200, json.dumps(data).encode(), {}))


def _any(body: st.SearchStrategy[t.Any]) -> st.SearchStrategy[Said]:
    """The right body with odd headers, anything for a body, GitLab's words for a failure, or bytes that are no JSON."""
    encoded = st.one_of(body, any_json).map(lambda data: json.dumps(data).encode())
    failed = words.map(lambda text: json.dumps({"message": text}).encode())
    return st.builds(Said, status, encoded | failed | st.binary(max_size=20), headers)


#: What each endpoint answers with, right and spoilt, and how many answers of it a script holds.
BODIES: dict[str, tuple[t.Callable[[bool], st.SearchStrategy[t.Any]], int]] = {
    "scope": (_scope, 1),
    "packages": (lambda spoil: st.lists(_package(spoil), min_size=1, max_size=3, unique_by=_id), 2),
    "package": (_package, 2),
    "files": (lambda spoil: st.lists(_file(spoil), min_size=1, max_size=3, unique_by=_id), 2),
    "pipelines": (lambda spoil: st.lists(_pipeline(spoil), max_size=2), 2),
    "delete": (lambda _spoil: st.none(), 2),
    "token": (lambda _spoil: st.just({"scopes": ["api"]}), 1),
}


def _answers(name: str, odd: bool) -> st.SearchStrategy[list[Said]]:
    body, most = BODIES[name]
    right = st.just(Said(204, b"", {})) if name == "delete" else _right(body(False))
    return st.lists(st.one_of(right, _right(body(True)), _any(body(True))) if odd else right, min_size=1, max_size=most)


#: All endpoints say what is right, but for two at most, which say anything.
scripts = st.sets(st.sampled_from(sorted(BODIES)), max_size=2).flatmap(
    lambda odd: st.fixed_dictionaries({name: ANSWERS[name, name in odd] for name in BODIES})
)
ANSWERS = {(name, odd): _answers(name, odd) for name in BODIES for odd in (False, True)}
_PATHS = {
    "files": r"/packages/\d+/package_files",
    "pipelines": r"/packages/\d+/pipelines",
    "package": r"/packages/\d+",
    "packages": r"/packages",
    "token": r"/personal_access_tokens/self",
}


@dataclass
class Registry:
    """A server that says what a script says: to each endpoint its answers in turn, the last of them for ever."""

    server: WireServer | None = None
    script: dict[str, list[Said]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    heard: list[dict[str, t.Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def begin(self, script: dict[str, list[Said]]) -> None:
        """Say this from now on."""
        self.script, self.counts, self.heard, self.deleted = script, {}, [], []

    def answer(self, request: Request) -> Reply:
        """Say the next thing, and remember what was said."""
        path = request.path.removeprefix("/api/v4")
        kind = next((name for name, end in _PATHS.items() if re.search(end + "$", path)), "scope")
        if request.method == "DELETE":
            self.deleted.append(path)
            kind = "delete"
        answers = self.script[kind]
        turn = self.counts.get(kind, 0)
        self.counts[kind] = turn + 1
        now = answers[min(turn, len(answers) - 1)]
        data = now.data()
        if kind in ("packages", "package", "files"):
            found = data if isinstance(data, list) else [data]
            self.heard += [item for item in found if isinstance(item, dict)]
        return now.reply()


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    said_so = Registry()
    with WireServer(said_so.answer) as server:
        said_so.server = server
        yield said_so


fuzz = settings(
    max_examples=410,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _ends_cleanly(registry: Registry, script: dict[str, list[Said]], run: t.Callable[[PackagesApi], None]) -> None:
    registry.begin(script)
    assert registry.server is not None
    connection = Connection(registry.server.url, Token("private", "glpat-x"), retries=0, concurrency=2, timeout=5)
    try:
        with Client(connection) as client:
            run(PackagesApi(client))
    except (GitlabError, PlanError) as error:
        message = str(error)
        assert message
        assert message.isprintable()
        assert "glpat-x" not in message


def _check_deletes(
    registry: Registry, meant: t.Callable[[dict[str, t.Any]], bool], projects: t.Collection[int] = (PROJECT,)
) -> None:
    """Every DELETE was of a package of one of these projects that was listed with a name that is meant."""
    for path in registry.deleted:
        match = re.fullmatch(r"/projects/(\d+)/packages/(\d+)", path)
        assert match, path
        assert int(match.group(1)) in projects, path
        assert any(item.get("id") == int(match.group(2)) and meant(item) for item in registry.heard), path


def _told_ids(*told: dict[str, list[Said]] | None) -> set[int]:
    """The project's IDs that E10 gave: where one asks for a path, the server alone says which project that is."""
    found = {PROJECT}
    for said in (said for script in told if script for said in script.get("scope", ())):
        with contextlib.suppress(ValueError):
            data = json.loads(said.body)
            if isinstance(data, dict) and isinstance(data.get("id"), int) and data["id"] > 0:
                found.add(data["id"])
    return found


@fuzz
@given(scripts, st.sampled_from(["app", None]), st.sampled_from([None, 3]), st.sampled_from([None, 2]), st.booleans())
def test_facts(
    registry: Registry,
    script: dict[str, list[Said]],
    name: str | None,
    package_id: int | None,
    limit: int | None,
    group: bool,
) -> None:
    selection = Selection(None if group else package_id, name, include_versionless=True)
    place = Scope("group", "acme") if group else Scope("project", "acme/shop")

    def run(api: PackagesApi) -> None:
        found = find(api, place, selection, "name", "desc", limit)
        completed = complete(api, found, ["files", "versions", "pipelines"])
        assert len(completed) == len(found) <= (limit or len(found))
        assert all(matches(selection, item) for item in found)
        assert len({item["id"] for item in found}) == len(found)
        heard = [(item.get("id"), item.get("name")) for item in registry.heard]
        assert all((item["id"], item["name"]) in heard for item in found)
        json.dumps(completed)

    _ends_cleanly(registry, script, run)
    assert registry.deleted == []


#: Selectors, and in other words what they mean.
MEANT: dict[str, tuple[Selector, t.Callable[[dict[str, t.Any]], bool]]] = {
    "id": (Selector(3), lambda item: item["id"] == 3),
    "name": (Selector(None, "app", "1"), lambda item: (item.get("name"), item.get("version")) == ("app", "1")),
    "all": (
        Selector(None, "app", all_versions=True, package_type="generic"),
        lambda item: (item.get("name"), item.get("package_type")) == ("app", "generic"),
    ),
}


@fuzz
@given(scripts, st.sampled_from(sorted(MEANT)), st.booleans(), st.booleans())
def test_deleting_packages(
    registry: Registry, script: dict[str, list[Said]], how: str, check_mode: bool, verify: bool
) -> None:
    selector, meant = MEANT[how]

    def run(api: PackagesApi) -> None:
        targets = find_targets(api, PROJECT, [selector])
        items = [target.item for target in targets if target.item]
        outcome = delete_packages(api, items, Options(check_mode, verify))
        assert [result["id"] for result in outcome.results] == [item["id"] for item in items]
        assert sum(summarize(outcome.results).values()) == len(items)
        assert all(result["result"] in RESULTS for result in outcome.results)
        json.dumps(outcome.results)

    _ends_cleanly(registry, script, run)
    assert not (check_mode and registry.deleted)
    assert len(set(registry.deleted)) == len(registry.deleted)
    _check_deletes(registry, meant)


@fuzz
@given(scripts, st.sampled_from(["fail", "all", "keep_latest"]), st.booleans(), st.booleans())
def test_deleting_files(
    registry: Registry, script: dict[str, list[Said]], duplicates: str, by_id: bool, check_mode: bool
) -> None:
    chosen = Selector(3) if by_id else Selector(None, "app", "1")
    selector = FileSelector(chosen, None, "a", duplicates)

    def run(api: PackagesApi) -> None:
        files = [(target.package, target.item) for target in find_files(api, PROJECT, [selector]) if target.item]
        outcome = delete_files(api, files, Options(check_mode))
        assert [result["id"] for result in outcome.results] == [file["id"] for _package, file in files]
        assert all(result["result"] in RESULTS for result in outcome.results)
        json.dumps(outcome.results)

    _ends_cleanly(registry, script, run)
    assert not (check_mode and registry.deleted)
    for path in registry.deleted:
        match = re.fullmatch(rf"/projects/{PROJECT}/packages/(\d+)/package_files/(\d+)", path)
        assert match, path
        package_id, file_id = map(int, match.groups())
        assert any(item.get("id") == file_id and item.get("file_name") == "a" for item in registry.heard)
        assert any(item.get("id") == package_id and (by_id or item.get("name") == "app") for item in registry.heard)


@fuzz
@given(scripts, st.booleans(), st.booleans())
def test_planning_and_applying_at_once(
    registry: Registry, script: dict[str, list[Said]], group: bool, with_sizes: bool
) -> None:
    place = Scope("group", "acme") if group else Scope("project", "acme/shop")

    def run(api: PackagesApi) -> None:
        plan, listed = make_plan(api, [place], PlanRequest(POLICY, with_sizes=with_sizes))
        assert [entry["id"] for entry in plan["delete"]] == [item["id"] for item in listed]
        check_plan(api, plan, None)
        assert place.kind in places_now(api, plan)[0]
        outcome = delete_packages(api, listed, Options())
        assert [result["id"] for result in outcome.results] == [entry["id"] for entry in plan["delete"]]
        json.dumps([plan, outcome.results])

    _ends_cleanly(registry, script, run)
    _check_deletes(registry, lambda item: item.get("name") == "app" or item.get("conan_package_name") == "app")


@fuzz
@given(scripts, st.none() | scripts)
def test_applying_a_saved_plan(
    registry: Registry, script: dict[str, list[Said]], later: dict[str, list[Said]] | None
) -> None:
    plans: list[dict[str, t.Any]] = []

    def make(api: PackagesApi) -> None:
        plans.append(make_plan(api, [Scope("project", "acme/shop")], PlanRequest(POLICY))[0])

    def apply(api: PackagesApi) -> None:
        plan = json.loads(json.dumps(plans[0]))
        check_plan(api, plan, None)
        comparisons = compare_with_live(api, plan, places_now(api, plan), plan["delete"])
        outcome = apply_plan(api, plan, comparisons, Options())
        assert [result["id"] for result in outcome.results] == [entry["id"] for entry in plan["delete"]]
        assert all(result["result"] in PLAN_RESULTS for result in outcome.results)
        json.dumps(outcome.results)

    _ends_cleanly(registry, script, make)
    assert registry.deleted == []
    if not plans:
        return
    planned = {entry["id"] for entry in plans[0]["delete"]}
    _ends_cleanly(registry, later or script, apply)
    # Planned, and still listed with the planned name when it was compared.
    _check_deletes(
        registry,
        lambda item: item["id"] in planned and "app" in (item.get("name"), item.get("conan_package_name")),
        _told_ids(script, later),
    )
