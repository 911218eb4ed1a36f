# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of a file: E8, and every registry's download by name (registries, A and C)."""

from __future__ import annotations

import asyncio
import re

from gitlab_sandbox import content
from gitlab_sandbox.answers import Answer, Headers
from gitlab_sandbox.calls import Call
from gitlab_sandbox.content import Checksums
from gitlab_sandbox.rows import File, Package
from gitlab_sandbox.storage import Storage
from gitlab_sandbox.vocabulary import TYPE_NUMBER

_GENERIC = TYPE_NUMBER["generic"]
# Up to this many bytes are hashed on the spot; above, in a thread, so that other requests go on.
_HASHED_AT_ONCE = 8 * 2**20


async def download(
    call: Call,
    package: Package,
    file: File,
    *,
    redirects: bool = True,
    checksum: bool = False,
    disposition_on_redirect: bool = True,
) -> Answer:
    """Serve a file and note that its package was downloaded: 200, or 302 to the object storage, if there is one.

    :param redirects: False for a registry that always serves by itself (NuGet).
    :param checksum: whether a 200 carries ``X-Checksum-SHA256``.
    :param disposition_on_redirect: whether the signed address asks for a ``Content-Disposition``.
    """
    registry = call.registry
    # Old servers note every download.
    registry.storage.note_download(package.id, 60 if registry.current else 0)
    name = re.sub(r"[^ -~]|[\"\\%]", "_", file.file_name)
    disposition = f'attachment; filename="{name}"'
    if registry.objects is not None and redirects:
        url = registry.objects.address(call.base_url, file, disposition if disposition_on_redirect else None)
        return Answer(302, headers=[(b"location", url.encode())])
    headers: Headers = [
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", disposition.encode()),
    ]
    if checksum:
        (summed,) = await with_checksums(registry.storage, package.type, [file])
        headers.append((b"x-checksum-sha256", (summed.sha256 or "").encode()))
    if call.method == "HEAD":
        return Answer(200, headers=headers, stream=iter(()), stream_size=file.size)
    return Answer(200, headers=headers, stream=registry.storage.parts(file), stream_size=file.size)


async def with_checksums(storage: Storage, package_type: int, files: list[File]) -> list[File]:
    """The files with checksums, which are computed when they are first asked for, and kept."""
    missing = [file for file in files if file.sha256 is None]
    if not missing:
        return files
    generic = package_type == _GENERIC
    generated = {file.id for file in missing if storage.generated(file)}
    # Stored content is read here: SQLite's connection stays in this thread.
    parts = {file.id: storage.parts(file) for file in missing if file.id not in generated}

    def compute() -> list[Checksums]:
        return [
            content.generated_checksums(file.id, file.size, generic)
            if file.id in generated
            else content.checksums(parts[file.id], generic)
            for file in missing
        ]

    known = all(content.hashed_soon(file.size, generic) for file in missing if file.id in generated)
    # A generated file costs the rest of a block at most.
    costs = sum(min(file.size, 2**20) if file.id in generated else file.size for file in missing)
    if known and costs <= _HASHED_AT_ONCE:
        sums = compute()
    else:
        sums = await asyncio.get_running_loop().run_in_executor(None, compute)
    found = {}
    for file, checksums in zip(missing, sums):
        storage.keep_checksums(file.id, checksums)
        found[file.id] = file._replace(md5=checksums.md5, sha1=checksums.sha1, sha256=checksums.sha256)
    return [found.get(file.id, file) for file in files]
