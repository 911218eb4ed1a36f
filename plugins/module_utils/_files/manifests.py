# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests: what an archive says of a package, and which of them are meant. Pure.

A manifest is a dict: ``format_version``, ``archived_at`` (UTC), ``server`` (the API's address), ``kind`` (``package``,
or ``files`` for some files of a package that stays), ``project`` (``id``, ``path``), ``package`` (E3's body without
``versions``), ``pipelines`` (E5's; null where they could not be read), ``files`` (each ``file``: E4's entry,
``sha256``, ``size``), ``restore`` (``possible``, ``reason``, ``data``) and ``why`` (``rule``, ``reason``,
``plan_digest``, ``run``).
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files.names import is_sha256, manifest_path
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.selection import has_name, match_glob
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.times import moment

Manifest = dict[str, t.Any]

FORMAT_VERSION = "1.0"
#: More than a manifest ever holds: some thousand files.
MOST_BYTES = 64 * 2**20
_TEXT = (str, type(None))
_SHAPE: dict[str, dict[str, t.Any]] = {
    "": {"archived_at": str, "server": str, "project": dict, "package": dict, "files": list},
    "project": {"id": int, "path": _TEXT},
    "package": {"id": int, "name": str, "package_type": str, "version": _TEXT},
    "restore": {"possible": bool, "reason": _TEXT, "data": dict},
    "why": {"rule": _TEXT, "reason": _TEXT, "plan_digest": _TEXT, "run": _TEXT},
}


class NotAManifest(ValueError):
    """Why a file is no manifest, as the end of a sentence."""


@dataclass(frozen=True)
class Wanted:
    """Which manifests are meant; None: all. ``project`` is a glob on the path or the ID, the others are globs too."""

    project: str | None = None
    package_type: str | None = None
    name: str | None = None
    version: str | None = None
    plan_digest: str | None = None
    ids: frozenset[int] | None = None

    def means(self, manifest: Manifest) -> bool:
        """Whether it is one of those meant. A versionless package has no version that a glob matches."""
        package, project, version = manifest["package"], manifest["project"], manifest["package"].get("version")
        if self.project not in (None, str(project["id"])) and not match_glob(self.project, project["path"] or ""):
            return False
        if not match_glob(self.package_type, package["package_type"]):
            return False
        if not match_glob(self.name, package["name"]) and not has_name(package, self.name or ""):
            return False
        if self.version is not None and (version is None or not match_glob(self.version, version)):
            return False
        if self.plan_digest not in (None, manifest["why"]["plan_digest"]):
            return False
        return self.ids is None or package["id"] in self.ids


def write(manifest: Manifest) -> bytes:
    """A manifest as JSON, the same for the same manifest; no text of it can break a line or a terminal."""
    return (json.dumps(manifest, ensure_ascii=True, indent=1) + "\n").encode("ascii")


def read(data: bytes | None, path: str) -> Manifest:
    """The manifest in a file. Raises :class:`NotAManifest`, also where it says to be another package's."""
    if data is None:
        raise NotAManifest("is longer than any manifest")
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError):
        raise NotAManifest("is no JSON") from None
    if not isinstance(manifest, dict):
        raise NotAManifest("is no manifest")
    refuse_newer(manifest.get("format_version"))
    for name, fields in _SHAPE.items():
        _check(manifest.get(name) if name else manifest, fields, name)
    if manifest.get("kind") not in ("package", "files"):
        raise NotAManifest("is of no known kind")
    for file in manifest["files"]:
        _check(file, {"file": dict, "sha256": str, "size": int}, "files")
        _check(file["file"], {"id": int, "file_name": str}, "files")
        if not is_sha256(file["sha256"]):
            raise NotAManifest("names a content by what is no SHA-256")
    if moment(manifest["archived_at"]) is None:
        raise NotAManifest("has no readable time")
    if path != manifest_path(manifest, suffix_of(path)):
        raise NotAManifest("does not lie where the package that it names belongs")
    return t.cast(Manifest, manifest)


def refuse_newer(version: t.Any) -> None:
    """Raise :class:`NotAManifest` for a format of another major."""
    if not isinstance(version, str) or not version.partition(".")[0].isdigit():
        raise NotAManifest("has no format_version")
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise NotAManifest(
            f"is of format {version[:20]}, and this release reads format {FORMAT_VERSION}: it needs a newer release"
        )


def suffix_of(path: str) -> str:
    """What follows the package's ID in a manifest's name: nothing for the latest manifest of a whole package."""
    name = path.rpartition("/")[2]
    return f".{name.partition('.')[2]}".removesuffix(".json") if name.count(".") > 1 else ""


def files_suffix(manifest: Manifest) -> str:
    """The suffix of a manifest of some files: others of the same package lie beside it."""
    ids = json.dumps(sorted(file["file"]["id"] for file in manifest["files"]))
    return f".files-{hashlib.sha256(ids.encode()).hexdigest()[:16]}"


def older_suffix(manifest: Manifest) -> str:
    """The suffix of a manifest whose place another one of its package takes."""
    return f".{hashlib.sha256(write(manifest)).hexdigest()[:16]}"


def contents(manifest: Manifest) -> set[tuple[int, str]]:
    """The files that a manifest holds: IDs and SHA-256."""
    return {(file["file"]["id"], file["sha256"]) for file in manifest["files"]}


def facts(path: str, manifest: Manifest) -> dict[str, t.Any]:
    """What a manifest says, for a reader; ``path`` is where it lies in its archive."""
    package, project, why = manifest["package"], manifest["project"], manifest["why"]
    files = [{"file_name": f["file"]["file_name"], "size": f["size"], "sha256": f["sha256"]} for f in manifest["files"]]
    return {
        "id": package["id"],
        "project_id": project["id"],
        "project_path": project["path"],
        "name": package["name"],
        "version": package.get("version"),
        "package_type": package["package_type"],
        "kind": manifest["kind"],
        "archived_at": manifest["archived_at"],
        "files": files,
        "size": sum(file["size"] for file in files),
        "restorable": manifest["restore"]["possible"],
        "reason": manifest["restore"]["reason"],
        "rule": why["rule"],
        "plan_digest": why["plan_digest"],
        "run": why["run"],
        "manifest": path,
    }


def _check(value: t.Any, fields: t.Mapping[str, t.Any], name: str) -> None:
    where = f"{name}." if name else ""
    if not isinstance(value, dict):
        raise NotAManifest(f"has no {name}")
    for key, kinds in fields.items():
        found = value.get(key)
        if not isinstance(found, kinds) or (isinstance(found, bool) and kinds is not bool):
            raise NotAManifest(f"has no {where}{key} of the kind that is due")
