# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""SBOMs and lock files, of our own hand and as real tools write them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_lists import combine, parse_keep_list
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.sbom import (
    SbomError,
    Used,
    named_by,
    used_by,
)
from ansible_collections.registryops.gitlab.tests.unit.module_utils._retention.retention_strategies import (
    NOW,
    package,
)

PURLS: dict[str, Used | None] = {
    "pkg:npm/%40acme/ui@1.2.3": Used("npm", "@acme/ui", "1.2.3"),
    "pkg:npm/left-pad@1.3.0?checksum=sha1:abc#lib": Used("npm", "left-pad", "1.3.0"),
    "pkg:npm/left-pad": Used("npm", "left-pad", None),
    "pkg:maven/com.acme/app@1.0-20260101.120000-3?type=jar": Used("maven", "com/acme/app", "1.0-20260101.120000-3"),
    "pkg:pypi/acme_tools@1.0": Used("pypi", "acme-tools", "1.0"),
    "pkg:nuget/Acme.Reports@1.0.0": Used("nuget", "Acme.Reports", "1.0.0"),
    "pkg:composer/acme/lib@v1.0.0": Used("composer", "acme/lib", "v1.0.0"),
    "pkg:gem/rails@7.0.0?platform=java": Used("rubygems", "rails", "7.0.0"),
    "pkg:golang/gitlab.example.com/acme/mod@v1.2.3": Used("golang", "gitlab.example.com/acme/mod", "v1.2.3"),
    "pkg:golang/gitlab.example.com/acme/mod@v2.0.0%2Bincompatible": Used(
        "golang", "gitlab.example.com/acme/mod", "v2.0.0+incompatible"
    ),
    "pkg:conan/zlib@1.3?user=acme&channel=stable": Used("conan", "zlib", "1.3"),
    "pkg:deb/debian/curl@7.50.3-1?arch=i386": Used("debian", "curl", "7.50.3-1"),
    "pkg:rpm/fedora/curl@7.50.3-1.fc25?epoch=1": Used("rpm", "curl", "7.50.3-1.fc25"),
    "pkg:generic/openssl@1.1.10g": Used("generic", "openssl", "1.1.10g"),
    "pkg:helm/chart@0.1.0": Used("helm", "chart", "0.1.0"),
    "pkg:terraform/gitlab.example.com/acme/vpc/aws@1.0.0": Used("terraform_module", "vpc/aws", "1.0.0"),
    "pkg:mlflow/model@3": Used("ml_model", "model", "3"),
    "pkg:cargo/rand@0.7.2": None,
    "pkg:docker/cassandra@latest": None,
}


@pytest.mark.parametrize("purl", PURLS)
def test_a_package_url_in_gitlabs_words(purl: str) -> None:
    assert named_by(purl) == PURLS[purl]


@pytest.mark.parametrize("purl", ["", "left-pad@1", "pkg:", "pkg:npm/", 7, None])
def test_what_is_no_package_url(purl: t.Any) -> None:
    with pytest.raises(SbomError, match="package URL"):
        named_by(purl)


def why(document: t.Any, **fields: t.Any) -> tuple[str, ...]:
    keep_list = parse_keep_list(json.dumps(document), "sbom.json", lambda text, _label: json.loads(text))
    return combine([keep_list], NOW)(package(7, **fields))


def cyclonedx(*purls: str) -> dict[str, t.Any]:
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"name": "x", "purl": p} for p in purls]}


@pytest.mark.parametrize(
    ("purl", "package_type", "name", "version", "kept"),
    [
        ("pkg:npm/%40acme/ui@1.0.7", "npm", "@acme/ui", "1.0.7", True),
        ("pkg:npm/%40acme/ui@1.0.7", "npm", "@acme/ui", "1.0.8", False),
        ("pkg:npm/%40acme/ui@1.0.7", "generic", "@acme/ui", "1.0.7", False),
        ("pkg:npm/%40acme/ui", "npm", "@acme/ui", "1.0.8", True),
        ("pkg:pypi/acme.tools@1.0", "pypi", "Acme_Tools", "1.0.0", True),
        ("pkg:nuget/acme.reports@1.0.0-RC", "nuget", "Acme.Reports", "1.0.0-rc", True),
        ("pkg:maven/com.acme/app@1.0-20260101.120000-3", "maven", "com/acme/app", "1.0-SNAPSHOT", True),
        ("pkg:maven/com.acme/app@1.0", "maven", "com/acme/app", None, False),
        ("pkg:maven/com.acme/app", "maven", "com/acme/app", None, True),
        ("pkg:conan/zlib@1.3", "conan", "zlib/1.3@acme/stable", "1.3", True),
        ("pkg:conan/zlib@1.3", "conan", "zlib/1.4@acme/stable", "1.4", False),
    ],
)
def test_what_is_used_is_kept(purl: str, package_type: str, name: str, version: str | None, kept: bool) -> None:
    found = why(cyclonedx(purl, purl), package_type=package_type, name=name, version=version)
    assert found == (("used: sbom.json",) if kept else ())


def test_cyclonedx_counts_nested_components_and_its_own() -> None:
    inner = {"name": "c", "purl": "pkg:npm/c@1"}
    document = {
        "bomFormat": "CycloneDX",
        "metadata": {"component": {"purl": "pkg:npm/root@1", "components": [{"purl": "pkg:npm/part@1"}]}},
        "components": [
            {"name": "no purl"},
            {"purl": "pkg:npm/a@1", "components": [{"name": "b", "components": [inner]}]},
        ],
    }
    assert used_by(document) == [Used("npm", name, "1") for name in ("root", "part", "a", "c")]


def test_spdx() -> None:
    purl = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/a@1"}
    cpe = {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a"}
    packages = [{"name": "a", "externalRefs": [cpe, purl]}, {"name": "b"}]
    assert used_by({"spdxVersion": "SPDX-2.3", "packages": packages}) == [Used("npm", "a", "1")]
    graph = [
        {"type": "software_Package", "software_packageUrl": "pkg:npm/a@1"},
        {"type": "software_Package", "externalIdentifier": [{"externalIdentifierType": "cpe23", "identifier": "x"}]},
        {"externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:npm/b@1"}]},
    ]
    document = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}
    assert used_by(document) == [Used("npm", "a", "1"), Used("npm", "b", "1")]


@pytest.mark.parametrize(
    "packages",
    [
        {
            "": {"name": "root", "version": "1.0.0"},
            "packages/own": {"name": "@acme/own", "version": "1.0.0"},
            "node_modules/@acme/own": {"resolved": "packages/own", "link": True},
            "node_modules/@acme/ui": {"version": "1.2.3"},
            "node_modules/alias": {"name": "@acme/real", "version": "2.0.0"},
            "node_modules/a/node_modules/@acme/deep": {"version": "3.0.0", "dev": True},
        }
    ],
)
def test_package_lock_of_version_3(packages: dict[str, t.Any]) -> None:
    assert used_by({"name": "root", "lockfileVersion": 3, "packages": packages}) == [
        Used("npm", "@acme/ui", "1.2.3"),
        Used("npm", "@acme/real", "2.0.0"),
        Used("npm", "@acme/deep", "3.0.0"),
    ]


def test_package_lock_of_version_1() -> None:
    dependencies = {
        "@acme/ui": {"version": "1.2.3", "dependencies": {"deep": {"version": "3.0.0"}}},
        "alias": {"version": "npm:@acme/real@2.0.0"},
        "own": {"version": "file:packages/own"},
        "git": {"version": "git+ssh://git@gitlab.example.com/acme/git.git#abc"},
    }
    assert used_by({"lockfileVersion": 1, "dependencies": dependencies}) == [
        Used("npm", "@acme/ui", "1.2.3"),
        Used("npm", "@acme/real", "2.0.0"),
        Used("npm", "deep", "3.0.0"),
    ]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (cyclonedx(), "it is a CycloneDX document without any package URL"),
        ({"bomFormat": "CycloneDX"}, "it is a CycloneDX document without any package URL"),
        ({"bomFormat": "CycloneDX", "components": {}}, "its components is no list"),
        (cyclonedx("npm/a@1"), "the package URL 'npm/a@1' cannot be read"),
        ({"spdxVersion": "SPDX-2.3", "packages": []}, "it is an SPDX document without any package URL"),
        ({"lockfileVersion": 3, "packages": {"": {"version": "1.0.0"}}}, "a package-lock.json without any package"),
        ({"lockfileVersion": 3, "packages": []}, "its packages is no mapping"),
    ],
)
def test_what_is_refused(document: t.Any, message: str) -> None:
    with pytest.raises(SbomError, match=message):
        used_by(document)


def test_what_is_neither() -> None:
    for document in ([], {}, {"packages": []}, "x", None):
        assert used_by(document) is None


def test_a_missing_packageurl_matters_only_to_package_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "packageurl", None)
    lock = {"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}
    assert used_by(lock) == [Used("npm", "a", "1.0.0")]
    with pytest.raises(ImportError, match="packageurl"):
        used_by(cyclonedx("pkg:npm/a@1"))


# --- as real tools write them -------------------------------------------------------------------------------------


def test_an_sbom_of_cyclonedx_py(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("acme-tools==1.0\nAcme.Reports==2.0.0rc1\n")
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(requirements), "--output-format", "JSON"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    document = json.loads(done.stdout)
    assert why(document, package_type="pypi", name="acme_tools", version="1.0.0") == ("used: sbom.json",)
    assert why(document, package_type="pypi", name="Acme.Reports", version="2.0rc1") == ("used: sbom.json",)
    assert why(document, package_type="pypi", name="acme-tools", version="1.1") == ()


LOCK: dict[str, t.Any] = {
    "name": "shop",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {"name": "shop", "version": "1.0.0", "dependencies": {"@acme/ui": "^1.0.0", "pad": "npm:left-pad@1.3.0"}},
        "node_modules/@acme/ui": {"version": "1.0.7"},
        "node_modules/pad": {"name": "left-pad", "version": "1.3.0"},
    },
}


@pytest.mark.parametrize("kind", ["package-lock", "cyclonedx", "spdx"])
def test_what_npm_writes(kind: str, tmp_path: Path) -> None:
    document = LOCK
    npm = shutil.which("npm")
    if kind != "package-lock" and npm is not None:
        (tmp_path / "package.json").write_text(json.dumps({**LOCK["packages"][""]}))
        (tmp_path / "package-lock.json").write_text(json.dumps(LOCK))
        command = [npm, "sbom", "--package-lock-only", f"--sbom-format={kind}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        document = json.loads(done.stdout)
    assert why(document) == ("used: sbom.json",)
    assert why(document, name="left-pad", version="1.3.0") == ("used: sbom.json",)
    assert why(document, name="pad", version="1.3.0") == ()
    assert why(document, version="1.0.8") == ()
