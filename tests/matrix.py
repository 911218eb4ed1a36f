# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tests' core on every supported ansible-core, with each Python that it supports and that is found here.

tests/matrix.yml holds the versions. Each pair has a virtual environment of its own in build/matrix, which is kept.
The modules run once more on the oldest Python that is supported where modules run, if that is found. At the end
stands a table, in Markdown, of what ran and what could not.

`--ends` runs two pairs only: the oldest ansible-core with the Python that runs this, and the newest that any Python
found here can run, with the newest of these. Lines of ansible-core as arguments, such as 2.18, run only these.
"""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import sys
import tempfile
import time
import typing as t
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import yaml

from gitlab_sandbox.testing import Sandbox

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/matrix"
TREE = ROOT / "build/tree"
VERSIONS = ROOT / "tests/matrix.yml"
PLAYBOOK = ROOT / "tests/matrix_modules.yml"
SANDBOX = ROOT / "tests/sandbox"
#: Where tests are marked as the core: those that another ansible-core could make fail, one of each kind.
CORE = (
    "test_lookup.py",
    "test_package.py",
    "test_package_file.py",
    "test_retention.py",
    "test_role_runs.py",
    "test_roles.py",
    "test_version_plugins.py",
)
#: What a Python must be able to import to make a virtual environment that Ansible runs in.
NEEDED = "ensurepip, sqlite3, ssl, venv"
#: For one command, in seconds.
TIMEOUT = 1800
#: The packages that tests/matrix_modules.yml knows.
SEED: dict[str, t.Any] = {
    "users": [{"username": "mia", "tokens": [{"value": "glpat-mia"}]}],
    "projects": [
        {
            "path": "acme/app",
            "members": {"mia": "maintainer"},
            "packages": [
                {"name": name, "version": version, "package_type": "generic"}
                for name, version in (("app", "1.2"), ("app", "1.9"), ("app", "1.10"), ("tool", "1.0"))
            ],
        }
    ],
}


class Failure(Exception):
    """A pair did not do what it should; the message holds what was printed last."""


@dataclass(frozen=True)
class Pair:
    """One ansible-core with one Python (``3.11``), and all that is installed with them, as pip's requirements."""

    ansible_core: str
    python: str
    pins: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What became of a pair: how many tests passed and what the modules did, or why it did not run."""

    pair: Pair
    tests: str
    modules: str = ""
    ran: bool = True
    failed: bool = False


# --- versions and interpreters -------------------------------------------------------------------------------


def read_versions() -> tuple[list[Pair], Pair]:
    """All pairs, the oldest first; and what the modules run on, which has no ansible-core (``""``)."""
    given = yaml.safe_load(VERSIONS.read_text(encoding="utf-8"))
    pairs = [
        Pair(line["ansible_core"], python, (f"ansible-core=={line['ansible_core']}", *line["pins"], *given["tests"]))
        for line in given["lines"]
        for python in line["pythons"]
    ]
    return pairs, Pair("", given["modules"]["python"], tuple(given["modules"]["pins"]))


def candidates(python: str) -> Iterator[Path]:
    """Where a Python of that version may be: on the path, and among pyenv's, the newest first."""
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{python}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = (pyenv / "versions").glob(f"{python}.*/bin/python{python}")
    yield from sorted(found, key=lambda path: [int(part) for part in path.parts[-3].split(".") if part.isdigit()])[::-1]


def runs(interpreter: Path, python: str) -> bool:
    """Whether that really is such a Python, and not a shim of pyenv that leads nowhere or half an installation."""
    script = f"import sys, {NEEDED}; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([interpreter, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    return done.stdout.strip() == python


@functools.cache
def find_python(python: str) -> Path | None:
    """A Python of that version (``3.11``) that runs, or None."""
    return next((path for path in candidates(python) if path.exists() and runs(path, python)), None)


def by_age(pair: Pair) -> list[list[int]]:
    """The order of pairs: by ansible-core, then by Python."""
    return [[int(part) for part in version.split(".")] for version in (pair.ansible_core, pair.python)]


def ends(pairs: Sequence[Pair]) -> list[Pair]:
    """The oldest ansible-core with the Python that runs this, and the newest that runs here at all."""
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    here = sorted((pair for pair in pairs if find_python(pair.python)), key=by_age)
    oldest = [pair for pair in here if pair.python == ours][:1]
    return list(dict.fromkeys([*oldest, *here[-1:]]))


# --- one pair ------------------------------------------------------------------------------------------------


def run(command: Sequence[str | Path], log: Path, **environment: str) -> None:
    """Run a command, and append what it prints to ``log``.

    :raises Failure: if it fails, or takes longer than ``TIMEOUT``.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "GITLAB_", "CI_", "PYTHON"))}
    with log.open("a", encoding="utf-8") as output:
        try:
            subprocess.run(
                command,
                cwd=ROOT,
                env={**clean, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=TIMEOUT,
                check=True,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = log.read_text(encoding="utf-8", errors="replace")[-4000:]
            why = "took too long" if isinstance(error, subprocess.TimeoutExpired) else f"ended with {error.returncode}"
            raise Failure(f"{said}\n{command[0]} {why}. All that it printed: {log.relative_to(ROOT)}") from None


def install(pair: Pair, interpreter: Path) -> Path:
    """The virtual environment of a pair, made anew unless it holds just what is wanted.

    :raises Failure: if it cannot be made.
    """
    folder = BUILD / f"{pair.ansible_core or 'modules'}-{pair.python}"
    folder.mkdir(parents=True, exist_ok=True)
    requirements, ready = folder / "requirements.txt", folder / "ready"
    wanted = f"{interpreter}\n{SANDBOX.joinpath('pyproject.toml').read_text()}\n" + "\n".join(pair.pins)
    if not ready.exists() or ready.read_text() != wanted:
        ready.unlink(missing_ok=True)
        requirements.write_text("\n".join(pair.pins) + "\n")
        log = folder / "install.log"
        log.unlink(missing_ok=True)
        pip: list[str | Path] = [folder / "venv/bin/python", "-m", "pip", "--disable-pip-version-check"]
        run([interpreter, "-m", "venv", "--clear", folder / "venv"], log)
        run([*pip, "install", "--no-deps", "--requirement", requirements], log)
        if pair.ansible_core:
            run([*pip, "install", "--no-deps", "--no-build-isolation", "--editable", SANDBOX], log)
        run([*pip, "check"], log)
        ready.write_text(wanted)
    return folder


def run_tests(folder: Path) -> int:
    """Run the tests' core in a virtual environment; how many passed, which is all of them.

    :raises Failure: if one fails or is skipped.
    """
    report, log = folder / "tests.xml", folder / "tests.log"
    log.unlink(missing_ok=True)
    tests = [f"tests/integration/{name}" for name in CORE]
    run(
        [
            folder / "venv/bin/pytest",
            f"--junitxml={report}",
            "--override-ini=cache_dir=" + str(folder / "cache"),
            "-m",
            "core",
            *tests,
        ],
        log,
        ANSIBLE_COLLECTIONS_PATH=str(TREE),
        PYTHONPATH=str(TREE),
        PATH=f"{folder / 'venv/bin'}{os.pathsep}{os.environ['PATH']}",
    )
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total, skipped = (sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "skipped"))
    if skipped or not total:
        raise Failure(f"{skipped} of {total} tests were skipped")
    return total


def run_modules(folder: Path, python: str, interpreter: Path) -> None:
    """Run a playbook whose modules run on another Python.

    :raises Failure: if it fails.
    """
    log = folder / "modules.log"
    log.unlink(missing_ok=True)
    with Sandbox(SEED) as sandbox, tempfile.TemporaryDirectory(prefix="registryops-matrix-") as scratch:
        variables = {"ansible_python_interpreter": str(interpreter), "wanted": f"'{python}'", "work_dir": scratch}
        extra = [part for key, value in variables.items() for part in ("--extra-vars", f"{key}={value}")]
        run(
            [folder / "venv/bin/ansible-playbook", PLAYBOOK, *extra],
            log,
            ANSIBLE_COLLECTIONS_PATH=str(TREE),
            ANSIBLE_HOME=scratch,
            ANSIBLE_LOCALHOST_WARNING="false",
            ANSIBLE_INVENTORY_UNPARSED_WARNING="false",
            GITLAB_API_URL=sandbox.url,
            GITLAB_TOKEN="glpat-mia",
        )


def check(pair: Pair, modules: tuple[str, Path] | None) -> Result:
    """Run one pair, if its Python is here; ``modules`` is the version and path of the Python that modules run on."""
    interpreter = find_python(pair.python)
    if interpreter is None:
        return Result(pair, f"did not run: no Python {pair.python} here", ran=False)
    began = time.monotonic()
    try:
        folder = install(pair, interpreter)
        tests = f"{run_tests(folder)} passed"
        if modules:
            run_modules(folder, *modules)
    except Failure as failure:
        sys.stderr.write(f"matrix: ansible-core {pair.ansible_core}, Python {pair.python}:\n{failure}\n")
        return Result(pair, "FAILED", failed=True)
    seconds = time.monotonic() - began
    sys.stdout.write(f"matrix: ansible-core {pair.ansible_core}, Python {pair.python}: {tests} ({seconds:.0f} s)\n")
    sys.stdout.flush()
    return Result(pair, tests, "passed" if modules else "did not run: no Python for them here")


# --- all of them ---------------------------------------------------------------------------------------------


def table(results: Sequence[Result], modules: str) -> str:
    """The results in Markdown; ``modules`` is the Python that modules ran on, or should have run on."""
    lines = [f"| ansible-core | Python | tests | modules on Python {modules} |", "|---|---|---|---|"]
    lines += [f"| {r.pair.ansible_core} | {r.pair.python} | {r.tests} | {r.modules} |" for r in results]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the tests' core on every supported ansible-core and Python.")
    parser.add_argument("lines", nargs="*", help="lines of ansible-core, such as 2.18 (default: all)")
    parser.add_argument("--ends", action="store_true", help="only the oldest and the newest")
    parser.add_argument("--jobs", type=int, default=2, help="how many pairs at once (default: 2)")
    arguments = parser.parse_args()
    pairs, oldest = read_versions()
    if arguments.lines:
        pairs = [pair for pair in pairs if pair.ansible_core.rpartition(".")[0] in arguments.lines]
    interpreter = find_python(oldest.python)
    try:
        modules = (oldest.python, install(oldest, interpreter) / "venv/bin/python") if interpreter else None
    except Failure as failure:
        sys.stderr.write(f"matrix: Python {oldest.python} for the modules:\n{failure}\n")
        return 1
    wanted = ends(pairs) if arguments.ends else pairs
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(functools.partial(check, modules=modules), wanted))
    sys.stdout.write(f"\n{table(results, oldest.python)}")
    if not any(result.ran for result in results):
        sys.stderr.write("matrix: nothing ran\n")
        return 1
    return 1 if any(result.failed for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
