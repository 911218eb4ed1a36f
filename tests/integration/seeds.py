# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds that several integration tests share: who there is, and short words for packages."""

from __future__ import annotations

import typing as t

#: Every role once, and tokens of every kind. ``glpat-gone`` belongs to nobody.
USERS: list[dict[str, t.Any]] = [
    {"username": "root", "admin": True, "tokens": [{"value": "glpat-root"}]},
    {
        "username": "mia",
        "tokens": [{"value": "glpat-mia"}, {"value": "glpat-mia-read", "scopes": ["read_api"]}],
    },
    {"username": "dev", "tokens": [{"value": "glpat-dev"}]},
    {"username": "rep", "tokens": [{"value": "glpat-rep"}]},
    {"username": "gus", "tokens": [{"value": "glpat-gus"}]},
    {"username": "out", "tokens": [{"value": "glpat-out"}]},
]
MEMBERS = {"mia": "maintainer", "dev": "developer", "rep": "reporter", "gus": "guest"}
TYPES = (
    "maven",
    "npm",
    "conan",
    "nuget",
    "pypi",
    "composer",
    "generic",
    "golang",
    "debian",
    "rubygems",
    "helm",
    "terraform_module",
    "rpm",
    "ml_model",
)


def package(name: str, version: str | None = "1.0.0", kind: str = "generic", **more: t.Any) -> dict[str, t.Any]:
    """A package of a seed."""
    return {"name": name, "version": version, "package_type": kind, **more}


def seed(*packages: dict[str, t.Any], projects: t.Sequence[dict[str, t.Any]] = (), **more: t.Any) -> dict[str, t.Any]:
    """A seed whose packages are in the private project ``acme/web/shop`` (42), which once was ``acme/old-shop``.

    ``more`` are further keys of that project, ``projects`` further projects.
    """
    shop = {"path": "acme/web/shop", "id": 42, "moved_from": ["acme/old-shop"], "packages": list(packages), **more}
    return {
        "users": USERS,
        "job_tokens": [{"value": "glcbt-mia", "user": "mia", "project": "acme/web/shop"}],
        "groups": [{"path": "acme", "id": 7, "visibility": "private", "members": MEMBERS}],
        "projects": [shop, *projects],
    }
