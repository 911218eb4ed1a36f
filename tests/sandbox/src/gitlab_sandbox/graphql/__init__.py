# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GraphQL, ``POST /api/graphql`` (contract of the registries, section F), read with graphql-core."""

from __future__ import annotations

from typing import Final

from gitlab_sandbox.answers import Answer
from gitlab_sandbox.calls import Call
from gitlab_sandbox.credentials import NOTHING
from gitlab_sandbox.routes import Route


async def post_graphql(call: Call) -> Answer:
    """One query, or one operation with mutations."""
    # Loading graphql-core takes longer than the rest of a start: only who asks waits for it.
    from gitlab_sandbox.graphql.endpoint import answer_request

    return await answer_request(call)


# The tokens are read there: a wrong one is refused in another form than elsewhere.
ROUTES: Final = (Route("F", "POST", "/api/graphql", post_graphql, takes=NOTHING, any_scope=True),)
