# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Helm registry (contract, registries, C)."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
import yaml

from gitlab_sandbox.testing import Sandbox

SAM, RITA = ("sam", "glpat-sam"), ("rita", "glpat-rita")


def test_upload_index_and_download(shop: Any, packages: Any, number: int) -> None:
    name, channel = f"web-{number}", f"channel-{number}"
    data = {version: packages.chart(name, version) for version in ("1.0.0", "1.1.0")}
    for version in data:
        answer = packages.helm(shop, data[version], channel)
        assert (answer.status_code, answer.json()) == (201, {"message": "201 Created"})
    packages = {package["version"]: package for package in shop.packages("helm", name)}
    assert {package["status"] for package in packages.values()} == {"default"}
    for version in data:
        shop.check_bytes(packages[version], {f"{name}-{version}.tgz": data[version]})

    answer = shop.get(f"/helm/{channel}/index.yaml", auth=RITA)
    assert answer.headers["Content-Type"] == "text/yaml"
    index = yaml.safe_load(answer.content)
    assert index["serverInfo"] == {"contextPath": "/api/v4/projects/42/packages/helm"}
    entries = {entry["version"]: entry for entry in index["entries"][name]}
    assert set(entries) == set(data)
    for version, entry in entries.items():
        assert entry["description"] == "A chart"
        assert entry["digest"] == hashlib.sha256(data[version]).hexdigest()
        # An address is relative to the index.
        (url,) = entry["urls"]
        assert shop.get(f"/helm/{channel}/{url}", auth=RITA).content == data[version]

    # Another channel has nothing of it.
    assert yaml.safe_load(shop.get("/helm/empty/index.yaml", auth=RITA).content)["entries"] == {}
    assert shop.get(f"/helm/empty/charts/{name}-1.0.0.tgz", auth=RITA).status_code == 404


def test_the_same_version_again_is_one_more_file_and_an_update(shop: Any, packages: Any, number: int) -> None:
    name = f"again-{number}"
    packages.helm(shop, packages.chart(name, content=b"one"))
    (package,) = shop.packages("helm", name)
    before = shop.updated_at(package["id"])
    packages.helm(shop, packages.chart(name, content=b"two"))
    assert len(shop.files(package["id"])) == 2
    assert shop.get(f"/helm/stable/charts/{name}-1.0.0.tgz", auth=RITA).content == packages.chart(name, content=b"two")
    index = yaml.safe_load(shop.get("/helm/stable/index.yaml", auth=RITA).content)
    assert len(index["entries"][name]) == 1
    assert shop.updated_at(package["id"]) > before


def test_a_chart_above_the_limit_is_too_large(shop: Any, packages: Any) -> None:
    before = shop.sandbox.state()
    refused = packages.helm(shop, b"x" * (5 * 2**20 + 1))
    assert (refused.status_code, refused.json()) == (400, {"message": "400 Bad request - File is too large"})
    assert shop.sandbox.state() == before


def test_until_the_background_has_unpacked_it_a_chart_is_processing(
    registry_seed: Any, registry_class: Any, packages: Any
) -> None:
    with Sandbox({**registry_seed, "instance": {"background_ms": 3_600_000}}) as sandbox:
        shop = registry_class(sandbox)
        assert packages.helm(shop, packages.chart("web")).status_code == 201
        (package,) = shop.packages("helm", status="processing")
        assert package["name"] == "Helm.Temporary.Package"
        assert "web" not in {package["name"] for package in shop.packages("helm")}
        assert shop.get("/helm/stable/charts/web-1.0.0.tgz", auth=RITA).status_code == 404


def test_the_background_ends(registry_seed: Any, registry_class: Any, packages: Any) -> None:
    with Sandbox({**registry_seed, "instance": {"background_ms": 1}}) as sandbox:
        shop = registry_class(sandbox)
        assert packages.helm(shop, packages.chart("web")).status_code == 201
        deadline = time.monotonic() + 30
        while not (done := shop.packages("helm", "web")) and time.monotonic() < deadline:
            time.sleep(0.01)
        shop.check_bytes(done[0], {"web-1.0.0.tgz": packages.chart("web")})


@pytest.mark.parametrize("data", [lambda _: b"not a chart", lambda packages: packages.chart("a", "one")])
def test_what_is_no_chart_becomes_a_package_with_an_error(shop: Any, packages: Any, data: Any) -> None:
    before = {package["id"] for package in shop.packages("helm", status="error")}
    assert packages.helm(shop, data(packages)).status_code == 201
    (package,) = (package for package in shop.packages("helm", status="error") if package["id"] not in before)
    assert package["name"] == "Helm.Temporary.Package"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda shop, packages: packages.helm(shop, packages.chart("a"), "a%20b"), "channel is invalid"),
        (lambda shop, packages: shop.get("/helm/a%20b/index.yaml", auth=RITA), "channel is invalid"),
        (
            lambda shop, packages: shop.post("/helm/api/stable/charts", files={"other": ("a", b"b")}, auth=SAM),
            "chart is missing",
        ),
    ],
)
def test_invalid_parameters(shop: Any, packages: Any, call: Any, error: str) -> None:
    refused = call(shop, packages)
    assert (refused.status_code, refused.json()) == (400, {"error": error})
