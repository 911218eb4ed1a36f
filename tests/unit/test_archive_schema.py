# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/schemas/archive.schema.json says what archive.json and a manifest hold."""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import jsonschema
import pytest

Json = dict[str, t.Any]

SCHEMA: Json = json.loads(
    (Path(__file__).parents[2] / "docs" / "schemas" / "archive.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HEAD: Json = {"format_version": "1.0", "server": "https://gitlab.example.com/api/v4"}
MANIFEST: Json = {
    **HEAD,
    "kind": "package",
    "archived_at": "2026-11-20T12:00:00.000Z",
    "project": {"id": 42, "path": "acme/web/shop"},
    "package": {"id": 7, "name": "app", "version": "1.0", "package_type": "generic", "status": "default", "tags": []},
    "pipelines": [{"id": 3, "ref": "main"}],
    "files": [{"file": {"id": 9, "file_name": "app.bin", "size": 3}, "sha256": "0a" * 32, "size": 3}],
    "restore": {"possible": True, "reason": None, "data": {}},
    "why": {"rule": "old", "reason": "latest 2 of 2 (1 kept)", "plan_digest": None, "run": None},
}


def test_it_is_a_schema_of_both_files() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(HEAD)
    VALIDATOR.validate(MANIFEST)
    VALIDATOR.validate({**MANIFEST, "pipelines": None, "files": [], "project": {"id": 42, "path": None}, "more": 1})
    for version in ("2.0", 1, None):
        assert not VALIDATOR.is_valid({**HEAD, "format_version": version})
        assert not VALIDATOR.is_valid({**MANIFEST, "format_version": version})
    for kind in SCHEMA["$defs"].values():
        assert all("description" in value for value in kind["properties"].values() if value)


@pytest.mark.parametrize(
    "way",
    [
        *([key] for key in MANIFEST),
        *([part, key] for part in ("project", "restore", "why") for key in MANIFEST[part]),
        *(["package", key] for key in ("id", "name", "version", "package_type")),
        *(["files", 0, key] for key in ("file", "sha256", "size")),
        *(["files", 0, "file", key] for key in ("id", "file_name")),
    ],
    ids=lambda way: ".".join(map(str, way)),
)
def test_no_key_of_a_manifest_may_be_missing_or_of_another_kind(way: list[t.Any]) -> None:
    *places, key = way
    for change in ("missing", "of another kind"):
        made = copy.deepcopy(MANIFEST)
        inner = made
        for place in places:
            inner = inner[place]
        if change == "missing":
            del inner[key]
        else:
            inner[key] = 7.5
        assert not VALIDATOR.is_valid(made), change
