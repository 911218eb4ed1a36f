# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of packages (E4), many packages at a time, each read once for a plan. Nothing of Ansible."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    Forbidden,
    GitlabError,
    PackageNotFound,
    ServerError,
    UnexpectedAnswer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.file_rules import File
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.match import Package

#: What one package alone may be answered with; what ends every call ends the plan.
_OF_ONE = (Forbidden, PackageNotFound, ServerError, UnexpectedAnswer)
R = t.TypeVar("R")
_FIELDS = ("id", "file_name", "size", "created_at")


class FileLists:
    """Reads the files of packages. With ``keep`` what was read is held, for who asks for it again."""

    def __init__(self, api: PackagesApi, keep: bool) -> None:
        self._api = api
        self._keep = keep
        self._read: dict[int, list[File] | GitlabError] = {}

    def map(self, use: t.Callable[[Package, list[File] | GitlabError], R], packages: t.Sequence[Package]) -> list[R]:
        """``use`` of each package and its files, or of why they cannot be read; in the client's threads, in order.

        Raises what ``use`` does, and the errors of _gitlab/errors.py that are not of one package alone.
        """
        return self._api.client.map(lambda package: use(package, self._of(package)), packages)

    def _of(self, package: Package) -> list[File] | GitlabError:
        known = self._read.get(package["id"])
        if known is None:
            known = self._ask(package)
            if self._keep:
                self._read[package["id"]] = known
        return known

    def _ask(self, package: Package) -> list[File] | GitlabError:
        if "files" in package:  # an audit with sizes has read them already
            files = package["files"]
            return list(files) if files is not None else PackageNotFound("its files are not shown")
        try:
            files = self._api.package_files(package["project_id"], package["id"])
        except _OF_ONE as error:
            return error
        return [{key: file.get(key) for key in _FIELDS} for file in files]
