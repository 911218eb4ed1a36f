# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports what `make build` has built with galaxy-importer, as Galaxy does. A warning fails as an error does.

tests/galaxy-importer.cfg says what it checks.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "tests/galaxy-importer.cfg"
WORK = ROOT / "build/importer"
BIN = Path(sys.executable).parent
COMPLAINT = re.compile(r"^(?:WARNING|ERROR|CRITICAL)\b")
SUCCESS = "Importer processing completed successfully"
#: In seconds.
TIMEOUT = 600


def run_importer(artifact: Path) -> tuple[int, str]:
    """Import an artifact; the status, and all that was printed."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "GALAXY_IMPORTER_", "PYTHON"))}
    done = subprocess.run(
        [sys.executable, "-m", "galaxy_importer.main", str(artifact)],
        cwd=WORK,  # it writes its result there
        env={
            **clean,
            "GALAXY_IMPORTER_CONFIG": str(CONFIG),
            "GALAXY_IMPORTER_ANSIBLE_LOCAL_TMP": str(WORK / "tmp"),
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.returncode, done.stdout


def main() -> int:
    artifacts = list((ROOT / "dist").glob("*.tar.gz"))
    if len(artifacts) != 1:
        sys.stderr.write(f"importer: there must be one artifact in dist, not {len(artifacts)}: make build\n")
        return 1
    status, said = run_importer(artifacts[0])
    lines = said.splitlines()
    found = [line for line in lines if COMPLAINT.match(line)]
    if found or status or SUCCESS not in lines:
        sys.stdout.write(said)
        sys.stderr.write("\n".join(["importer: FAILED", *found]) + "\n")
        return 1
    sys.stdout.write(f"importer: ok: {artifacts[0].name} without a warning\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
