# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generic packages (registries, A): any files, equal names in the order in which they came."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ansible_collections.registryops.gitlab.plugins.module_utils._files.formats.base import (
    Data,
    Entry,
    Format,
    Manifest,
    Package,
    Target,
    content_of,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import Body, raw
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.registries_api import RegistriesApi

NAME = re.compile(r"[A-Za-z0-9._+-]+")
#: 18.x: also ``~`` and ``@``, neither first nor last. A folder before it is kept percent-encoded.
_FILE_NAME = re.compile(r"[A-Za-z0-9._+-](?:[A-Za-z0-9._+~@-]*[A-Za-z0-9._+-])?")


class Generic(Format):
    """See the contract, A."""

    takes_more = True

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        wrong = wrong_names(package["name"], package.get("version"), [entry["file"]["file_name"] for entry in entries])
        return wrong or ("it has no files: the registry keeps no package without one" if not entries else None)

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        package = manifest["package"]
        body = raw(content_of(to, entry))
        publish(to.registries, to.project_id, package["name"], package["version"], entry["file"]["file_name"], body)


def publish(
    registries: RegistriesApi,
    project_id: int,
    name: str,
    version: str,
    file_name: str,
    body: Body,
    status: str | None = None,
) -> t.Any:
    """G1: publish one file, and return its row. ``status`` hides the package (``hidden``) or shows it (``default``)."""
    # A folder before the name is kept encoded in it.
    parts = [name, version, *file_name.replace("%2F", "/").split("/")]
    path = "".join(f"/{urllib.parse.quote(part, safe='@~')}" for part in parts)
    params = {"select": "package_file", **({"status": status} if status else {})}
    return registries.publish("PUT", project_id, f"/generic{path}", body, params=params).data


def wrong_names(name: str, version: str | None, file_names: t.Iterable[str]) -> str | None:
    """What of these names the registry does not take; None: nothing."""
    for what, text in (("name", name), ("version", version or "")):
        if not NAME.fullmatch(text) or ".." in text or text == ".":
            return f"its {what} {text!r} is none that GitLab's generic registry takes (A-Z a-z 0-9 . _ - +)"
    for file_name in file_names:
        *folders, last = file_name.replace("%2F", "/").split("/")
        right = all(NAME.fullmatch(folder) for folder in folders) and _FILE_NAME.fullmatch(last)
        if not right or ".." in file_name or "." in (*folders, last):
            return f"the file name {file_name!r} is none that GitLab's generic registry takes (A-Z a-z 0-9 . _ - + ~ @)"
    return None
