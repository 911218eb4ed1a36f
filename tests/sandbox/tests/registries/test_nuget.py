# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The NuGet registry (contract, registries, C)."""

from __future__ import annotations

from typing import Any

import pytest

from gitlab_sandbox.testing import Sandbox

SAM, RITA = ("sam", "glpat-sam"), ("rita", "glpat-rita")
SYMBOLS = '<packageTypes><packageType name="SymbolsPackage" /></packageTypes>'


def test_push_and_download(shop: Any, packages: Any, number: int) -> None:
    id_ = f"Acme.Log{number}"
    data, symbols = packages.nupkg(id_, "1.0.0-Beta"), packages.nupkg(id_, "1.0.0-Beta", SYMBOLS)
    answer = packages.nuget(shop, data)
    assert (answer.status_code, answer.json()) == (201, {"message": "201 Created"})
    assert packages.nuget(shop, symbols, "/nuget/symbolpackage").status_code == 201

    # Name and version are the nuspec's; the files' names are made of them.
    (package,) = shop.packages("nuget", id_)
    assert (package["version"], package["status"]) == ("1.0.0-Beta", "default")
    assert sorted(tag["name"] for tag in package["tags"]) == ["json", "log"]
    base = f"{id_}.1.0.0-beta".lower()
    shop.check_bytes(package, {f"{base}.nupkg": data, f"{base}.snupkg": symbols})

    # NuGet asks in lower case.
    for suffix, content in (("nupkg", data), ("snupkg", symbols)):
        download = shop.get(f"/nuget/download/{id_.lower()}/1.0.0-beta/{base}.{suffix}", auth=RITA)
        assert download.content == content
    versions = shop.get(f"/nuget/download/{id_.lower()}/index.json", auth=RITA)
    assert versions.json() == {"versions": ["1.0.0-Beta"]}
    assert shop.packages("nuget", id_)[0]["last_downloaded_at"] is not None


def test_the_service_index_names_where_things_are(shop: Any) -> None:
    index = shop.get("/nuget/index.json", auth=RITA).json()
    resources = {resource["@type"]: resource["@id"] for resource in index["resources"]}
    assert resources == {
        "PackageBaseAddress/3.0.0": f"{shop.url}/nuget/download",
        "PackagePublish/2.0.0": f"{shop.url}/nuget",
        "SymbolPackagePublish/4.9.0": f"{shop.url}/nuget/symbolpackage",
    }


def test_the_same_version_again_is_one_more_file(shop: Any, packages: Any, number: int) -> None:
    id_ = f"Again{number}"
    for content in (b"one", b"two"):
        assert packages.nuget(shop, packages.nupkg(id_, content=content)).status_code == 201
    (package,) = shop.packages("nuget", id_)
    assert len(shop.files(package["id"])) == 2
    name = f"{id_}.1.0.0.nupkg".lower()
    assert shop.get(f"/nuget/download/{id_}/1.0.0/{name}", auth=RITA).content == packages.nupkg(id_, content=b"two")


def test_publishing_again_is_an_update_of_the_package(shop: Any, packages: Any, number: int) -> None:
    id_ = f"Touched{number}"
    packages.nuget(shop, packages.nupkg(id_))
    before = shop.updated_at(shop.packages("nuget", id_)[0]["id"])
    packages.nuget(shop, packages.nupkg(id_))
    assert shop.updated_at(shop.packages("nuget", id_)[0]["id"]) > before


def test_duplicates_off(registry_of: Any, packages: Any, number: int) -> None:
    strict, mia = registry_of(47), ("mia", "glpat-mia")
    assert packages.nuget(strict, packages.nupkg(f"Once{number}"), auth=mia).status_code == 201
    refused = packages.nuget(strict, packages.nupkg(f"Once{number}"), auth=mia)
    assert (refused.status_code, refused.json()) == (
        409,
        {"message": "A package with the same name and version already exists"},
    )


def test_symbols_need_their_package(shop: Any, packages: Any, number: int) -> None:
    id_ = f"Symbols{number}"
    # The answer comes before the background job that finds it out.
    assert packages.nuget(shop, packages.nupkg(id_, "1.0.0", SYMBOLS), "/nuget/symbolpackage").status_code == 201
    assert shop.packages("nuget", id_) == []
    (package,) = shop.packages("nuget", status="error", include_versionless=True, order_by="created_at", sort="desc")[
        :1
    ]
    assert package["name"] == "NuGet.Temporary.SymbolPackage"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (lambda _: b"not a zip", "invalid package file"),
        (lambda packages: packages.nupkg("a b"), "Validation failed: Name is invalid"),
        (lambda packages: packages.nupkg("a", "one"), "Validation failed: Version is invalid"),
    ],
)
def test_what_is_no_package(shop: Any, packages: Any, data: Any, error: str) -> None:
    refused = packages.nuget(shop, data(packages))
    assert (refused.status_code, refused.json()) == (400, {"message": f"400 Bad request - {error}"})


def test_the_project_is_named_by_its_id_alone(sandbox: Sandbox, registry_class: Any, packages: Any) -> None:
    refused = packages.nuget(registry_class(sandbox, "acme%2Fshop"), packages.nupkg("a"))
    assert (refused.status_code, refused.json()) == (400, {"error": "id is invalid"})


def test_an_upload_without_a_file(shop: Any) -> None:
    refused = shop.put("/nuget", files={"other": ("a", b"b")}, auth=SAM)
    assert (refused.status_code, refused.json()) == (400, {"error": "package is missing"})


def test_downloads_never_redirect(registry_seed: Any, registry_class: Any, packages: Any) -> None:
    with Sandbox(registry_seed, storage="object") as sandbox:
        registry, data = registry_class(sandbox), packages.nupkg("Acme")
        packages.nuget(registry, data)
        answer = registry.get("/nuget/download/acme/1.0.0/acme.1.0.0.nupkg", auth=RITA)
        assert (answer.status_code, answer.content) == (200, data)
