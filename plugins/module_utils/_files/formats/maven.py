# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maven packages: file by file, snapshots with their timestamped names."""

from __future__ import annotations

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
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import raw

#: A file of such a name is compared with what is there, and not kept.
_COMPARED = (".md5", ".sha1")


class Maven(Format):
    """``PUT …/maven/<group path>/<artifact>/<version>/<file>``."""

    takes_more = True

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        if package.get("version") is None:
            return (
                "it holds the list of all versions of the name, which GitLab writes anew as versions come and go: an"
                " old one is not put in its place"
            )
        return None if self.sent(entries) else "it has no files: the registry keeps no package without one"

    def sent(self, entries: t.Sequence[Entry]) -> list[Entry]:
        return [entry for entry in entries if not entry["file"]["file_name"].endswith(_COMPARED)]

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        package = manifest["package"]
        parts = [*package["name"].split("/"), package["version"], entry["file"]["file_name"]]
        path = "".join(f"/{urllib.parse.quote(part, safe='@+~')}" for part in parts)
        to.registries.publish("PUT", to.project_id, f"/maven{path}", raw(content_of(to, entry)))
