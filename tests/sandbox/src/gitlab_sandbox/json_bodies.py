# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON that clients send."""

from __future__ import annotations

import json
import re
from typing import Any

# Written out, and not a backslash before "u0000".
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def read_json(text: str) -> Any:
    """The value of a JSON text that can be written to the database and back to a client.

    :raises ValueError: if it is no JSON, or holds what UTF-8, PostgreSQL or JSON proper cannot: half a surrogate
        pair, a NUL, NaN and the infinities, or more levels than anybody needs.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("too many levels") from None
    if _NUL.search(text):
        raise ValueError("a NUL character")
    return value


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
