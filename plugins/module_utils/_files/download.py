# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stored bytes of one package file, fetched and checked.

By its ID (E8), which GitLab has since 18.4; before, by its name, the way that the registry's own clients take.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._files.by_name import route_of
from ansible_collections.registryops.gitlab.plugins.module_utils._files.checksums import Sums
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Start
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    FileDiffers,
    GitlabError,
    NotFound,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.registries_api import RegistriesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import shown


@dataclass(frozen=True)
class Fetched:
    """A file that was received whole. ``size`` in bytes; ``sha256`` in hex digits, of the bytes that came.

    ``checked`` is what of E4 they were compared with: ``sha256``, ``sha1``, ``md5``, ``size``, or None where E4 tells
    nothing: then nothing is proved.
    """

    sha256: str
    size: int
    checked: str | None


def fetch(
    api: PackagesApi,
    project_id: int,
    package: t.Mapping[str, t.Any],
    file: t.Mapping[str, t.Any],
    start: Start,
) -> Fetched:
    """Fetch the bytes of ``file`` (E4's entry) of ``package``; memory does not grow with them.

    ``start`` is called for each try, and gives the function that takes the pieces, of a fresh and empty place. Raises
    :class:`FileDiffers` where size or the strongest checksum of E4 is another, and the errors of _gitlab/errors.py;
    what ``start`` and its function raise goes through.
    """
    sums = Sums(file)

    def begin() -> t.Callable[[bytes], object]:
        nonlocal sums
        sums = Sums(file)
        write = start()

        def take(piece: bytes) -> None:
            sums.update(piece)
            write(piece)

        return take

    by_id = api.downloads_by_id
    if by_id:
        try:
            api.download(project_id, package["id"], file["id"], begin, file.get("size"))
        except NotFound as error:
            # Of another kind, it is the file or the package that is not there. This one: the server has no such call.
            if error.__class__ is not NotFound or error.words != "404 Not Found":
                raise
            by_id = api.downloads_by_id = False
    difference = None
    if not by_id:
        try:
            _fetch_by_name(api, project_id, package, file, begin)
        except FileDiffers as error:
            difference = error.message
    difference = difference or sums.difference()
    if difference:
        newest = "" if by_id else ". Before GitLab 18.4, of several files with one name only the newest can be fetched"
        raise FileDiffers(f"{_file(package, file)} is not what GitLab says that it has: {difference}{newest}")
    return Fetched(sums.sha256, sums.size, sums.checked)


def _fetch_by_name(
    api: PackagesApi, project_id: int, package: t.Mapping[str, t.Any], file: t.Mapping[str, t.Any], begin: Start
) -> None:
    route = route_of(package, file)
    if route is None:
        raise GitlabError(
            f"{_file(package, file)} cannot be fetched: GitLab before 18.4 serves files of type"
            f" {shown(package['package_type'])} only by what it does not tell"
        )
    RegistriesApi(api.client).download(project_id, route.path, begin, file.get("size"), route.params, route.basic)


def _file(package: t.Mapping[str, t.Any], file: t.Mapping[str, t.Any]) -> str:
    return (
        f"file {shown(file['file_name'])} (id {file['id']}) of {shown(package['name'])} {shown(package.get('version'))}"
    )
