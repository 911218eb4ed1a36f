# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""``POST /api/graphql``: reading a request, running it, and the forms of its refusals."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, build_schema, execute_sync, parse

from gitlab_sandbox import access, answers
from gitlab_sandbox.access import Caller
from gitlab_sandbox.answers import Answer, ApiError
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import ACCESS_TOKENS, read_credentials
from gitlab_sandbox.graphql import mutations, queries
from gitlab_sandbox.graphql.context import Context
from gitlab_sandbox.graphql.rules import check_document
from gitlab_sandbox.graphql.schema_text import schema_text
from gitlab_sandbox.graphql.values import check_variables, operation_of
from gitlab_sandbox.json_bodies import read_json
from gitlab_sandbox.query import parse_query

LARGEST_BODY: Final = 2**20
# In characters; variables do not count.
LARGEST_QUERY: Final = 10_000


@lru_cache(maxsize=2)
def schema_of(current: bool) -> GraphQLSchema:
    """The schema of the newest GitLab, or of 16.1, with what answers its root fields."""
    schema = build_schema(schema_text(current))
    for root, resolvers in ((schema.query_type, queries.RESOLVERS), (schema.mutation_type, mutations.RESOLVERS)):
        assert isinstance(root, GraphQLObjectType)
        for name, resolve in resolvers.items():
            root.fields[name].resolve = resolve
    return schema


async def answer_request(call: Call) -> Answer:
    """Answer one query, or one operation with mutations."""
    caller = _caller(call)
    query, variables, operation = await _request(call)
    return answers.json_answer(200, _run(Context(call.registry, caller), query, variables, operation))


def _caller(call: Call) -> Caller:
    """Who asks, by an access token for reading at least; job tokens are not looked at.

    :raises ApiError: 401 in GraphQL's own form.
    """
    credentials = read_credentials({name.encode(): value for name, value in call.headers.items()})
    try:
        caller = access.identify(call.registry.directory, credentials, ACCESS_TOKENS)
    except ApiError:
        raise _refusal(401, "Invalid token") from None
    if caller.token is not None and not {"api", "read_api", "granular"} & set(caller.token.scopes):
        raise _refusal(401, "Invalid token")
    return caller


async def _request(call: Call) -> tuple[str, dict[str, Any], str | None]:
    """The query, its variables and the name of its operation, from JSON or from a form."""
    received = bytearray()
    async for part in call.body():
        received += part
        if len(received) > LARGEST_BODY:
            raise _refusal(413, "Request too large")
    try:
        text = received.decode()
        form = call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        body: Any = parse_query(text) if form else read_json(text)
    except ValueError:
        raise _refusal(400, "Bad request") from None
    if not isinstance(body, dict):
        raise _refusal(400, "Bad request")
    query, operation = body.get("query") or "", body.get("operationName") or None
    if not isinstance(query, str) or not isinstance(operation, (str, type(None))):
        raise _refusal(400, "Bad request")
    if len(query) > LARGEST_QUERY:
        raise _refusal(422, "Query too large")
    return query, _variables(body.get("variables")), operation


def _variables(given: Any) -> dict[str, Any]:
    if isinstance(given, str) and given.strip():
        try:
            given = read_json(given)
        except ValueError as error:
            raise _refusal(422, str(error)) from None
    if given is None or given == "":
        return {}
    if not isinstance(given, dict):
        raise _refusal(422, f"Unexpected parameter: {given}")
    return given


def _run(context: Context, query: str, variables: dict[str, Any], operation: str | None) -> dict[str, Any]:
    """The answer's body: nothing is done, and there is no ``data``, if the query or a variable is wrong."""
    schema = schema_of(context.registry.current)
    try:
        document = parse(query)
        errors = check_document(schema, document)
    except GraphQLError as error:
        return _errors([error])
    except RecursionError:
        return _errors([GraphQLError("Query is nested too deeply")])
    asked = operation_of(document, operation)
    if not errors and asked is not None:
        errors = check_variables(schema, asked, variables)
    if errors:
        return _errors(errors)
    result = execute_sync(schema, document, context_value=context, variable_values=variables, operation_name=operation)
    for fault in (error.original_error for error in result.errors or ()):
        if fault is not None and not isinstance(fault, GraphQLError):
            # A fault of this server, not of the request.
            raise fault
    if result.errors and asked is None:
        return _errors(result.errors)
    return {"data": result.data, **(_errors(result.errors) if result.errors else {})}


def _errors(errors: Iterable[GraphQLError]) -> dict[str, Any]:
    return {"errors": [error.formatted for error in errors]}


def _refusal(status: int, message: str) -> ApiError:
    return ApiError(answers.json_answer(status, {"errors": [{"message": message}]}))
