# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages for the browser tests: real version histories, invented sizes and projects, and hostile names."""

from __future__ import annotations

import json
import random
import typing as t
from datetime import datetime, timedelta, timezone
from pathlib import Path

HISTORIES = Path(__file__).resolve().parents[1] / "sandbox" / "seeds" / "histories"
NOW = datetime(2026, 11, 21, 20, 0, tzinfo=timezone.utc)
HOSTILE = [
    "<script>document.title='owned'</script>",
    "{{ lookup('pipe','id') }}",
    '"><img src=https://example.com/x onerror=document.title="owned">',
    "safe\u202egpj.exe",
    "W" * 255,
    "</script><style>*{display:none}</style>",
    "[link](https://example.com)|`code`",
    "🦊 package",
]

Json = dict[str, t.Any]


def packages(*, sizes: bool = True) -> list[Json]:
    """Some 3,000 packages of six projects; the same ones at each call."""
    chance = random.Random(1)
    made: list[Json] = []

    def add(project: tuple[int, str], kind: str, name: str, version: str, created: datetime, **more: t.Any) -> None:
        number = len(made) + 1
        size, copies = more.get("size", 1000), more.get("copies", 1)
        downloaded = created + timedelta(days=chance.expovariate(1 / 200)) if chance.random() < 0.5 else None
        package: Json = {
            "id": number,
            "project_id": project[0],
            "project_path": project[1],
            "package_type": kind,
            "name": name,
            "version": version,
            "status": more.get("status", "default"),
            "created_at": written(created),
            "last_downloaded_at": None if downloaded is None else written(min(downloaded, NOW)),
            # GitLab has pages of packages that can be installed only.
            "web_url": None if more.get("status") else f"https://gitlab.example.com/{project[1]}/-/packages/{number}",
        }
        if sizes:
            item = {"file_name": f"{version}.tgz", "size": int(size), "created_at": package["created_at"]}
            package["files"] = [{"id": number * 10 + copy, **item} for copy in range(copies)]
        made.append(package)

    for number, path in enumerate(sorted(HISTORIES.glob("*.json"))):
        history = json.loads(path.read_text())
        for version, published in history["versions"][::2]:
            size = 10 ** (5 + number) * chance.uniform(0.5, 2)
            project = (number, f"acme/web/{history['name']}")
            add(project, "npm", history["name"], version, datetime.fromisoformat(published), size=size)
    for number in range(240):
        created = NOW - timedelta(days=3 * number)
        project = (50, "acme/backend/billing-service")
        add(project, "maven", "com/acme/billing-core", f"4.{number}-SNAPSHOT", created, size=4e7, copies=1 + number % 3)
    for number in range(5):
        created = NOW - timedelta(days=40 * number)
        add((50, "acme/backend/billing-service"), "nuget", "Acme.Broken", f"1.0.{number}", created, status="error")
    for name in HOSTILE:
        project = (60, "acme/" + "a-long-group-name/" * 8 + "hostile")
        for number in range(60):
            created = NOW - timedelta(days=600 + number)
            add(project, "generic", name, f"{number}.0", created, size=2e8 if number < 3 else 10, copies=1 + number % 2)
    return made


def plan(listed: list[Json]) -> Json:
    """A plan that deletes the snapshots, nightlies and broken uploads, and explains what it keeps."""
    delete, keep = [], []
    for package in listed:
        version = package["version"]
        words = {"SNAPSHOT": "snapshots", "nightly": "nightlies", "canary": "canaries"}
        rule = next((rule for word, rule in words.items() if word in version), None)
        rule = "broken uploads" if package["status"] == "error" else rule
        if rule is None:
            keep.append({"id": package["id"], "rule": None, "reasons": ["no rule matches"]})
        elif package["id"] % 9 == 0:
            keep.append({"id": package["id"], "rule": rule, "reasons": ["latest 1 of 3"]})
        else:
            delete.append({"id": package["id"], "rule": rule, "reason": "not among the latest 3, and older than 14d"})
    return {"created_at": written(NOW), "digest": "sha256:" + "0" * 64, "summary": {}, "delete": delete, "keep": keep}


def written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
