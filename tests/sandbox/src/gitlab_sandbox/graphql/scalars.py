# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""GitLab's own scalar types: global IDs and regular expressions. ``Time`` is text already.

For graphql-core they are text: what is written is checked here before a query runs, so that the
words of a refusal are GitLab's, and resolvers read the text again.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Final

from graphql import GraphQLError, GraphQLScalarType, StringValueNode, ValueNode

from gitlab_sandbox.graphql import global_ids

# RE2, which GitLab compiles these with, has no look-around and no references to groups.
_PERL_ONLY: Final = re.compile(r"\\\\|(\\[1-9]|\(\?(?:[=!>(]|<[=!]|P=)|\\[kZ])")


def regexp(value: Any) -> str:
    """A regular expression in RE2's syntax, as far as Python's ``re`` can tell.

    :raises GraphQLError: with GitLab's words, if it is none.
    """
    if not isinstance(value, str):
        raise GraphQLError(f"{value} is an invalid regexp: not a string")
    for match in _PERL_ONLY.finditer(value):
        if match.group(1):
            raise GraphQLError(f"{value} is an invalid regexp: invalid perl operator: {match.group(1)}")
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise GraphQLError(f"{value} is an invalid regexp: {error}") from None
    return value


_PARSERS: Final[dict[str, Callable[[Any], Any]]] = {
    "PackagesPackageID": global_ids.package_id,
    "PackagesPackageFileID": global_ids.package_file_id,
    "UntrustedRegexp": regexp,
}


def is_own(kind: GraphQLScalarType) -> bool:
    """Whether a scalar is GitLab's, and refuses with a reason of its own."""
    return kind.name in _PARSERS


def check_value(kind: GraphQLScalarType, value: Any) -> None:
    """Check the value of a variable.

    :raises GraphQLError: if it is not of the type.
    """
    _PARSERS.get(kind.name, kind.parse_value)(value)


def check_literal(kind: GraphQLScalarType, node: ValueNode) -> None:
    """Check a literal in a query.

    :raises GraphQLError: if it is not of the type.
    """
    if kind.name in _PARSERS:
        _PARSERS[kind.name](node.value if isinstance(node, StringValueNode) else None)
    else:
        kind.parse_literal(node)
