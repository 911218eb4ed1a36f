# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm charts: they lie in a channel, which no call tells: it is looked for in the indexes of those in use."""

from __future__ import annotations

import threading
import typing as t
import weakref

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
from ansible_collections.registryops.gitlab.plugins.module_utils._files.upload_bodies import multipart
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.registries_api import RegistriesApi

#: GitLab's documentation says ``stable``; the others are what people call theirs.
CHANNELS = ("stable", "devel", "dev", "edge", "beta", "latest", "testing", "incubator")
#: A channel's index, in bytes: more is not read.
MOST = 100 * 1000 * 1000


class Helm(Format):
    """``POST …/helm/api/<channel>/charts``; Basic, and taken apart in the background."""

    names_files = False
    takes_more = True
    in_background = True

    def collect(
        self, api: PackagesApi, project_id: int, package: Package, entries: t.Sequence[Entry], open_blob: OpenBlob
    ) -> dict[str, t.Any]:
        channels: dict[str, str | None] = {}
        charts = True
        for entry in entries:
            channels[str(entry["file"]["id"])] = _channel_of(api, project_id, entry["sha256"])
            with open_blob(entry["sha256"]) as file:
                charts = charts and "Chart.yaml" in (texts_in_tar(file, ("Chart.yaml",)) or {})
        known = {channel for channel in channels.values() if channel}
        # An index names of each version the newest file only: the older ones are taken to be where that one is.
        assumed = [file_id for file_id, channel in channels.items() if channel is None] if len(known) == 1 else []
        channels.update(dict.fromkeys(assumed, next(iter(known), None)))
        return {"channels": channels, "assumed": assumed, "charts": charts}

    def why_not(self, package: Package, entries: t.Sequence[Entry], data: Data) -> str | None:
        if not entries:
            return "it has no files: the registry keeps no package without one"
        if data is None:
            return None
        if not data.get("charts"):
            return "its file is no chart with a Chart.yaml that can be read"
        channels = data.get("channels") or {}
        if any(not channels.get(str(entry["file"]["id"])) for entry in entries):
            return f"GitLab does not tell its channel, which is none of {', '.join(CHANNELS)}"
        return None

    def lost(self, manifest: Manifest) -> list[str]:
        assumed = manifest["restore"]["data"].get("assumed")
        return [*super().lost(manifest), *(["channel of an older file"] if assumed else [])]

    def send(self, to: Target, manifest: Manifest, entry: Entry) -> None:
        file = entry["file"]
        channel = manifest["restore"]["data"]["channels"][str(file["id"])]
        body, kind = multipart({}, "chart", file["file_name"], content_of(to, entry))
        to.registries.publish(
            "POST", to.project_id, f"/helm/api/{channel}/charts", body, {"Content-Type": kind}, basic=True
        )


#: The indexes that were read, of each project and channel, as long as its API is used.
_read: weakref.WeakKeyDictionary[PackagesApi, dict[tuple[int, str], bytes]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def _channel_of(api: PackagesApi, project_id: int, sha256: str) -> str | None:
    """The channel whose index names the file, by its SHA-256."""
    return next((name for name in CHANNELS if sha256.encode() in _index(api, project_id, name)), None)


def _index(api: PackagesApi, project_id: int, channel: str) -> bytes:
    with _lock:
        known = _read.setdefault(api, {})
        if (project_id, channel) not in known:
            data = bytearray()

            def start() -> t.Callable[[bytes], object]:
                data.clear()
                return data.extend

            RegistriesApi(api.client).download(project_id, f"/helm/{channel}/index.yaml", start, MOST, basic=True)
            known[project_id, channel] = bytes(data)
        return known[project_id, channel]
