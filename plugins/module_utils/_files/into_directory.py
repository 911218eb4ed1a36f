# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of a package, fetched into a directory: each as a whole or not at all, and only where it is not there yet."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files.checksums import Sums
from ansible_collections.registryops.gitlab.plugins.module_utils._files.download import fetch
from ansible_collections.registryops.gitlab.plugins.module_utils._files.local_names import local_names
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import InvalidInput
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import (
    Package,
    PackageFile,
    PackagesApi,
)

PIECE = 1024 * 1024


@dataclass(frozen=True)
class Placed:
    """A file in the directory, or in check mode one that would be; ``checked`` as of :class:`download.Fetched`."""

    file: PackageFile
    path: str
    size: int | None
    sha256: str | None
    checked: str | None
    is_new: bool


def place(
    api: PackagesApi,
    project_id: int,
    package: Package,
    files: t.Sequence[PackageFile],
    dest: str,
    check_mode: bool,
) -> list[Placed]:
    """Have these files (E4) in ``dest``, a directory that exists; what is there with the same bytes is left alone.

    Raises :class:`InvalidInput` for names that do not belong there, before anything is written, and where it cannot be
    written; otherwise as :func:`download.fetch`.
    """
    if not os.path.isdir(dest):
        raise InvalidInput(f"dest {dest!r} is not a directory that exists")
    paths = [os.path.join(dest, name) for name in local_names([file["file_name"] for file in files])]
    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path):
            raise InvalidInput(f"{path!r} is a directory: no file can take its place. Nothing was written")

    def one(pair: tuple[PackageFile, str]) -> Placed:
        file, path = pair
        there = _there(file, path)
        if there:
            return there
        if check_mode:
            return Placed(file, path, file.get("size"), file.get("file_sha256"), None, True)
        return _fetch(api, project_id, package, file, path)

    try:
        return api.client.map(one, list(zip(files, paths)))
    except OSError as error:
        raise InvalidInput(f"dest {dest!r} cannot be written: {error.strerror or error}") from None


def _there(file: PackageFile, path: str) -> Placed | None:
    """The file, if it is there with the bytes that GitLab says; what GitLab tells no checksum of is fetched."""
    try:
        about = os.lstat(path)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(about.st_mode) or file.get("size") not in (None, about.st_size):
        return None
    sums = Sums(file)
    if sums.checked in (None, "size"):
        return None
    with open(path, "rb") as opened:
        for piece in iter(lambda: opened.read(PIECE), b""):
            sums.update(piece)
    return None if sums.difference() else Placed(file, path, sums.size, sums.sha256, sums.checked, False)


def _fetch(api: PackagesApi, project_id: int, package: Package, file: PackageFile, path: str) -> Placed:
    # Beside its place, so that the last step is one rename.
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".download-")
    try:
        with os.fdopen(handle, "wb") as opened:

            def start() -> t.Callable[[bytes], object]:
                opened.seek(0)
                opened.truncate()
                return opened.write

            fetched = fetch(api, project_id, package, file, start)
            opened.flush()
            os.fsync(opened.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return Placed(file, path, fetched.size, fetched.sha256, fetched.checked, True)


def _umask() -> int:
    """The process's, which can only be read by setting it: `umask` of /proc is not everywhere."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
