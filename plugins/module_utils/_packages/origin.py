# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether facts are of the project that a delete names: the same number is another package in another GitLab."""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

Entry = t.Mapping[str, t.Any]


def project_of(api: PackagesApi, project: Scope, entries: t.Sequence[Entry] | None, option: str) -> int:
    """The numeric ID of the project, asked for (E10) where entries hold links, too.

    Raises :class:`InvalidInput` for a fact of another project, as a group's list holds them, and for one of another
    GitLab, as far as it tells; ``option`` is what the entries are an option of.
    """
    facts = [
        (f"{option}[{index}]: ", entry)
        for index, entry in enumerate(entries or ())
        if entry.get("id") is not None or entry.get("package_id") is not None
    ]
    linked = [(where, entry["_links"]) for where, entry in facts if isinstance(entry.get("_links"), dict)]
    placed = [(where, entry["project_path"]) for where, entry in facts if isinstance(entry.get("project_path"), str)]
    own = api.scope(project) if linked or placed else {"id": api.project_id(project)}
    for where, entry in facts:
        if entry.get("project_id") not in (None, own["id"], str(own["id"])):
            raise InvalidInput(f"{where}it is of project {printable(str(entry['project_id']))}, not of {own['id']}")
    named = own.get("path_with_namespace")
    for where, path in placed:
        if isinstance(named, str) and path != named:
            raise InvalidInput(f"{where}it is of project {printable(path)!r}, and this one is {printable(named)!r}")
    servers = {_server(api.client.api_url), _server(own.get("web_url"))} - {""}
    for where, links in linked:
        server = _server(links.get("delete_api_path"))
        if server and server not in servers:
            raise InvalidInput(f"{where}it is of another GitLab: {server}, and api_url is {api.client.api_url}")
        path = _project_path(links.get("web_path"))
        # A GitLab below a path of its host puts that path before the project's.
        if path and isinstance(named, str) and not f"/{path}".endswith(f"/{named}"):
            raise InvalidInput(f"{where}it is of project {printable(path)!r}, and this one is {printable(named)!r}")
    return int(own["id"])


def _server(url: t.Any) -> str:
    """Host and port of an address, "" where there are none."""
    try:
        return printable(urllib.parse.urlsplit(url).netloc.lower()) if isinstance(url, str) else ""
    except ValueError:
        return ""


def _project_path(web_path: t.Any) -> str:
    return web_path.split("/-/")[0].strip("/") if isinstance(web_path, str) and "/-/" in web_path else ""
