# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.registryops.gitlab.tests.unit.module_utils._files.s3 import BUCKET, S3

_numbers = itertools.count()


@pytest.fixture(scope="session")
def _s3() -> Iterator[S3]:
    with S3().running() as server:
        yield server


@pytest.fixture
def s3(_s3: S3) -> Iterator[S3]:
    """The S3 server, without faults."""
    _s3.fault = lambda _method, _path: None
    yield _s3
    _s3.fault = lambda _method, _path: None


@pytest.fixture(params=["a directory", "memory", "s3"])
def place(request: t.Any, tmp_path: Path) -> tuple[str, dict[str, t.Any]]:
    """The address of an archive that is not there yet, and its options, on each back end."""
    if request.param == "a directory":
        return str(tmp_path / "archive"), {}
    name = f"archive-{next(_numbers)}"
    if request.param == "memory":
        return f"memory://{name}", {}
    return f"s3://{BUCKET}/{name}", request.getfixturevalue("s3").options
