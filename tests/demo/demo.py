# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guided tour on a local registry. Every command that it shows is run as it is shown, and its result is checked.

It ends with status 1 if a step does not do what the tour says, and stops the registry in any case. With `--pause` it
waits before each step until Enter is pressed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import typing as t
import urllib.request
from pathlib import Path

from gitlab_sandbox.testing import Sandbox, SandboxError

ROOT = Path(__file__).resolve().parents[2]
SEED = ROOT / "tests/sandbox/seeds/demo.yml"
TOKEN = "glpat-mia"
#: Where the plan and the report are left to be looked at.
RESULTS = ROOT / "build/demo"
WIDTH = 100
#: For one command, in seconds.
TIMEOUT = 120
CONFIG = """
[defaults]
callback_result_format = yaml
deprecation_warnings = false
localhost_warning = false
nocows = true
[inventory]
inventory_unparsed_warning = false
[connection]
pipelining = true
"""


class TourError(Exception):
    """A step did not do what the tour says."""


class Tour:
    """What the steps use: they tell, show, run and check."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self._in_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        config = folder / "ansible.cfg"
        config.write_text(CONFIG)
        inventory = folder / "hosts.yml"
        inventory.touch()
        # Neither the user's settings nor the user's inventory change the tour.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "GITLAB_", "CI_", "PYTHONPATH"))}
        self._environment = {
            **clean,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "ANSIBLE_CONFIG": str(config),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_INVENTORY": str(inventory),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/installed"),
            "ANSIBLE_FORCE_COLOR" if self._in_colour else "ANSIBLE_NOCOLOR": "true",
            "GITLAB_API_URL": sandbox.url,
            "GITLAB_TOKEN": TOKEN,
        }

    def _colour(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._in_colour else text

    def print(self, text: str = "") -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def title(self, text: str) -> None:
        self.print()
        self.print(self._colour("1;36", f"{text}\n{'=' * len(text)}"))

    def tell(self, text: str) -> None:
        self.print()
        self.print(textwrap.fill(" ".join(text.split()), WIDTH))

    def show(self, playbook: str, part: str = "tasks") -> None:
        """One part of a playbook: its tasks, or its variables."""
        text = (ROOT / playbook).read_text().split(f"  {part}:\n", 1)[1]
        lines = itertools.takewhile(lambda line: not line.strip() or line.startswith("    "), text.splitlines())
        self.print()
        self.print(self._colour("2", f"# the {part} in {playbook}"))
        self.print(textwrap.dedent("\n".join(lines)).rstrip())

    def show_whole(self, document: str) -> None:
        """A document of this folder."""
        self.print()
        self.print(self._colour("2", f"# {document}"))
        self.print((ROOT / document).read_text().removeprefix("---\n").rstrip())

    def run(self, command: str) -> str:
        """Run the command as it is shown; what it printed, without colour."""
        self.print()
        self.print(self._colour("1", f"$ {command}"))
        said = ""
        with subprocess.Popen(
            shlex.split(command.replace("\\\n", " ")),
            cwd=ROOT,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            alarm = signal.signal(signal.SIGALRM, lambda *_: process.kill())
            signal.alarm(TIMEOUT)
            try:
                for line in _without_the_second_telling(process.stdout or ()):
                    if _plain(line).strip():
                        gap = "\n" if said.endswith("\n\n") else ""
                        self.print(gap + "\n".join(_wrap(line.rstrip("\n"))))
                    said += _plain(line)
            finally:
                signal.alarm(0)
                signal.signal(signal.SIGALRM, alarm)
                process.terminate()
        return said

    def check(self, holds: bool, what: str) -> None:
        """Raise :class:`TourError` if a step did not do what the tour says."""
        if not holds:
            raise TourError(what)

    def listed(self, project: str, name: str) -> int:
        """How many packages of that name GitLab itself lists, with no Ansible in between."""
        path = f"projects/{project.replace('/', '%2F')}/packages?per_page=100&include_versionless=true"
        request = urllib.request.Request(f"{self.sandbox.api_url}/{path}", headers={"PRIVATE-TOKEN": TOKEN})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return sum(1 for package in json.load(answer) if package["name"] == name)


def _plain(text: str) -> str:
    return re.sub(r"\033\[[0-9;]*m", "", text)


def _without_the_second_telling(lines: t.Iterable[str]) -> t.Iterator[str]:
    """An ad-hoc command tells of a failure twice: as a message with its origin, and in the result. Keep the result."""
    telling = False
    for line in lines:
        plain = _plain(line)
        telling = plain.startswith("[ERROR]: Task failed") or (telling and not plain.startswith("localhost | "))
        if not telling:
            yield line


def _wrap(line: str) -> list[str]:
    """A line of a command's output in lines that fit, with its colour and its indentation."""
    plain = _plain(line)
    if len(plain) <= WIDTH:
        return [line.rstrip()]
    if plain.startswith("localhost  "):  # the recap is a table of one row: it needs no columns
        return [re.sub(r" {2,}", " ", line).rstrip()]
    indent = " " * (len(plain) - len(plain.lstrip()) + 4)
    colour = re.match(r"(?:\033\[[0-9;]*m)*", line)
    start = colour.group() if colour else ""
    return [
        f"{start}{part}\033[0m" if start else part
        for part in textwrap.wrap(plain, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    ]


# --- the steps -----------------------------------------------------------------------------------------------


def facts(tour: Tour) -> None:
    """What there is, and an exact name where GitLab's filter finds more."""
    tour.title("1. Facts: what is there")
    tour.tell(
        """GitLab lists packages page by page, leaves some out unless they are asked for, and filters names by
        any part of them. package_info reads all pages, and `name` means exactly that name."""
    )
    tour.show("tests/demo/facts.yml")
    said = tour.run("ansible-playbook tests/demo/facts.yml")
    tour.check("failed=0" in said, "the facts could not be read")
    tour.check("acme/web/mirror: 4261" in said, "the facts are not complete")
    search, name = said.split("search_finds:")[1], said.split("name_finds:")[1].split("search_finds:")[0]
    tour.check("Acme.Orders.Client" in search and "acme-cli" in search, "the search is not fuzzy")
    tour.check(re.findall(r"- (\S+)", name) == ["acme-cli"], "the name is not exact")
    tour.tell(
        """A script that deletes what the search finds would delete Acme.Orders.Client, because "Client"
        contains "cli"."""
    )


DELETE = "tests/demo/delete.yml"
ARCHIVE = RESULTS / "archive"
PROJECT, NAME = "acme/platform/backend", "com/acme/invoices"


def foresee(tour: Tour) -> None:
    """A delete in check mode, with its diff."""
    tour.title("2. Plan: a delete in check mode")
    tour.tell("Nobody builds com/acme/invoices any more. First look what would go.")
    RESULTS.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(ARCHIVE, ignore_errors=True)  # of another tour, which had another registry
    tour.show(DELETE)
    before = tour.listed(PROJECT, NAME)
    said = tour.run(f"ansible-playbook {DELETE} -e work_dir={RESULTS} --check --diff")
    tour.check("changed=1" in said and "failed=0" in said, "check mode does not say that something would change")
    tour.check(len(re.findall(rf"^-maven {NAME}", said, re.MULTILINE)) == 4, "the diff does not show four packages")
    tour.check(tour.listed(PROJECT, NAME) == before == 4, "check mode deleted something")
    tour.tell("Nothing was deleted: GitLab still lists all four.")


def delete(tour: Tour) -> None:
    """The same for real."""
    tour.title("3. Apply: the same for real")
    said = tour.run(f"ansible-playbook {DELETE} -e work_dir={RESULTS}")
    # With the last version GitLab itself deletes the list of all versions, a package that has none: before us or not.
    tour.check(
        "changed=1" in said and re.search(r"\bdeleted: [34]\b", said) is not None, "the packages were not deleted"
    )
    tour.check(tour.listed(PROJECT, NAME) == 0, "the packages are still there")
    tour.tell("GitLab lists none of them now. The module has looked, too: an answer of 204 alone is no proof.")


def again(tour: Tour) -> None:
    """The second run changes nothing."""
    tour.title("4. Again: a second run changes nothing")
    said = tour.run(f"ansible-playbook {DELETE} -e work_dir={RESULTS}")
    tour.check("changed=0" in said and "failed=0" in said, "the second run changed something")
    tour.check("deleted: 0" in said and "already_absent: 1" in said, "the second run did not find them absent")


def undo(tour: Tour) -> None:
    """One of the deleted packages comes back."""
    tour.title("5. Undo: one of them is needed after all")
    tour.tell(
        """GitLab has no way back from a deleted package. These lie in an archive: nothing was deleted before its
        files were there, each with the checksum that GitLab tells."""
    )
    said = tour.run(
        f"ansible localhost -m registryops.gitlab.package_restore \\\n"
        f'    -a "archive={ARCHIVE} project={PROJECT} name={NAME} version=0.6.0-SNAPSHOT"'
    )
    tour.check("result: restored" in said, "the package was not restored")
    tour.check(tour.listed(PROJECT, NAME) > 0, "the restored package is not listed")
    tour.tell("GitLab lists it again, with the same bytes. What a restore cannot bring back is in `lost`.")


def refuse(tour: Tour) -> None:
    """What never passes for "absent"."""
    tour.title("6. Refusals: what never passes for absent")
    tour.tell("A protection rule lets only owners delete the releases. This token is a maintainer's.")
    said = tour.run(
        "ansible localhost -m registryops.gitlab.package \\\n"
        '    -a "project=acme/platform/infrastructure name=release-2025 version=2025.4 state=absent"'
    )
    tour.check("FAILED" in said and "result: protected" in said, "the protected package was not reported as protected")
    tour.check(tour.listed("acme/platform/infrastructure", "release-2025") == 1, "the protected package is gone")
    tour.tell("A hidden package is in no list, and GitLab answers 404 for it. It is there all the same.")
    said = tour.run(
        "ansible localhost -m registryops.gitlab.package \\\n"
        '    -a "project=acme/web/shop name=printer-firmware version=7.2-internal state=absent"'
    )
    tour.check("FAILED" in said and "result: not_deletable" in said, "the hidden package was not found")
    tour.tell("A mistyped project is a failure, and not a project in which everything is deleted already.")
    said = tour.run(
        "ansible localhost -m registryops.gitlab.package \\\n"
        '    -a "project=acme/web/shopp name=@acme/ui version=1.4.0 state=absent"'
    )
    tour.check("FAILED" in said and "kind: ScopeNotFound" in said, "the unknown project was not a failure")


def retain(tour: Tour) -> None:
    """A policy becomes a plan, the plan is applied, and a report says what the registries hold."""
    tour.title("7. Retention: a policy, a plan, an apply")
    tour.tell(
        """The mirror holds every canary of React and every nightly of Electron, as their makers published them. A
        policy says which to keep. The plan says for each package that goes which rule governs it, and why nothing
        keeps it. What is applied is just what the plan lists."""
    )
    tour.show("tests/demo/retention.yml", "vars")
    tour.show("tests/demo/retention.yml")
    before = tour.listed("acme/web/mirror", "vite")
    said = tour.run(f"ansible-playbook tests/demo/retention.yml -e work_dir={RESULTS}")
    tour.check("failed=0" in said, "the policy could not be applied")
    plan = json.loads((RESULTS / "plan.json").read_text())
    tour.check(plan["summary"]["delete"] > 2000, "the plan does not delete the old builds")
    tour.check(f"{plan['summary']['delete']} deleted" in said, "not all that the plan lists was deleted")
    tour.check("changed: False" in said, "the second run changed something")
    tour.check(tour.listed("acme/web/mirror", "vite") == before, "a package that no rule governs is gone")
    tour.check("<html" in (RESULTS / "report.html").read_text(), "there is no report")
    tour.tell(f"Open {(RESULTS / 'report.html').relative_to(ROOT)} in a browser: one file, which loads nothing.")


def govern(tour: Tour) -> None:
    """A document becomes the state of two registries, and is held against them."""
    tour.title("8. The registry as code: a document, a plan, no drift")
    tour.tell(
        """Who may publish what, and what GitLab cleans up by itself, stands in one document for many projects. It is
        shown line by line, brought about, and watched."""
    )
    tour.show_whole("tests/demo/registry.yml")
    command = (
        "ansible-playbook registryops.gitlab.registry \\\n    -e package_registry_document_file=tests/demo/registry.yml"
    )
    said = tour.run(f"{command} --check --diff")
    tour.check("+acme/web/shop: npm @acme/*: push maintainer, delete maintainer" in said, "the plan lacks the rule")
    said = tour.run(command)
    tour.check("1 created, 2 updated" in said and "failed=0" in said, "the document was not brought about")
    said = tour.run(f"{command} \\\n    -e package_registry_fail_on_drift=true")
    tour.check("nothing to change" in said and "failed=0" in said, "what was brought about has drifted")


#: The tour. A further step is one more function, and its place here.
STEPS: tuple[t.Callable[[Tour], None], ...] = (facts, foresee, delete, again, undo, refuse, retain, govern)


def begin(tour: Tour) -> None:
    tour.title("registryops.gitlab: a tour on a local registry")
    tour.tell(
        f"""A GitLab package registry runs at {tour.sandbox.url} until the tour ends. It holds the group acme with
        six projects: real npm release histories, and packages of every kind that needs care."""
    )
    tour.print(f"\n$ export GITLAB_API_URL={tour.sandbox.url} GITLAB_TOKEN={TOKEN}")


def end(tour: Tour, seconds: float) -> None:
    tour.title("Where to go next")
    tour.print(
        """
  make sandbox                 the same registry, to try your own tasks on
  docs/getting-started.md      install the collection, and point it at your GitLab
  docs/facts.md                recipes for facts
  docs/deletes.md              what each result of a delete means
  docs/undo.md                 archive, fetch, publish, restore
  docs/retention.md            the policy, keep by keep; docs/cookbook.md has some to start from
  docs/registry-as-code.md     rules, settings and policies as one document
  docs/pipeline.md             plan on a schedule, approve, apply
  docs/troubleshooting.md      error messages, their causes and remedies"""
    )
    tour.print(f"\nAll {len(STEPS)} steps did what the tour says ({seconds:.0f} s). The registry is stopped.")


def pause(tour: Tour) -> None:
    """Wait for Enter, or for the end of the input."""
    tour.print()
    sys.stdout.write("Press Enter to go on ")
    sys.stdout.flush()
    sys.stdin.readline()


def interrupt(*_: object) -> t.NoReturn:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="Show the main job of the collection on a local registry.")
    parser.add_argument("--pause", action="store_true", help="wait for Enter before each step")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    seconds = 0.0
    try:
        with tempfile.TemporaryDirectory(prefix="registryops-demo-") as folder:
            with Sandbox(SEED) as sandbox:
                tour = Tour(sandbox, Path(folder))
                begin(tour)
                for step in STEPS:
                    if arguments.pause:
                        pause(tour)
                    began = time.monotonic()
                    step(tour)
                    seconds += time.monotonic() - began
            end(tour, seconds)
    except TourError as error:
        sys.stderr.write(f"\ndemo: this step did not do what the tour says: {error}\n")
        return 1
    except SandboxError as error:
        sys.stderr.write(f"demo: the local registry: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ndemo: interrupted, the registry is stopped\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
