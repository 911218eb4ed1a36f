# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium for the browser tests; ``get-chromium`` finds or fetches it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from devtools import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests. Without a Chromium they fail: what no test has looked at is not known to work."""
    done = subprocess.run([sys.executable, HERE / "get-chromium"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stderr.strip(), pytrace=False)
    running = Browser(done.stdout.strip())
    yield running
    running.close()
