# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""npm packages: a tarball in a JSON document, whose metadata is made out of the tarball's ``package.json``.

A tag is on one version of a name. A restore takes none away: where another version has it meanwhile, it stays there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
import urllib.parse

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
from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.contents import texts_in_tar
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import PIECE, base64_in
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Upload
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.listing import list_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import Selection
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

_INSTALLS = ("preinstall", "install", "postinstall")


class Npm(Format):
    """``PUT …/npm/<name>``, then ``PUT …/dist-tags/<tag>`` for each further tag."""

    names_files = False

    def collect(
        self, api: PackagesApi, project_id: int, package: Package, entries: t.Sequence[Entry], open_blob: OpenBlob
    ) -> dict[str, t.Any]:
        if len(entries) != 1:
            return {}
        sha1, sha512 = hashlib.new("sha1", usedforsecurity=False), hashlib.sha512()
        with open_blob(entries[0]["sha256"]) as file:
            for piece in iter(lambda: file.read(PIECE), b""):
                sha1.update(piece)
                sha512.update(piece)
        with open_blob(entries[0]["sha256"]) as file:
            found = texts_in_tar(file, ("package.json", "npm-shrinkwrap.json", "binding.gyp"))
        return {
            "package_json": _described(found),
            "shasum": sha1.hexdigest(),
            "integrity": f"sha512-{base64.b64encode(sha512.digest()).decode()}",
            "tags": _tags(package),
        }

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        if len(entries) != 1:
            return f"it has {len(entries)} files, and npm's registry takes one tarball for a version"
        if data is not None and not isinstance(data.get("package_json"), dict):
            return "its file is no tarball with a package.json that can be read"
        return None

    def lost(self, manifest: Manifest) -> list[str]:
        deprecated = (manifest["restore"]["data"].get("package_json") or {}).get("deprecated")
        return [*super().lost(manifest), *(["deprecation message"] if deprecated else [])]

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        package, data = manifest["package"], manifest["restore"]["data"]
        name, version = package["name"], package["version"]
        taken = _tags_there(to, name)
        free = [tag for tag in data.get("tags") or [] if taken.get(tag, version) == version]
        dist = {"shasum": data["shasum"], "integrity": data["integrity"]}
        document = {
            "_id": name,
            "name": name,
            # A publication has a tag. One of its own does no harm to another version, and goes again.
            "dist-tags": {(free or [_passing_tag(version)])[0]: version},
            "versions": {version: {**data["package_json"], "name": name, "version": version, "dist": dist}},
        }
        key = json.dumps(f"{name}-{version}.tgz")
        head = json.dumps(document)[:-1] + f', "_attachments": {{{key}: {{"content_type": "application/octet-stream", '
        body = base64_in(f'{head}"length": {entry["size"]}, "data": "'.encode(), content_of(to, entry), b'"}}}')
        path = f"/npm/{urllib.parse.quote(name, safe='@')}"
        to.registries.publish("PUT", to.project_id, path, body, {"Content-Type": "application/json"})

    def is_finished(self, to: Target, manifest: Manifest) -> bool:
        there = _tags_there(to, manifest["package"]["name"])
        return all(tag in there for tag in manifest["restore"]["data"].get("tags") or [])

    def finish(self, to: Target, manifest: Manifest) -> list[str]:
        package = manifest["package"]
        name, version = package["name"], package["version"]
        there = _tags_there(to, name)
        said = []
        for tag in manifest["restore"]["data"].get("tags") or []:
            if tag not in there:
                _set_tag(to, name, tag, version)
            elif there[tag] != version:
                said.append(f"the tag {printable(tag)} stays with version {printable(there[tag])}")
        passing = _passing_tag(version)
        if there.get(passing) == version and passing not in (manifest["restore"]["data"].get("tags") or []):
            try:
                to.registries.delete(to.project_id, _tag_path(name, passing))
            except GitlabError as error:
                said.append(f"the tag {passing}, with which it was published, stays: {error.message}")
        return said


def _described(found: t.Mapping[str, bytes] | None) -> dict[str, t.Any] | None:
    """The version's description as ``npm publish`` makes it out of the tarball; None: there is none to be read."""
    try:
        described = json.loads((found or {})["package.json"].decode("utf-8-sig"))
    except (KeyError, ValueError, RecursionError):
        return None
    if not isinstance(described, dict):
        return None
    # What npm adds, and what a client that installs needs.
    name = described.get("name")
    if isinstance(described.get("bin"), str) and isinstance(name, str):
        described["bin"] = {name.rpartition("/")[2]: described["bin"]}
    if "bundledDependencies" in described:
        described.setdefault("bundleDependencies", described.pop("bundledDependencies"))
    if found and "npm-shrinkwrap.json" in found:
        described["_hasShrinkwrap"] = True
    scripts = described.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    if found and "binding.gyp" in found and not {"install", "preinstall"} & scripts.keys():
        described["scripts"] = scripts = {**scripts, "install": "node-gyp rebuild"}
        described["gypfile"] = True
    if any(script in scripts for script in _INSTALLS):
        described["hasInstallScript"] = True
    return t.cast("dict[str, t.Any]", described)


def _tags(package: Package) -> list[str]:
    names = [tag.get("name") if isinstance(tag, dict) else tag for tag in package.get("tags") or ()]
    return [name for name in names if isinstance(name, str)]


def _tags_there(to: Target, name: str) -> dict[str, str]:
    """The version that each tag is on. The call for dist-tags would make up a ``latest`` where there is none."""
    named = Selection(name=name, package_types=("npm",))
    packages = list_packages(to.api, Scope("project", str(to.project_id)), [named])
    return {tag: package["version"] for package in packages for tag in _tags(package)}


def _set_tag(to: Target, name: str, tag: str, version: str) -> None:
    body = json.dumps(version).encode()
    to.registries.publish("PUT", to.project_id, _tag_path(name, tag), lambda: Upload([body], len(body)), _JSON)


_JSON = {"Content-Type": "application/json"}


def _tag_path(name: str, tag: str) -> str:
    return f"/npm/-/package/{urllib.parse.quote(name, safe='@')}/dist-tags/{urllib.parse.quote(tag, safe='')}"


def _passing_tag(version: str) -> str:
    return f"restored-{version.replace('+', '-')}"
