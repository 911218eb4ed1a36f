# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages and the modules' examples show is run as it stands, against the registry of the demo.

The cookbook, the tables of retention, the pipeline and the registry as code have tests of their own.
"""

from __future__ import annotations

import re
import shutil
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.registryops.gitlab.tests.integration.conftest import ROOT, run_process
from ansible_collections.registryops.gitlab.tests.integration.seeds import package, seed
from gitlab_sandbox.testing import Sandbox

PAGES = (
    "README.md",
    *(f"docs/{page}.md" for page in ("getting-started", "authentication", "facts", "releases", "deletes", "undo")),
    "docs/many-registries.md",
    *(f"roles/{role}/README.md" for role in ("package_audit", "package_cleanup")),
)
#: Commands of the set-up, which CI itself runs, and what needs a GitLab or a container engine.
SET_UP = ("make ", "pip install ", "ansible-galaxy collection install ", "ansible-builder ", "export ")
#: How blocks begin that show what is printed.
PRINTED = ("TASK ", "---", "GitLab ignores ")
#: The file that a page goes on to use has its name in its first line; or it is the first playbook, by this name.
NAMED = re.compile(r"# (\S+\.yml)\n")
SAVED_AS = "cleanup.yml"
#: Modules whose examples are run here, in an order in which what one deletes is not looked for by the next. Those of
#: the others are run where they belong: test_undo_examples.py, test_governance.py.
PLUGINS = (
    "lookup/packages",
    "modules/package_info",
    "modules/package_file_info",
    "modules/package_report",
    "modules/package_retention_info",
    "modules/package_archive",
    "modules/package_archive_info",
    "modules/package_retention",
    "modules/package_file",
    "modules/package",
)
POLICY = "rules:\n  - {name: old, match: {name: ['@acme/ui', app]}, keep_latest: 1}\n"
Task = dict[str, t.Any]


def blocks(page: str) -> list[tuple[str, str]]:
    """The fenced blocks of a page: their language, and their text."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def plays_of(text: str) -> list[dict[str, t.Any]]:
    """A block as plays; tasks become one."""
    loaded = yaml.safe_load(text)
    if "hosts" in loaded[0]:
        return t.cast("list[dict[str, t.Any]]", loaded)
    return [{"hosts": "localhost", "gather_facts": False, "tasks": loaded}]


def examples(plugin: str, here: Path) -> list[Task]:
    """The tasks of a plugin's examples, but for those that need S3: test_archive.py has a server for it."""
    text = (ROOT / f"plugins/{plugin}.py").read_text(encoding="utf-8")
    tasks = yaml.safe_load(placed(text.partition('EXAMPLES = r"""')[2].partition('"""')[0], here))
    return [task for task in tasks if "s3://" not in str(task)]


@pytest.fixture
def here(tmp_path: Path, certificate: tuple[Path, Path]) -> Path:
    """A working directory that has what the snippets take for granted."""
    for name in ("policy", "shop", "backend"):
        (tmp_path / f"{name}.yml").write_text(POLICY, encoding="utf-8")
    for folder in ("archive", "build", "mirror", "reports"):
        (tmp_path / folder).mkdir()
    (tmp_path / "build/setup.exe").write_bytes(b"new")
    shutil.copy(certificate[0], tmp_path / "company-ca.pem")
    return tmp_path


def run(sandbox: Sandbox, here: Path, command: list[str], **env: str) -> str:
    given = {"GITLAB_API_URL": sandbox.api_url, "GITLAB_TOKEN": "glpat-mia", "CI_PROJECT_PATH": "acme/web/shop"}
    done = run_process(command, here, **given, **env)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "glpat-mia" not in said
    return said


def demo_registry() -> dict[str, t.Any]:
    """The registry of the demo, but of the thousands of mirrored packages only some."""
    made: dict[str, t.Any] = yaml.safe_load((ROOT / "tests/sandbox/seeds/demo.yml").read_text(encoding="utf-8"))
    (mirror,) = (project for project in made["projects"] if "histories" in project)
    del mirror["histories"]
    mirror["packages"] = [package("react", f"19.{minor}.0", "npm") for minor in range(12)]
    return made


def placed(text: str, here: Path) -> str:
    """A snippet with this directory in place of the ones that it names."""
    return re.sub(r"(?<= )/(etc/ssl/certs|srv|tmp)\b", str(here), text)


def before(here: Path, plays: str) -> dict[str, t.Any]:
    """A play that makes what these plays take for granted: an earlier report, a plan."""
    tasks: list[Task] = []
    if "compare_with" in plays:
        options = {"groups": ["acme"], "formats": ["json"], "dest": str(here / "reports")}
        tasks.append({"registryops.gitlab.package_report": options})
    if "plan_file" in plays:
        policy = {"rules": [{"name": "caches", "match": {"name": "build-cache"}, "delete_all": True}]}
        options = {"project": "acme/platform/infrastructure", "policy": policy}
        tasks.append({"registryops.gitlab.package_retention_info": options, "register": "made"})
        content = {"content": "{{ made.plan | to_json }}", "dest": str(here / "plan.json"), "mode": "0600"}
        tasks.append({"ansible.builtin.copy": content})
    return {"hosts": "localhost", "gather_facts": False, "tasks": tasks}


@pytest.mark.parametrize("page", PAGES)
def test_a_page(start: t.Callable[..., Sandbox], here: Path, page: str) -> None:
    sandbox = start(demo_registry())
    plays: list[dict[str, t.Any]] = []
    commands: list[str] = []
    for language, text in blocks(page):
        named = NAMED.match(text)
        if named:
            (here / named[1]).write_text(text, encoding="utf-8")
        elif language == "yaml" and not text.startswith(" "):  # a line of a play is no play
            found = plays_of(placed(text, here))
            plays += found
            saved = here / SAVED_AS
            if not saved.exists():
                saved.write_text(yaml.safe_dump(found, sort_keys=False), encoding="utf-8")
        elif not language:
            lines = text.replace("\\\n", " ").splitlines()
            if not lines[0].startswith(SET_UP + PRINTED):
                commands += lines
    for command in commands:
        words = yaml.safe_load("[" + ", ".join(re.findall(r'"[^"]*"|\S+', command)) + "]")
        assert words[0] in ("ansible", "ansible-playbook"), command
        run(sandbox, here, [str(word) for word in words])
    if not plays:
        return
    whole = here / "page.yml"
    whole.write_text(yaml.safe_dump([before(here, str(plays)), *plays], sort_keys=False), encoding="utf-8")
    said = run(sandbox, here, ["ansible-playbook", str(whole), "--diff"])
    assert "[WARNING]" not in said


def test_the_examples_of_the_modules(start: t.Callable[..., Sandbox], here: Path) -> None:
    exe = [{"file_name": "setup.exe", "content": "old"}, {"file_name": "setup.exe", "content": "newer"}]
    jars = [{"file_name": f"shop-1.0-{day}.jar", "created_at": f"2025-01-{day}T10:00:00.000Z"} for day in (10, 11)]
    notes = [{"file_name": "ui.tgz", "content": "ui"}, {"file_name": "notes.txt", "content": "notes"}]
    sandbox = start(
        seed(
            package("com/acme/shop", "1.0-SNAPSHOT", "maven", id=7, files=jars),
            *(package("@acme/ui", version, "npm", files=notes) for version in ("1.4.0", "2.0.0-rc.1")),
            *(package("installer", version, files=exe) for version in ("1.9.0", "2.0.1")),
            *(package("old-tool", version) for version in ("1", "2")),
            package("broken", status="error"),
            *(package(name, kind="npm") for name in ("@acme/nightly", "acme/core-js")),
            projects=[{"path": "acme/tools", "id": 43, "packages": [package("@acme/nightly", kind="npm")]}],
        )
    )
    tasks = [task for plugin in PLUGINS for task in examples(plugin, here)]
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"approved": "{{ retention }}"}, "tasks": tasks}
    (here / "examples.yml").write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    said = run(sandbox, here, ["ansible-playbook", str(here / "examples.yml")])
    assert "[WARNING]" not in said
    # What each example deletes is there, and nothing else goes.
    packages = sandbox.state()["packages"]
    assert (packages["pending_destruction"], packages["default"], packages["error"]) == (6, 7, 0)
