# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may publish and download: each type, each kind of token, each role (contract, registries, A to C)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Kind:
    """A package type: how one publishes a package of a name, where its file then is, and which tokens that takes."""

    publish: Callable[..., Any]
    file: Callable[[str], str]
    published: int
    publishing: frozenset[str]
    downloading: frozenset[str]
    # What a download of a private project without a token gets.
    anonymous: int = 401


HEADERS = frozenset(("private", "bearer", "job", "deploy"))
BASIC = frozenset(("basic", "basic-deploy", "basic-job"))
WHEEL = hashlib.sha256(b"wheel").hexdigest()
KINDS = {
    "generic": Kind(
        lambda packages, registry, name, **options: packages.generic(registry, name, **options),
        lambda name: f"/generic/{name}/1.0.0/a.bin",
        201,
        HEADERS | {"basic", "basic-deploy"},
        HEADERS | BASIC,
    ),
    "npm": Kind(
        lambda packages, registry, name, **options: packages.npm(registry, name, **options),
        lambda name: f"/npm/{name}/-/{name}-1.0.0.tgz",
        200,
        HEADERS | {"bearer-deploy", "bearer-job"},
        HEADERS | {"bearer-deploy", "bearer-job"},
        anonymous=404,
    ),
    "pypi": Kind(
        lambda packages, registry, name, **options: packages.pypi(registry, name, f"{name}.whl", **options),
        lambda name: f"/pypi/files/{WHEEL}/{name}.whl",
        201,
        (HEADERS - {"job"}) | BASIC,
        (HEADERS - {"job"}) | BASIC,
    ),
    "maven": Kind(
        lambda packages, registry, name, **options: packages.maven(registry, name, **options),
        lambda name: f"/maven/com/{name}/1.0.0/a.jar",
        200,
        HEADERS | BASIC,
        HEADERS | BASIC,
    ),
    "nuget": Kind(
        lambda packages, registry, name, **options: packages.nuget(registry, packages.nupkg(name), **options),
        lambda name: f"/nuget/download/{name}/1.0.0/{name}.1.0.0.nupkg",
        201,
        BASIC | {"key", "key-deploy", "key-job"},
        BASIC,
    ),
    "helm": Kind(
        lambda packages, registry, name, **options: packages.helm(registry, packages.chart(name), **options),
        lambda name: f"/helm/stable/charts/{name}-1.0.0.tgz",
        201,
        BASIC,
        BASIC,
    ),
    "terraform_module": Kind(
        lambda packages, registry, name, **options: packages.terraform(registry, name, **options),
        lambda name: f"/terraform/modules/{name}/aws/1.0.0?archive=tgz",
        201,
        frozenset(("private", "job", "deploy")),
        BASIC,
    ),
}

# The developer's own token, that of a job of his, and a deploy token, by each way that there is.
WAYS: dict[str, dict[str, Any]] = {
    "private": {"headers": {"PRIVATE-TOKEN": "glpat-sam"}},
    "bearer": {"headers": {"Authorization": "Bearer glpat-sam"}},
    "job": {"headers": {"JOB-TOKEN": "glcbt-sam"}},
    "deploy": {"headers": {"Deploy-Token": "gldt-shop"}},
    "basic": {"auth": ("anything", "glpat-sam")},
    "basic-deploy": {"auth": ("anything", "gldt-shop")},
    "basic-job": {"auth": ("gitlab-ci-token", "glcbt-sam")},
    "bearer-deploy": {"headers": {"Authorization": "Bearer gldt-shop"}},
    "bearer-job": {"headers": {"Authorization": "Bearer glcbt-sam"}},
    "key": {"headers": {"X-NuGet-ApiKey": "glpat-sam"}},
    "key-deploy": {"headers": {"X-NuGet-ApiKey": "gldt-shop"}},
    "key-job": {"headers": {"X-NuGet-ApiKey": "glcbt-sam"}},
    "none": {"token": ""},
}

# A type's own way in, with any token of a user.
OWN: dict[str, Callable[[str], dict[str, Any]]] = {
    **dict.fromkeys(("generic", "npm", "pypi", "maven", "terraform_module"), lambda token: {"token": token}),
    **dict.fromkeys(("nuget", "helm"), lambda token: {"auth": ("user", token)}),
}
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)


def download(registry: Any, kind: str, name: str, token: str) -> int:
    options = {"auth": ("user", token)} if token and kind in ("nuget", "helm", "terraform_module") else {"token": token}
    status: int = registry.get(KINDS[kind].file(name), **options).status_code
    return status


@pytest.fixture
def name() -> str:
    return f"access{next(_numbers)}"


@EVERY_KIND
@pytest.mark.parametrize("way", WAYS)
def test_which_tokens_are_taken(shop: Any, packages: Any, name: str, kind: str, way: str) -> None:
    as_ = KINDS[kind]
    answer = as_.publish(packages, shop, name, **WAYS[way])
    assert answer.status_code == (as_.published if way in as_.publishing else 401)
    if way not in as_.publishing:
        assert as_.publish(packages, shop, name, **OWN[kind]("glpat-sam")).status_code == as_.published
    else:
        (package,) = (
            package for package in shop.packages(kind) if package["name"].removesuffix("/aws") in (name, f"com/{name}")
        )
        # Only a user is a creator.
        assert package["creator_id"] == (3 if way in ("private", "bearer", "basic", "key") else None)
        assert ("pipeline" in package) == ("job" in way)
    status = shop.get(as_.file(name), **WAYS[way]).status_code
    assert status == (200 if way in as_.downloading else as_.anonymous)


@EVERY_KIND
@pytest.mark.parametrize(
    ("token", "publishing", "downloading"),
    [
        ("glpat-root", 0, 200),
        ("glpat-mia", 0, 200),
        ("glpat-rita", 403, 200),
        ("glpat-gus", 403, 403),
        ("glpat-otto", 404, 404),
        ("glpat-mia-read", 403, 200),
        ("unknown", 401, 401),
        ("gldt-shop-read", 401, 401),
    ],
)
def test_which_role_is_needed(
    shop: Any, packages: Any, name: str, kind: str, token: str, publishing: int, downloading: int
) -> None:
    as_ = KINDS[kind]
    if token == "gldt-shop-read":
        # As a deploy token by its own header or password; as an access token there is none such.
        if kind in ("nuget", "helm"):
            publishing, downloading = 403, 200
        elif kind == "terraform_module":
            downloading = 200
    assert as_.publish(packages, shop, name, **OWN[kind](token)).status_code == (publishing or as_.published)
    assert as_.publish(packages, shop, f"{name}x", **OWN[kind]("glpat-sam")).status_code == as_.published
    assert download(shop, kind, f"{name}x", token) == downloading


@EVERY_KIND
def test_a_push_rule_stops_a_developer_and_every_deploy_token(shop: Any, packages: Any, name: str, kind: str) -> None:
    as_ = KINDS[kind]
    guarded = f"guarded-{name}"
    deploy = {"nuget": {"auth": ("any", "gldt-shop")}, "helm": {"auth": ("any", "gldt-shop")}}
    for options in (OWN[kind]("glpat-sam"), deploy.get(kind, {"headers": {"Deploy-Token": "gldt-shop"}})):
        refused = as_.publish(packages, shop, guarded, **options)
        if kind == "helm":
            # The name is in the chart: the background job finds out, and leaves a package with an error.
            assert refused.status_code == 201
            assert download(shop, kind, guarded, "glpat-mia") == 404
        else:
            assert (refused.status_code, refused.json()) == (403, {"message": "403 Forbidden - Package protected."})
    assert as_.publish(packages, shop, guarded, **OWN[kind]("glpat-mia")).status_code == as_.published
    assert as_.publish(packages, shop, f"{guarded}x", **OWN[kind]("glpat-root")).status_code == as_.published


@EVERY_KIND
def test_an_archived_project_is_read_only_and_one_without_a_registry_has_none(
    registry_of: Any, packages: Any, name: str, kind: str
) -> None:
    as_ = KINDS[kind]
    for project in (45, 46):
        refused = as_.publish(packages, registry_of(project), name, **OWN[kind]("glpat-mia"))
        assert (refused.status_code, refused.json()) == (403, {"message": "403 Forbidden"})
    assert download(registry_of(45), kind, "kept", "glpat-rita") == 200
    assert download(registry_of(46), kind, "kept", "glpat-rita") == 403


@EVERY_KIND
def test_a_public_registry_of_a_private_project_serves_everybody(registry_of: Any, packages: Any, kind: str) -> None:
    assert download(registry_of(48), kind, "kept", "") == 200
    assert KINDS[kind].publish(packages, registry_of(48), "new", token="").status_code == 401


@EVERY_KIND
def test_a_public_project_serves_everybody(shop: Any, registry_of: Any, packages: Any, name: str, kind: str) -> None:
    as_, public = KINDS[kind], registry_of(44)
    assert as_.publish(packages, public, name, **OWN[kind]("glpat-otto")).status_code == 403
    assert as_.publish(packages, public, name, token="").status_code == 401
    assert as_.publish(packages, public, name, **OWN[kind]("glpat-mia")).status_code == as_.published
    assert download(public, kind, name, "") == 200
    # A deploy token of another project is nobody's here.
    assert (
        as_.publish(
            packages, public, name, **WAYS["basic-deploy" if kind in ("nuget", "helm") else "deploy"]
        ).status_code
        == 403
    )


def test_with_packages_off_there_is_nothing(registry_seed: Any, registry_class: Any, packages: Any) -> None:
    with Sandbox({**registry_seed, "instance": {"packages": "disabled"}}) as sandbox:
        registry = registry_class(sandbox)
        for kind, as_ in KINDS.items():
            for answer in (
                as_.publish(packages, registry, "off", **OWN[kind]("glpat-sam")),
                registry.get(as_.file("off"), **OWN[kind]("glpat-sam")),
            ):
                assert (kind, answer.status_code, answer.json()) == (kind, 404, {"message": "404 Not Found"})


def test_the_registries_have_a_limit_of_their_own(registry_seed: Any, registry_class: Any) -> None:
    with Sandbox({**registry_seed, "instance": {"limits": {"packages": "3/60"}}}, rate_limit="100/60") as sandbox:
        registry = registry_class(sandbox)
        statuses = [registry.get("/pypi/simple/x").status_code for _ in range(5)]
        assert statuses[:3] == [404] * 3
        assert 429 in statuses[3:]
        assert registry.get("").status_code == 200
