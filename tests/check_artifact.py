# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the collection as a user gets it: what `make build` has built, and installed in build/installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path, PurePosixPath

import yaml

ROOT = Path(__file__).resolve().parents[1]
COLLECTIONS = ROOT / "build/installed"
INSTALLED = COLLECTIONS / "ansible_collections/registryops/gitlab"
NAME = "registryops.gitlab"
#: The folders of plugins that have pages of their own, by the name that ansible-doc has for them.
PLUGIN_FOLDERS = {"modules": "module", "lookup": "lookup", "filter": "filter", "test": "test", "callback": "callback"}
NOT_FOR_USERS = ("tests", "sandbox", "build", "dist", "Makefile", "pyproject.toml")


def check_contents() -> str:
    """Nothing that is there for developers only. What was installed may have run meanwhile: the archive tells."""
    (archive,) = (ROOT / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        files = [PurePosixPath(name) for name in opened.getnames()]
    odd = [str(f) for f in files if f.name.startswith(".") or f.suffix == ".pyc" or f.parts[0] in NOT_FOR_USERS]
    if odd:
        raise AssertionError(f"holds what it should not: {', '.join(sorted(odd)[:5])}")
    return f"{len(files)} files and folders, none of them a test, a dot file or a Makefile"


def check_version() -> str:
    """The version is the one that the changelog tells of last."""
    built = json.loads((INSTALLED / "MANIFEST.json").read_text())["collection_info"]["version"]
    declared = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    releases = yaml.safe_load((INSTALLED / "changelogs/changelog.yaml").read_text())["releases"]
    newest = max(releases, key=lambda version: [int(part) for part in re.findall(r"\d+", version)])
    if not built == declared == newest:
        raise AssertionError(f"built {built}, galaxy.yml {declared}, changelog {newest}")
    return f"{built}, in galaxy.yml and in the changelog"


def check_plugin_docs() -> str:
    """ansible-doc shows every plugin and role."""
    shown = 0
    for kind, names in _plugins().items():
        command = [Path(sys.executable).with_name("ansible-doc"), "--json", "--type", kind, *names]
        env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"ansible-doc --type {kind}: {' '.join(done.stderr.split())[-300:]}")
        found = json.loads(done.stdout)
        missing = [name for name in names if not found.get(name)]
        if missing:
            raise AssertionError(f"ansible-doc --type {kind} shows nothing of {', '.join(missing)}")
        shown += len(names)
    return f"{shown} plugins and roles documented"


def _plugins() -> dict[str, list[str]]:
    found = {}
    for folder, kind in PLUGIN_FOLDERS.items():
        names = [f"{NAME}.{path.stem}" for path in sorted((INSTALLED / "plugins" / folder).glob("[!_]*.py"))]
        found[kind] = names
    found["role"] = [f"{NAME}.{path.name}" for path in sorted((INSTALLED / "roles").glob("[a-z]*"))]
    return {kind: names for kind, names in found.items() if names}


def check_links() -> str:
    """What README.md, the pages beside it and those in docs/ link to is in the artifact."""
    pages = [*sorted(INSTALLED.glob("*.md")), *sorted((INSTALLED / "docs").glob("*.md"))]
    links = 0
    for page in pages:
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text()):
            links += 1
            if not (page.parent / target).exists():
                raise AssertionError(f"{page.name} links to {target}, which is not there")
    return f"{links} links in {len(pages)} pages lead somewhere"


CHECKS: dict[str, t.Callable[[], str]] = {
    "contents": check_contents,
    "version": check_version,
    "ansible-doc": check_plugin_docs,
    "links": check_links,
}


def main() -> int:
    failed = 0
    for name, check in CHECKS.items():
        try:
            said, word = check(), "ok"
        except (AssertionError, OSError, ValueError, KeyError) as error:
            said, word = f"{type(error).__name__}: {error}".removeprefix("AssertionError: "), "FAILED"
            failed += 1
        sys.stdout.write(f"artifact: {name}: {word}: {said}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
