# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a whole answer means: its data, or the error that its status and body are."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.bodies import parse_json
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import (
    TRANSIENT,
    gitlab_words,
    refusal,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    MayPass,
    UnexpectedAnswer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.rate_gate import read_limits
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable


@dataclass(frozen=True)
class Response:
    """A whole answer of any status, as it came over the wire and decompressed; a file's bytes went elsewhere."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """A good answer: ``data`` is the parsed JSON (None for 204), ``path`` where it came from after redirects."""

    status: int
    headers: t.Mapping[str, str]
    data: t.Any
    path: str


def read_answer(
    response: Response,
    call: str,
    path: str,
    token_kind: str | None,
    scrub: t.Callable[[str], str],
    needs_json: bool = True,
) -> Answer:
    """The answer, if it is good. Raises the error that it is; a :class:`MayPass` where the next one may be better.

    Without ``needs_json`` a good body may be anything: some registries answer a publication with a word, or nothing.
    """
    status = response.status
    data: t.Any = None
    is_json = True
    try:
        data = parse_json(response.body) if response.body else None
    except (ValueError, RecursionError):
        is_json = False
    if 200 <= status < 300:
        if not is_json and needs_json:
            kind = scrub(printable(response.headers.get("Content-Type", "no type")))[:80]
            start = scrub(printable(response.body[:4000].decode("utf-8", "replace")))[:40]
            strange = UnexpectedAnswer(
                f"{call}: answered {status} with a body that is not JSON ({kind}, begins {start!r}): is api_url"
                " the address of a GitLab?",
                status,
                call,
            )
            raise MayPass(strange, may_have_worked=True)
        return Answer(status, response.headers, data, path)
    words = gitlab_words(data, response.body if not is_json else b"", scrub)
    error = refusal(status, data, words, call, token_kind)
    if status in TRANSIENT:
        raise passing(error, response)
    raise error


def passing(error: GitlabError, response: Response) -> MayPass:
    """The error of an answer that may be different the next time, with the wait that it asks for."""
    limits = read_limits(response.headers)
    wait = limits.retry_after
    if wait is None and response.status == 429:
        wait = limits.resets_in
    return MayPass(error, may_have_worked=response.status != 429, wait=wait)
