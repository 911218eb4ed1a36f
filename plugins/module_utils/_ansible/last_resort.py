# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentence for an error that nobody foresaw: it is a defect, and its finder is asked to report it."""

from __future__ import annotations

import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.version import ISSUES, VERSION


def unforeseen(error: BaseException, secrets: t.Iterable[str] = ()) -> str:
    """One sentence, without a traceback and without the secrets."""
    if isinstance(error, MemoryError):
        return (
            f"the memory of this machine did not suffice (registryops.gitlab {VERSION}): ask for less at once, or"
            f" report it at {ISSUES}"
        )
    said = str(error)
    for secret in secrets:
        said = said.replace(secret, "********") if secret else said
    said = printable(" ".join(said.split()))[:300]
    what = type(error).__name__ + (f": {said}" if said else "")
    return (
        f"something happened that registryops.gitlab {VERSION} does not foresee ({what}): this is a defect, please"
        f" report it with the task and this sentence at {ISSUES}"
    )


#: Libraries that are imported only where they are needed, and what pip calls them.
LATE_LIBRARIES = {
    "adlfs": "adlfs",
    "fsspec": "fsspec",
    "gcsfs": "gcsfs",
    "packageurl": "packageurl-python",
    "paramiko": "paramiko",
    "s3fs": "s3fs",
    "univers": "univers",
}


def missing_library(error: BaseException) -> str | None:
    """The library that is missing, as pip calls it, where the error says that one of `LATE_LIBRARIES` is; else None."""
    return LATE_LIBRARIES.get((error.name or "").split(".")[0]) if isinstance(error, ImportError) else None
