# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the values of variables, with the words of graphql-ruby, which GitLab reads GraphQL with.

``Variable $input of type DestroyPackagesInput! was provided invalid value for foo (Field is not
defined on DestroyPackagesInput)``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    is_input_type,
    is_required_input_field,
    type_from_ast,
)

from gitlab_sandbox.graphql import scalars

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a value, and where in it."""

    path: Path
    explanation: str


def problems(kind: GraphQLInputType, value: Any, path: Path = ()) -> Iterator[Problem]:
    """What is wrong with a value of a variable, in the order of the value."""
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield Problem(path, "Expected value to not be null")
        else:
            yield from problems(kind.of_type, value, path)
    elif value is None:
        return
    elif isinstance(kind, GraphQLList):
        # One value stands for a list of one.
        for index, entry in enumerate(value if isinstance(value, list) else [value]):
            yield from problems(kind.of_type, entry, (*path, index))
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _problems_of_object(kind, value, path)
    elif isinstance(kind, GraphQLEnumType):
        if not isinstance(value, str) or value not in kind.values:
            yield Problem(path, f"Expected {_shown(value)} to be one of: {', '.join(kind.values)}")
    else:
        try:
            scalars.check_value(kind, value)
        except GraphQLError as error:
            words = error.message if scalars.is_own(kind) else f"Could not coerce value {_shown(value)} to {kind.name}"
            yield Problem(path, words)


def _problems_of_object(kind: GraphQLInputObjectType, value: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, f"Expected {_shown(value)} to be a key-value object.")
        return
    for name in value:
        if name not in kind.fields:
            yield Problem((*path, name), f"Field is not defined on {kind.name}")
    for name, field in kind.fields.items():
        if name in value or is_required_input_field(field):
            yield from problems(field.type, value.get(name), (*path, name))


def check_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, values: Mapping[str, Any]
) -> list[GraphQLError]:
    """An error for each variable whose value is wrong; variables that are not declared do not count."""
    errors = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind = type_from_ast(schema, definition.type)
        if not is_input_type(kind) or (name not in values and definition.default_value is not None):
            continue
        found = list(problems(kind, values.get(name)))
        if found:
            places = [
                f"{'.'.join(map(str, problem.path))} ({problem.explanation})" for problem in found if problem.path
            ]
            errors.append(
                GraphQLError(
                    f"Variable ${name} of type {kind} was provided invalid value"
                    + (f" for {', '.join(places)}" if places else ""),
                    definition,
                    extensions={
                        "value": values.get(name),
                        "problems": [
                            {"path": list(problem.path), "explanation": problem.explanation} for problem in found
                        ],
                    },
                )
            )
    return errors


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that a request asks for: the named one, or the only one."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name:
        operations = [node for node in operations if node.name is not None and node.name.value == name]
    return operations[0] if len(operations) == 1 else None


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
