# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terraform modules: one archive for each version, which GitLab names."""

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


class TerraformModule(Format):
    """``PUT …/terraform/modules/<name>/<system>/<version>/file``."""

    names_files = False

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        if package["name"].count("/") != 1:
            return f"its name {package['name']!r} is not <name>/<system>, as a module's is"
        return None if len(entries) == 1 else f"it has {len(entries)} files, and a module has one"

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        package = manifest["package"]
        parts = [*package["name"].split("/"), package["version"]]
        path = "".join(f"/{urllib.parse.quote(part, safe='')}" for part in parts)
        body = raw(content_of(to, entry))
        to.registries.publish("PUT", to.project_id, f"/terraform/modules{path}/file", body)
