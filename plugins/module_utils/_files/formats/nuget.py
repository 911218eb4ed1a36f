# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""NuGet packages: name, version and file names come from the nuspec inside. HTTP Basic, and a numeric project."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.base import (
    Data,
    Entry,
    Format,
    Manifest,
    OpenBlob,
    Package,
    Target,
    content_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.contents import text_in_zip
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import multipart
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi

_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)


class Nuget(Format):
    """``PUT …/nuget``, and ``…/nuget/symbolpackage`` for symbols."""

    names_files = False
    takes_more = True
    in_background = True

    def collect(
        self, api: PackagesApi, project_id: int, package: Package, entries: t.Sequence[Entry], open_blob: OpenBlob
    ) -> dict[str, t.Any]:
        packages = _with(entries, ".nupkg")
        if len(packages) != 1:
            return {}
        with open_blob(packages[0]["sha256"]) as file:
            document = text_in_zip(file, lambda name: "/" not in name and name.lower().endswith(".nuspec"))
        return {"nuspec": _identity(document)}

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        packages = _with(entries, ".nupkg")
        if len(packages) != 1:
            return f"it has {len(packages)} files .nupkg, and one is a package"
        if data is None:
            return None
        nuspec = data.get("nuspec")
        if not isinstance(nuspec, dict):
            return "its file is no NuGet package with a nuspec that can be read"
        if nuspec.get("id") != package["name"] or nuspec.get("version") != package.get("version"):
            return "its nuspec names another package, or another version, than GitLab does"
        return None

    def sent(self, entries: t.Sequence[Entry]) -> list[Entry]:
        # Symbols need their package; a nuspec and files of symbols are taken out by GitLab itself.
        return [*_with(entries, ".nupkg"), *_with(entries, ".snupkg")]

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        name = entry["file"]["file_name"]
        path = "/nuget/symbolpackage" if name.lower().endswith(".snupkg") else "/nuget"
        body, kind = multipart({}, "package", name, content_of(to, entry))
        to.registries.publish("PUT", to.project_id, path, body, {"Content-Type": kind}, basic=True)


def _with(entries: t.Sequence[Entry], suffix: str) -> list[Entry]:
    return [entry for entry in entries if entry["file"]["file_name"].lower().endswith(suffix)]


def _identity(document: bytes | None) -> dict[str, str] | None:
    # Entities are for a bomb: a nuspec has none.
    if document is None or _DOCTYPE.search(document):
        return None
    try:
        root = ElementTree.fromstring(document)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    return {key: (root.findtext(f"{{*}}metadata/{{*}}{key}") or "").strip() for key in ("id", "version")}
