# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""GraphQL beside REST: ``POST /api/graphql``, with the same client and the same errors (registries, F).

GraphQL refuses with HTTP 200 and a list of errors: each becomes the error that it is. What is given goes as variables,
never into the text of a query.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import gitlab_words
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    BadRequest,
    Forbidden,
    GitlabError,
    InvalidInput,
    RateLimited,
    Rejected,
    ServerError,
    UnexpectedAnswer,
    Unsupported,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

CALL = "POST /api/graphql"
#: One answer for what is not there and for what the caller may not do.
NOT_AVAILABLE = (
    "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
)
#: How GitLab names what it does not know: a field, an argument, an argument in a variable, a type.
_UNKNOWN = (
    re.compile(r"Field '(\w{1,100})' doesn't exist on type '"),
    re.compile(r" doesn't accept argument '(\w{1,100})'"),
    re.compile(r"(\w{1,100}) \(Field is not defined on "),
    re.compile(r"(\w{1,100}) isn't a defined input type"),
)
#: What is looked at of all messages together.
MOST_WORDS = 20_000


class GraphqlApi:
    """Queries and mutations, on one client.

    ``before_write`` is called right before each mutation, in the thread that sends it; what it raises ends that call.
    """

    def __init__(self, client: Client, before_write: t.Callable[[], None] = lambda: None) -> None:
        self.client = client
        self._before_write = before_write

    def query(self, document: str, variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """What a query answers: its ``data``. Read again after a fault."""
        return self._run(document, variables, sent_again=True)

    def mutate(self, name: str, document: str, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The payload of the mutation ``name``, whose input is the variable ``$input``. Its own errors are raised.

        Where the error's ``lost`` is true, it may have been done: read what became of it before it is sent again.
        """
        self._refuse_job_token()
        self._before_write()
        data = self._run(document, {"input": {**given}}, sent_again=False)
        payload = data.get(name)
        if not isinstance(payload, dict):
            raise _unexpected(f"{name} is {type(payload).__name__}", lost=True)
        errors = payload.get("errors")
        if errors:
            words = self._words(errors if isinstance(errors, list) else [errors])
            raise Rejected(f"{CALL} ({name}): {words}", 200, CALL, words)
        return payload

    def _run(self, document: str, variables: t.Mapping[str, t.Any], sent_again: bool) -> dict[str, t.Any]:
        self._refuse_job_token()
        body = self.client.graphql({"query": document, "variables": {**variables}}, sent_again).data
        if not isinstance(body, dict):
            raise _unexpected(f"the answer is {type(body).__name__}", lost=not sent_again)
        if body.get("errors"):
            error = self._refusal(body)
            # A server that gave up may have given up too late.
            error.lost = not sent_again and isinstance(error, ServerError)
            raise error
        if not isinstance(body.get("data"), dict):
            raise _unexpected("neither data nor errors came", lost=not sent_again)
        return t.cast("dict[str, t.Any]", body["data"])

    def _refuse_job_token(self) -> None:
        token = self.client.connection.token
        if token and token.kind == "job":
            raise InvalidInput("GitLab's GraphQL takes no job token: use an access token (api_token)")

    def _refusal(self, body: dict[str, t.Any]) -> GitlabError:
        errors = body["errors"] if isinstance(body["errors"], list) else [body["errors"]]
        messages = [error.get("message") if isinstance(error, dict) else error for error in errors]
        kind, hint, unknown = _classify("; ".join(text for text in messages if isinstance(text, str))[:MOST_WORDS])
        words = self._words(messages)
        error = kind(f"{CALL}: {words}{f': {hint}' if hint else ''}", 200, CALL, words)
        error.hint = hint
        if isinstance(error, Unsupported):
            error.unknown = unknown
        return error

    def _words(self, messages: t.Iterable[t.Any]) -> str:
        texts = dict.fromkeys(text for text in messages if isinstance(text, str))
        return gitlab_words({"message": [*texts]}, scrub=self.client.scrub) or "refused without a word"


def _classify(said: str) -> tuple[type[GitlabError], str, tuple[str, ...]]:
    unknown = tuple(dict.fromkeys(name for pattern in _UNKNOWN for name in pattern.findall(said)))
    if unknown:
        names = printable(", ".join(unknown[:20]))
        return Unsupported, f"this GitLab does not know {names}: it is too old, or of an edition without it", unknown
    if NOT_AVAILABLE in said:
        return Forbidden, "the token's role or its scopes do not suffice", ()
    if "requested too many times" in said:
        return RateLimited, "the rate limit is used up", ()
    if said.startswith(("Timeout on ", "Internal server error")) or "Request timed out" in said:
        return ServerError, "", ()
    return BadRequest, "", ()


def _unexpected(what: str, lost: bool) -> UnexpectedAnswer:
    error = UnexpectedAnswer(f"{CALL}: not an answer that GraphQL gives ({what}): is api_url a GitLab?", 200, CALL)
    error.lost = lost
    return error
