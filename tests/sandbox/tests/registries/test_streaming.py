# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large files in other wrappings than a plain body pass through the server, and are never held in its memory."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

MIB = 2**20
SIZE = 60 * MIB
PART = bytes(range(256)) * (MIB // 256)


def memory(pid: int, kind: str) -> int:
    """The resident memory of a process in bytes: ``VmRSS`` now, ``VmHWM`` at most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == kind:
            return int(value.split()[0]) * 1024
    raise AssertionError(f"no {kind} of process {pid}")


def send(
    registry: Any, method: str, path: str, head: bytes, part: bytes, times: int, tail: bytes, **headers: str
) -> int:
    """Send a body, never whole in memory here either; the status."""
    url = urlsplit(registry.url + path)
    connection = http.client.HTTPConnection(url.netloc, timeout=120)
    connection.putrequest(method, url.path)
    size = len(head) + len(part) * times + len(tail)
    for name, value in {"PRIVATE-TOKEN": "glpat-sam", "Content-Length": str(size), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders(head)
    for _ in range(times):
        connection.send(part)
    connection.send(tail)
    status = connection.getresponse().status
    connection.close()
    return status


def fetch(registry: Any, path: str) -> tuple[int, str]:
    """GET a body in parts; its size and SHA-256."""
    size, digest = 0, hashlib.sha256()
    with registry.get(path, stream=True) as answer:
        for part in answer.iter_content(MIB):
            size += len(part)
            digest.update(part)
    return size, digest.hexdigest()


@pytest.fixture
def held(sandbox: Any) -> Callable[[], int]:
    """How many bytes the server's memory has grown by since then, at most."""
    before = memory(sandbox.pid, "VmRSS")
    return lambda: memory(sandbox.pid, "VmHWM") - before


def test_a_tarball_of_npm_is_not_held(shop: Any, held: Callable[[], int]) -> None:
    # A multiple of three: base64 of the parts is base64 of the whole.
    part = PART[: 3 * 2**18]
    document = {
        "name": "large",
        "versions": {"1.0.0": {}},
        "dist-tags": {"latest": "1.0.0"},
        "_attachments": {"large-1.0.0.tgz": {"data": "|"}},
    }
    head, tail = json.dumps(document).encode().split(b"|")
    assert send(shop, "PUT", "/npm/large", head, base64.b64encode(part), SIZE // len(part), tail) == 200
    assert fetch(shop, "/npm/large/-/large-1.0.0.tgz") == (SIZE, hashlib.sha256(part * (SIZE // len(part))).hexdigest())
    assert held() < SIZE // 2


def test_a_file_in_a_form_is_not_held(shop: Any, held: Callable[[], int]) -> None:
    texts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in (("name", "large"), ("version", "1.0.0"))
    )
    file = '--b\r\nContent-Disposition: form-data; name="content"; filename="large.whl"\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    head, tail = f"{texts}{file}".encode(), b"\r\n--b--\r\n"
    assert send(shop, "POST", "/pypi", head, PART, SIZE // len(PART), tail, **kind) == 201
    (package,) = shop.packages("pypi", "large")
    (stored,) = shop.files(package["id"])
    path = f"/pypi/files/{stored['file_sha256']}/large.whl"
    assert fetch(shop, path) == (SIZE, hashlib.sha256(PART * (SIZE // len(PART))).hexdigest())
    assert held() < SIZE // 2
