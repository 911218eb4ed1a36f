# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Terraform modules (contract, registries, C)."""

from __future__ import annotations

from typing import Any

import pytest

RITA = ("rita", "glpat-rita")


def path(name: str, version: str = "1.0.0") -> str:
    return f"/terraform/modules/{name}/aws/{version}"


def test_upload_and_download(shop: Any, number: int) -> None:
    name, data = f"net-{number}", b"module" * 1000
    answer = shop.put(f"{path(name)}/file", "glpat-sam", data=data)
    assert (answer.status_code, answer.json()) == (201, {"message": "201 Created"})
    (package,) = shop.packages("terraform_module", f"{name}/aws")
    assert (package["version"], package["creator_id"]) == ("1.0.0", 3)
    shop.check_bytes(package, {f"{name}-aws-1.0.0.tgz": data})
    assert shop.get(f"{path(name)}?archive=tgz", auth=RITA).content == data
    assert shop.packages("terraform_module", f"{name}/aws")[0]["last_downloaded_at"] is not None


def test_a_form_is_taken_too(shop: Any, number: int) -> None:
    name = f"form-{number}"
    assert shop.put(f"{path(name)}/file", files={"file": ("any.tgz", b"module")}).status_code == 201
    shop.check_bytes(shop.packages("terraform_module", f"{name}/aws")[0], {f"{name}-aws-1.0.0.tgz": b"module"})


def test_terraform_is_told_where_the_archive_is(shop: Any, number: int) -> None:
    name = f"get-{number}"
    shop.put(f"{path(name)}/file", data=b"module")
    answer = shop.get(f"{path(name)}?terraform-get=1", auth=RITA)
    assert answer.status_code == 204
    assert answer.headers["X-Terraform-Get"] == f"{shop.url}{path(name)}?archive=tgz"


def test_without_a_version_it_is_the_highest(shop: Any, number: int) -> None:
    name = f"latest-{number}"
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        shop.put(f"{path(name, version)}/file", data=version.encode())
    assert shop.get(f"/terraform/modules/{name}/aws?archive=tgz", auth=RITA).content == b"1.10.0"


def test_a_version_exists_once(shop: Any, number: int) -> None:
    name = f"once-{number}"
    assert shop.put(f"{path(name)}/file", data=b"one").status_code == 201
    refused = shop.put(f"{path(name)}/file", data=b"two")
    assert (refused.status_code, refused.json()) == (403, {"message": "Package version already exists."})
    (package,) = shop.packages("terraform_module", f"{name}/aws")
    shop.call("DELETE", f"/{package['id']}")
    assert shop.put(f"{path(name)}/file", data=b"two").status_code == 201
    assert shop.get(f"{path(name)}?archive=tgz", auth=RITA).content == b"two"


def test_a_name_is_of_one_project_of_the_top_group(shop: Any, registry_of: Any, number: int) -> None:
    name = f"shared-{number}"
    shop.put(f"{path(name)}/file", data=b"one")
    refused = registry_of(43).put(f"{path(name, '2.0.0')}/file", data=b"two")
    assert (refused.status_code, refused.json()) == (
        403,
        {"message": "A package with the same name already exists in the namespace"},
    )
    assert registry_of(44).put(f"{path(name, '2.0.0')}/file", data=b"two").status_code == 201


@pytest.mark.parametrize(
    ("where", "error"),
    [
        (path("net", "one"), {"error": "module_version is invalid"}),
        (path("net", "1.0"), {"error": "module_version is invalid"}),
        (path("a%2Fb"), {"error": "module_name is invalid"}),
        (path("a%20b"), {"message": "Validation failed: Name is invalid"}),
    ],
)
def test_what_cannot_be_uploaded(shop: Any, where: str, error: dict[str, str]) -> None:
    refused = shop.put(f"{where}/file", data=b"module")
    assert (refused.status_code, refused.json()) == (400, error)


def test_what_is_not_there(shop: Any) -> None:
    assert shop.get(path("missing"), auth=RITA).status_code == 404
    assert shop.get("/terraform/modules/missing/aws", auth=RITA).status_code == 404
