# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Global IDs, such as ``gid://gitlab/Packages::Package/7``."""

from __future__ import annotations

import json
import re
from typing import Any, Callable

from graphql import GraphQLError

PACKAGE = "Packages::Package"
PACKAGE_FILE = "Packages::PackageFile"
PROJECT = "Project"
GROUP = "Group"
USER = "User"

_GLOBAL_ID = re.compile(r"gid://([^/]+)/([A-Z]\w*(?:::[A-Z]\w*)*)/([^/?]+)(?:\?.*)?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)

# No record has it: what a global ID names whose last part is no number that a database can hold.
NOBODY = 0


def global_id(model: str, number: int) -> str:
    """The global ID of a record."""
    return f"gid://gitlab/{model}/{number}"


def parser(model: str) -> Callable[[Any], int]:
    """Reads global IDs of one model; the result is the record's number.

    The parser raises :class:`GraphQLError` with GitLab's words.
    """

    def parse(value: Any) -> int:
        match = _GLOBAL_ID.fullmatch(value) if isinstance(value, str) else None
        shown = json.dumps(value, ensure_ascii=False)
        if match is None:
            raise GraphQLError(f"{shown} is not a valid Global ID")
        application, named, number = match.groups()
        if application != "gitlab":
            raise GraphQLError(f"{shown} is not a Gitlab Global ID")
        if named != model:
            raise GraphQLError(f"{shown} does not represent an instance of {model}")
        return int(number) if _NUMBER.fullmatch(number) else NOBODY

    return parse


package_id = parser(PACKAGE)
package_file_id = parser(PACKAGE_FILE)
