# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of generated packages: ``bench/app-{i % 50}`` for i = 0, 1, 2, …"""

from __future__ import annotations

import ast
import re
from typing import Callable

_PART = re.compile(r"\{([^{}]*)\}")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Mod, ast.FloorDiv)


def compile_template(text: str) -> Callable[[int], str]:
    """A function from the package's index to its name.

    An expression in braces may hold ``i``, integers, ``+ - * // %`` and parentheses.

    :raises ValueError: if it holds anything else.
    """
    parts: list[ast.expr | ast.Constant] = []
    position = 0
    for match in _PART.finditer(text):
        parts.append(ast.Constant(_literal(text[position : match.start()])))
        parts.append(ast.FormattedValue(value=_expression(match.group(1)), conversion=-1))
        position = match.end()
    parts.append(ast.Constant(_literal(text[position:])))
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(arg="i")], kwonlyargs=[], kw_defaults=[], defaults=[], vararg=None, kwarg=None
    )
    tree = ast.Expression(ast.Lambda(args=arguments, body=ast.JoinedStr(values=parts)))
    # Only nodes that _expression() has let through are compiled here.
    function: Callable[[int], str] = eval(compile(ast.fix_missing_locations(tree), "<template>", "eval"), {})
    return function


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError(f"a brace in {text!r} belongs to no expression")
    return text


def _expression(text: str) -> ast.expr:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _check(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{{{text}}} is not an expression of i, integers, + - * // % and parentheses") from None
    return tree


def _check(node: ast.AST) -> None:
    if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS):
        _check(node.left)
        _check(node.right)
        if isinstance(node.op, (ast.Mod, ast.FloorDiv)) and not (
            isinstance(node.right, ast.Constant) and node.right.value
        ):
            raise ValueError("only an integer other than 0 divides")
    elif not (
        (isinstance(node, ast.Name) and node.id == "i")
        or (isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 10**12)
    ):
        raise ValueError("not allowed")
