# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded answers, given to the code that reads them.

A recording is JSON lines: ``request`` (method and target below /api/v4), ``status``, ``headers``, and ``body`` (JSON)
or ``text``. What `make livetest` writes has that form, and so have the shapes that the contract states.
"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.scope import Scope
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import Request, answer, scripted

Line = dict[str, t.Any]
#: What reads the answer to each request.
READERS: tuple[tuple[str, t.Callable[..., t.Any]], ...] = (
    (
        r"GET /(project|group)s/([^/?]+)/packages(?:\?.*)?",
        lambda api, kind, ref: api.packages(Scope(kind, ref.replace("%2F", "/")), [{}], lambda package: package),
    ),
    (r"GET /projects/(\d+)/packages/(\d+)", lambda api, *ids: api.package(*map(int, ids))),
    (r"GET /projects/(\d+)/packages/(\d+)/package_files(?:\?.*)?", lambda api, *ids: api.package_files(*map(int, ids))),
    (r"GET /projects/(\d+)/packages/(\d+)/pipelines(?:\?.*)?", lambda api, *ids: api.pipelines(*map(int, ids))),
    (r"GET /(project|group)s/([^/?]+)", lambda api, kind, ref: api.scope(Scope(kind, ref.replace("%2F", "/")))),
    (r"GET /personal_access_tokens/self", lambda api: api.token_scopes()),
    (r"DELETE /projects/(\d+)/packages/(\d+)", lambda api, *ids: api.delete_package(*map(int, ids))),
    (
        r"DELETE /projects/(\d+)/packages/(\d+)/package_files/(\d+)",
        lambda api, *ids: api.delete_package_file(*map(int, ids)),
    ),
)


def recorded(path: Path) -> list[Line]:
    """The lines of a recording."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def replay(line: Line, token: str = "private") -> t.Any:
    """What the code that reads makes of one answer; an error is returned. None for a request that it never sends."""
    body = line["text"].encode() if "text" in line else line.get("body")
    said = answer(b"" if line["status"] == 204 else body, line["status"])
    head, _, rest = said.partition(b"\r\n\r\n")
    more = "".join(f"\r\n{name}: {value}" for name, value in line["headers"].items())
    path = line["request"].partition(" ")[2].partition("?")[0]

    def say(request: Request) -> bytes:
        # The look at a project that is refused (E10) is no part of the recording.
        asked = request.target.partition("?")[0].removeprefix("/api/v4")
        return head + more.encode() + b"\r\n\r\n" + rest if asked == path else answer({}, 404)

    for pattern, read in READERS:
        match = re.fullmatch(pattern, line["request"])
        if match:
            with scripted(say) as server, server.client(token=Token(token, "s3cret")) as client:
                try:
                    return read(PackagesApi(client), *match.groups())
                except GitlabError as error:
                    return error
    return None
