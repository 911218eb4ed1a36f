# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the option ``keep_lists``: found and read. What they say is understood in keep_lists.py."""

from __future__ import annotations

import glob
import os
import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.documents import parse_document, read_text
from ansible_collections.registryops.gitlab.plugins.module_utils._retention.keep_lists import (
    KeepList,
    KeepListError,
    parse_keep_list,
)

OPTION = "keep_lists"
#: An SBOM of a large product takes some 50 MB.
MAX_KEEP_LIST_BYTES = 2**28


@dataclass(frozen=True)
class KeepFiles:
    """The keep lists of some files, and as the plan names each: ``path``, and ``sha256`` of its bytes."""

    lists: tuple[KeepList, ...] = ()
    digests: tuple[dict[str, str], ...] = ()


def read_keep_lists(paths: t.Sequence[str]) -> KeepFiles:
    """Read the files that ``paths`` name, globs allowed (``**`` crosses folders), each once and in a fixed order.

    Raises `KeepListError` for a path that finds no file and for what is no keep list, DocumentError for what cannot be
    read, and ImportError where a library is missing that a file needs.
    """
    files = list(dict.fromkeys(file for path in paths for file in _find(path)))
    names = [os.path.basename(file) for file in files]
    lists, digests = [], []
    for file, name in zip(files, names):
        text, sha256 = read_text(file, OPTION, MAX_KEEP_LIST_BYTES)
        # Two of one name are told apart by their paths.
        label = printable(name if names.count(name) == 1 else file)
        lists.append(parse_keep_list(text, label, lambda text, label: parse_document(text, label, OPTION)))
        digests.append({"path": file, "sha256": sha256})
    return KeepFiles(tuple(lists), tuple(digests))


def _find(path: str) -> list[str]:
    path = os.path.expanduser(path)
    if os.path.isfile(path):
        return [path]
    found = sorted(file for file in glob.glob(path, recursive=True) if os.path.isfile(file))
    if not found:
        raise KeepListError(f"{OPTION}: {printable(path)!r} finds no file: a list that is not read keeps nothing")
    return found
