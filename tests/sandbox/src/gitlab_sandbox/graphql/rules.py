# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks a query against the schema; what clients meet most is told in the words of graphql-ruby.

Those are fields, arguments and literals that the server does not know: clients tell old servers by
them. All else is checked, and worded, by graphql-core.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    print_ast,
    specified_rules,
    validate,
)
from graphql.validation import (
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    ValidationRule,
    ValuesOfCorrectTypeRule,
)

from gitlab_sandbox.graphql import scalars

_REPLACED = {
    FieldsOnCorrectTypeRule,
    KnownArgumentNamesRule,
    ProvidedRequiredArgumentsRule,
    ScalarLeafsRule,
    ValuesOfCorrectTypeRule,
}


def check_document(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """What is wrong with a query, whatever its variables are."""
    rules = [rule for rule in specified_rules if rule not in _REPLACED]
    return validate(schema, document, [Fields, Arguments, *rules])


def _path(ancestors: list[Any], *nodes: Any) -> list[Any]:
    """Where a node of the query is, as graphql-ruby tells it: ``["mutation", "destroyPackages", "input"]``."""
    path: list[Any] = []
    for node in (*ancestors, *nodes):
        if isinstance(node, OperationDefinitionNode):
            name = f" {node.name.value}" if node.name is not None else ""
            path.append(node.operation.value + name)
        elif isinstance(node, FragmentDefinitionNode):
            path.append(f"fragment {node.name.value}")
        elif isinstance(node, InlineFragmentNode):
            path.append(f"... on {node.type_condition.name.value}" if node.type_condition else "...")
        elif isinstance(node, FieldNode):
            path.append((node.alias or node.name).value)
        elif isinstance(node, (ArgumentNode, ObjectFieldNode, FragmentSpreadNode, DirectiveNode)):
            path.append(node.name.value)
    return path


def _error(message: str, node: Node, path: list[Any], **extensions: Any) -> GraphQLError:
    return GraphQLError(message, node, path=path, extensions=extensions)


class Fields(ValidationRule):
    """Fields are there, and have a selection if and only if their type has fields."""

    def enter_field(self, node: FieldNode, _key: Any, _parent: Any, _path_: Any, ancestors: list[Any]) -> None:
        """Check one field."""
        parent = self.context.get_parent_type()
        if parent is None:
            return
        name = node.name.value
        path = _path(ancestors, node)
        field = self.context.get_field_def()
        if field is None:
            self.report_error(
                _error(
                    f"Field '{name}' doesn't exist on type '{parent.name}'",
                    node,
                    path,
                    code="undefinedField",
                    typeName=parent.name,
                    fieldName=name,
                )
            )
            return
        kind = get_named_type(field.type)
        shown = f"field '{name}' returns {kind.name}"
        if is_leaf_type(kind) and node.selection_set:
            found = ", ".join(f'"{print_ast(selection)}"' for selection in node.selection_set.selections)
            message = f"Selections can't be made on scalars ({shown} but has selections [{found}])"
        elif not is_leaf_type(kind) and not node.selection_set:
            message = f"Field must have selections ({shown} but has no selections. Did you mean '{name} {{ ... }}'?)"
        else:
            return
        self.report_error(_error(message, node, path, code="selectionMismatch", nodeName=shown, typeName=kind.name))


class Arguments(ValidationRule):
    """Arguments of fields are known, the required ones there, and literals of the right type."""

    def enter_field(self, node: FieldNode, _key: Any, _parent: Any, _path_: Any, ancestors: list[Any]) -> None:
        """Check the arguments of one field."""
        field = self.context.get_field_def()
        if field is None:
            return
        name = node.name.value
        path = _path(ancestors, node)
        given = {argument.name.value for argument in node.arguments or ()}
        missing = [key for key, argument in field.args.items() if key not in given and is_required_argument(argument)]
        if missing:
            self.report_error(
                _error(
                    f"Field '{name}' is missing required arguments: {', '.join(missing)}",
                    node,
                    path,
                    code="missingRequiredArguments",
                    className="Field",
                    name=name,
                    arguments=", ".join(missing),
                )
            )
        for argument in node.arguments or ():
            key = argument.name.value
            if key in field.args:
                self._check(field.args[key].type, argument, ("Field", name), [*path, key])
            else:
                self._unknown(argument, ("Field", name), [*path, key])

    def _unknown(self, node: ArgumentNode | ObjectFieldNode, owner: tuple[str, str], path: list[Any]) -> None:
        kind, name = owner
        self.report_error(
            _error(
                f"{kind} '{name}' doesn't accept argument '{node.name.value}'",
                node,
                path,
                code="argumentNotAccepted",
                name=name,
                typeName=kind,
                argumentName=node.name.value,
            )
        )

    def _check(
        self, kind: GraphQLInputType, node: ArgumentNode | ObjectFieldNode, owner: tuple[str, str], path: list[Any]
    ) -> None:
        """Check the value of one argument, or of one field of an input object."""
        nullable = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(nullable, GraphQLInputObjectType) and isinstance(node.value, ObjectValueNode):
            self._check_object(nullable, node.value, path)
            return
        try:
            wrong = _wrong(kind, node.value)
            message = (
                f"Argument '{node.name.value}' on {owner[0]} '{owner[1]}' has an invalid value"
                f" ({print_ast(node.value)}). Expected type '{kind}'."
            )
        except GraphQLError as error:
            wrong, message = True, error.message
        if wrong:
            self.report_error(
                _error(
                    message,
                    node,
                    path,
                    code="argumentLiteralsIncompatible",
                    typeName=owner[0],
                    argumentName=node.name.value,
                )
            )

    def _check_object(self, kind: GraphQLInputObjectType, node: ObjectValueNode, path: list[Any]) -> None:
        owner = ("InputObject", kind.name)
        given = {field.name.value for field in node.fields or ()}
        for name, field in kind.fields.items():
            if name not in given and is_required_input_field(field):
                self.report_error(
                    _error(
                        f"Argument '{name}' on InputObject '{kind.name}' is required. Expected type {field.type}",
                        node,
                        [*path, name],
                        code="missingRequiredInputObjectAttribute",
                        argumentName=name,
                        argumentType=str(field.type),
                        inputObjectType=kind.name,
                    )
                )
        for entry in node.fields or ():
            name = entry.name.value
            if name in kind.fields:
                self._check(kind.fields[name].type, entry, owner, [*path, name])
            else:
                self._unknown(entry, owner, [*path, name])


def _wrong(kind: GraphQLInputType, node: ValueNode) -> bool:
    """Whether a literal is not of a type; variables in it are checked elsewhere.

    :raises GraphQLError: if one of GitLab's own scalars refuses it, with the reason.
    """
    if isinstance(node, VariableNode):
        return False
    if isinstance(kind, GraphQLNonNull):
        return isinstance(node, NullValueNode) or _wrong(kind.of_type, node)
    if isinstance(node, NullValueNode):
        return False
    if isinstance(kind, GraphQLList):
        entries = node.values or () if isinstance(node, ListValueNode) else (node,)
        return any(_wrong(kind.of_type, entry) for entry in entries)
    if isinstance(kind, GraphQLInputObjectType):
        return True
    if isinstance(kind, GraphQLEnumType):
        return not isinstance(node, EnumValueNode) or node.value not in kind.values
    try:
        scalars.check_literal(kind, node)
    except GraphQLError:
        if scalars.is_own(kind):
            raise
        return True
    return False
