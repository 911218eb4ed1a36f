# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the modules that fetch, publish and restore do what they say."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, Run
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox


def examples(module: str, folder: Path) -> list[dict[str, t.Any]]:
    """The tasks of a module's page, with this folder for /srv; those of them that are the module's own."""
    text = (ROOT / "plugins/modules" / f"{module}.py").read_text(encoding="utf-8")
    page = text.partition('EXAMPLES = r"""')[2].partition('"""')[0]
    tasks = yaml.safe_load(page.replace("/srv", str(folder)))
    own = [{key: value for key, value in task.items() if key not in ("name", "register")} for task in tasks]
    return [task for task in own if f"registryops.gitlab.{module}" in task]


def test_they_run(start: t.Callable[..., Sandbox], playbook: t.Callable[..., Run], tmp_path: Path) -> None:
    lab = {"path": "acme/lab", "id": 43}
    jar = package("com/acme/shop", "1.0", "maven", id=7, files=[{"file_name": "shop-1.0.jar", "content": "jar"}])
    installers = [
        package("installer", version, files=[{"file_name": "setup.exe", "content": version}])
        for version in ("1.9.0", "2.0.1")
    ]
    sandbox = start(seed(*installers, jar, projects=[lab]))
    for folder in ("build", "mirror"):
        (tmp_path / folder).mkdir()
    (tmp_path / "build/setup.exe").write_bytes(b"new")
    archive = str(tmp_path / "archive/gitlab")
    policy = {"rules": [{"name": "old", "match": {"name": "installer", "version": "1.*"}, "delete_all": True}]}
    publish = [task for task in examples("package_file", tmp_path) if "present" in str(task)]
    download = examples("package_download", tmp_path)
    one, undo, other = examples("package_restore", tmp_path)
    gone = {"package": {"project": 42, "name": "installer", "version": "1.9.0", "state": "absent"}}
    done = playbook(
        sandbox,
        *download,
        *publish,
        {"package_retention": {"project": 42, "policy": policy, "archive": archive}},
        one,
        gone,
        {**undo, "vars": {"applied": "{{ result_4 }}"}},
        {
            "package_restore": {
                **other["registryops.gitlab.package_restore"],
                "name": "installer",
                "package_type": "generic",
            }
        },
    )
    results = done.results
    assert [result["failed"] for result in results] == [False] * 9, done.output
    assert [result["changed"] for result in results] == [True] * 9
    assert {path.name for path in (tmp_path / "mirror").iterdir()} == {"setup.exe", "shop-1.0.jar"}
    assert [result["file"]["file_name"] for result in results[2:4]] == ["setup.exe", "windows%2Fsetup.exe"]
    assert [results[index]["results"][0]["result"] for index in (5, 7, 8)] == ["restored"] * 3
    assert results[8]["results"][0]["project_id"] == 43
