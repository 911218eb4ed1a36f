# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large files pass through the server, and are never held in its memory."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MIB = 2**20
PART = bytes(range(256)) * (MIB // 256)


def memory(pid: int, kind: str) -> int:
    """The resident memory of a process in bytes: ``VmRSS`` now, ``VmHWM`` at most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == kind:
            return int(value.split()[0]) * 1024
    raise AssertionError(f"no {kind} of process {pid}")


def send(registry: Any, path: str, size: int, parts: Iterator[bytes], **headers: str) -> int:
    """PUT a body in parts; the status."""
    url = urlsplit(registry.url + path)
    connection = http.client.HTTPConnection(url.netloc, timeout=120)
    connection.putrequest("PUT", url.path)
    for name, value in {"PRIVATE-TOKEN": "glpat-sam", "Content-Length": str(size), **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    for part in parts:
        connection.send(part)
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


def test_half_a_gigabyte_goes_up_and_down(shop: Any, sandbox: Any) -> None:
    size = 512 * MIB
    before = memory(sandbox.pid, "VmRSS")
    digest = hashlib.sha256()

    def parts() -> Iterator[bytes]:
        for _ in range(512):
            digest.update(PART)
            yield PART

    assert send(shop, "/generic/large/1.0.0/large.bin", size, parts()) == 201
    (package,) = shop.packages("generic", "large")
    (file,) = shop.files(package["id"])
    assert (file["size"], file["file_sha256"]) == (size, digest.hexdigest())
    assert fetch(shop, "/generic/large/1.0.0/large.bin") == (size, digest.hexdigest())
    assert memory(sandbox.pid, "VmHWM") - before < 100 * MIB


def test_a_large_tarball_of_npm_is_not_held_either(shop: Any, sandbox: Any) -> None:
    size = 108 * MIB
    before = memory(sandbox.pid, "VmRSS")
    # A multiple of three: base64 of the parts is base64 of the whole.
    part = PART[: 3 * 2**18]
    head, tail = json.dumps(
        {
            "name": "large",
            "versions": {"1.0.0": {}},
            "dist-tags": {"latest": "1.0.0"},
            "_attachments": {"large-1.0.0.tgz": {"data": "|"}},
        }
    ).split("|")
    encoded = base64.b64encode(part)

    def body() -> Iterator[bytes]:
        yield head.encode()
        for _ in range(size // len(part)):
            yield encoded
        yield tail.encode()

    assert send(shop, "/npm/large", len(head) + len(tail) + size // 3 * 4, body()) == 200
    assert fetch(shop, "/npm/large/-/large-1.0.0.tgz")[0] == size
    assert memory(sandbox.pid, "VmHWM") - before < 100 * MIB
