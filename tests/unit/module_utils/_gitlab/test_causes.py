# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a bare refusal was one: told by the project itself, which is asked once, in check mode as in the real run."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import errors
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_files, delete_packages
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import Request, answer, scripted

PLAIN = {"message": "403 Forbidden"}
PROJECT = {"id": 42, "path_with_namespace": "acme/shop", "archived": False, "packages_enabled": True}
ROLE = {"permissions": {"project_access": {"access_level": 30}, "group_access": None}}
OWNER = {"permissions": {"project_access": None, "group_access": {"access_level": 50}}}
NEEDED = "deleting needs the maintainer role on project '42'"
ARCHIVED = "project '42' is archived, nothing is deleted there: unarchive it, delete, archive it again"
OFF = "the package registry is switched off in project '42': a maintainer can switch it on there"


def package(number: int) -> dict[str, t.Any]:
    """A package of project 42 that GitLab does not offer to delete."""
    shown = {"name": "app", "version": str(number), "package_type": "generic", "status": "default"}
    return {"id": number, "project_id": 42, **shown, "_links": {"web_path": "/x"}}


@pytest.mark.parametrize(
    ("project", "kind", "reason"),
    [
        ({**PROJECT, **ROLE}, "Forbidden", NEEDED),
        ({**PROJECT, **OWNER, "archived": True}, "ProjectArchived", ARCHIVED),
        ({**PROJECT, **OWNER, "marked_for_deletion_on": "2026-01-01"}, "ProjectArchived", "is to be deleted itself"),
        ({**PROJECT, **OWNER, "package_registry_access_level": "disabled"}, "RegistryOff", OFF),
        ({**PROJECT, **OWNER, "packages_enabled": False}, "RegistryOff", OFF),
        ({**PROJECT, **OWNER}, "Forbidden", "GitLab does not say why: the token has the maintainer role"),
        ({"id": 42, "permissions": [7], "archived": "yes"}, "Forbidden", NEEDED),
        (None, "Forbidden", f"{NEEDED}, and a project that is not archived"),
    ],
)
def test_a_refused_delete_says_why_and_check_mode_says_the_same(
    project: dict[str, t.Any] | None, kind: str, reason: str
) -> None:
    def say(request: Request) -> bytes:
        if request.method == "DELETE":
            return answer(PLAIN, 403)
        if request.target == "/api/v4/projects/42":
            return answer(project) if project else answer({"message": "404 Project Not Found"}, 404)
        return answer({"scopes": ["api"]})

    packages = [package(number) for number in range(1, 9)]
    with scripted(say) as server, server.client(token=Token("private", "s3cret")) as client:
        api = PackagesApi(client)
        with pytest.raises(GitlabError) as raised:
            api.delete_package_file(42, 1, 7)
        real = delete_packages(api, packages, Options()).results
    asked = [request.target for request in server.requests if request.method == "GET"]
    assert asked == ["/api/v4/projects/42"]
    with scripted(say) as server, server.client(token=Token("private", "s3cret")) as client:
        api = PackagesApi(client)
        foreseen = delete_packages(api, packages, Options(check_mode=True)).results
        files = delete_files(api, [(packages[0], {"id": 7, "file_name": "x"})], Options(check_mode=True)).results
    asked = [request.target for request in server.requests if request.target == "/api/v4/projects/42"]
    assert len(asked) == 1
    assert type(raised.value) is getattr(errors, kind)
    assert [result["result"] for result in real] == [result["result"] for result in foreseen] == ["failed"] * 8
    for before, after in zip(foreseen, real):
        assert reason in before["message"]
        # What would be refused for the whole project is not sent any more.
        first = re.sub(r"^not tried: (DELETE /projects/42/packages/)[0-9]+", rf"\g<1>{after['id']}", after["message"])
        assert first == f"DELETE /projects/42/packages/{after['id']}: 403 Forbidden: {before['message']}"
    assert files[0]["message"] == foreseen[0]["message"]
    if reason != NEEDED and project:
        assert NEEDED not in real[0]["message"]


@pytest.mark.parametrize(
    ("project", "kind", "reason"),
    [
        (PROJECT, "Forbidden", "the token may not read the packages of project '42': that needs the reporter role"),
        ({**PROJECT, **OWNER, "package_registry_access_level": "disabled"}, "RegistryOff", OFF),
        (
            {**PROJECT, **OWNER},
            "Forbidden",
            "GitLab does not say why: the token's role on project '42' suffices to read",
        ),
        (None, "Forbidden", "that needs the reporter role, and a package registry that is switched on"),
    ],
)
def test_a_refused_read_says_why(project: dict[str, t.Any] | None, kind: str, reason: str) -> None:
    def say(request: Request) -> bytes:
        if request.target == "/api/v4/projects/42":
            return answer(project) if project else answer({}, 403)
        return answer(PLAIN, 403)

    with scripted(say) as server, server.client(token=Token("private", "s3cret")) as client:
        api = PackagesApi(client)
        for call in (
            lambda: api.packages(Scope("project", "42"), [{}], lambda found: found),
            lambda: api.package(42, 1),
            lambda: api.package_files(42, 1),
            lambda: api.pipelines(42, 1),
        ):
            with pytest.raises(GitlabError) as raised:
                call()
            assert type(raised.value) is getattr(errors, kind)
            assert raised.value.message.endswith(reason)
    assert [request.target for request in server.requests].count("/api/v4/projects/42") == 1


@pytest.mark.parametrize(("named", "is_a"), [("project", "group"), ("group", "project")])
def test_a_group_is_no_project(named: str, is_a: str) -> None:
    def say(request: Request) -> bytes:
        known = request.target.startswith(f"/api/v4/{is_a}s/acme%2Fweb")
        return answer({"id": 1}) if known else answer({"message": f"404 {named.title()} Not Found"}, 404)

    with scripted(say) as server, server.client(token=Token("private", "s3cret")) as client:
        api = PackagesApi(client)
        for call in (
            lambda: api.scope(Scope(named, "acme/web")),
            lambda: api.packages(Scope(named, "acme/web"), [{}], lambda found: found),
        ):
            with pytest.raises(errors.ScopeNotFound) as raised:
                call()
            assert raised.value.message.endswith(f" Not Found: it is a {is_a}, not a {named}")
        with pytest.raises(errors.ScopeNotFound) as raised:
            api.scope(Scope(named, "7"))
    assert raised.value.message.endswith(f"{named} '7' does not exist, or the token may not read it")


def _without_rules(otherwise: bytes) -> t.Callable[[Request], bytes]:
    """A project without protection rules; to all else one answer."""
    return lambda request: answer([]) if "/protection/rules" in request.target else otherwise


def test_a_fine_grained_token_does_not_tell_what_it_may() -> None:
    offered = [{**package(number), "_links": {"delete_api_path": "/x"}} for number in (1, 2)]
    with scripted(_without_rules(answer({"scopes": ["granular"]}))) as server:  # noqa: SIM117
        with server.client(token=Token("private", "s3cret")) as client:
            api = PackagesApi(client)
            for _ in range(2):
                results = delete_packages(api, offered, Options(check_mode=True)).results
    assert [result["result"] for result in results] == ["deleted", "deleted"]
    assert client.warnings == [
        "the token is fine-grained: GitLab does not tell what it may delete, so that check mode cannot foresee"
        " whether it may delete these packages"
    ]


def test_an_oauth_token_is_not_asked_for_its_scopes_in_vain() -> None:
    """E11 answers 400 to it: nothing is known, and nothing is wrong."""
    words = "400 Bad request - This endpoint requires token type to be a personal access token"
    offered = [{**package(1), "_links": {"delete_api_path": "/x"}}]
    with scripted(_without_rules(answer({"message": words}, 400))) as server:  # noqa: SIM117
        with server.client(token=Token("oauth", "s3cret")) as client:
            results = delete_packages(PackagesApi(client), offered, Options(check_mode=True)).results
    assert [result["result"] for result in results] == ["deleted"]
    assert client.warnings == []
