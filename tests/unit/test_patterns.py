# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""No regular expression of the collection takes more than a moment, whatever it reads.

Whoever may publish chooses names, versions and tags, and any proxy writes error pages: a pattern that goes back over
its text again and again would hold a task for hours, and Python's `re` cannot be interrupted. So each pattern of
plugins/ is found in the source, and run on texts that are made from it to be its worst cases.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    from re import _parser as sre_parse
else:
    import sre_parse

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
CALLS = ("compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer")
#: Characters in one worst case: what is linear takes some milliseconds, what is quadratic some seconds.
LENGTH = 30_000
#: Seconds of processor time for one of them: a hundred times what a linear pattern needs.
LIMIT = 1.0
#: Seconds after which the child is ended: a pattern that is exponential comes back at no time.
END = 60
OTHER = "\x7f"


@dataclass(frozen=True)
class Found:
    """A pattern, and where it stands."""

    where: str
    text: str | bytes
    flags: int
    #: The methods by which it is used.
    used: tuple[str, ...] = ("search", "match", "fullmatch", "findall")


def _constant(node: ast.expr, names: dict[str, t.Any]) -> t.Any:
    """The value of an expression of texts, flags and the module's own constants; None for others."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re":
        return int(getattr(re, node.attr, 0))
    if isinstance(node, ast.BinOp):
        left, right = _constant(node.left, names), _constant(node.right, names)
        if left is not None and right is not None:
            return left + right if isinstance(node.op, ast.Add) else left | right
    if isinstance(node, ast.JoinedStr):
        parts = [_constant(p.value if isinstance(p, ast.FormattedValue) else p, names) for p in node.values]
        return None if None in parts else "".join(map(str, parts))
    return None


def _is_assignment(node: t.Any) -> bool:
    return isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)


def _uses(tree: ast.AST, name: str | None) -> set[str]:
    """The methods that are taken of a compiled pattern, as in ``NAME.search``."""
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == name}


def _patterns_of(source: str, where: str) -> tuple[list[Found], list[str]]:
    """The patterns in one file, and the calls whose pattern is no constant."""
    tree = ast.parse(source)
    names: dict[str, t.Any] = {}
    assignments = [t.cast(t.Any, node) for node in tree.body if _is_assignment(node)]
    for node in assignments:
        names[node.targets[0].id] = _constant(node.value, names)
    compiled = {node.value: node.targets[0].id for node in assignments}
    found, unknown = [], []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
            continue
        text = _constant(node.args[0], names)
        if not isinstance(text, (str, bytes)):
            unknown.append(f"{where}: {ast.unparse(node)}")
            continue
        given = [*node.args[1:], *(word.value for word in node.keywords if word.arg == "flags")]
        flags = [value for value in (_constant(arg, names) for arg in given) if type(value) is int]
        used = _uses(tree, compiled.get(node)) if node.func.attr == "compile" else {node.func.attr}
        methods = {word if word in Found.used else "findall" for word in used} or set(Found.used)
        found.append(Found(f"{where}:{node.lineno}", text, flags[-1] if flags else 0, tuple(sorted(methods))))
    return found, unknown


#: Patterns that are made of a user's own words.
OF_USERS = {
    "module_utils/_retention/match.py: re.compile(fnmatch.translate(e))",
    "module_utils/_retention/plan_shape.py: re.fullmatch(f'{major}\\\\.[0-9]{{1,4}}', version)",
    "module_utils/_retention/policy.py: re.fullmatch(COUNT_PATTERN.strip('^$'), value)",
}


def _all() -> list[Found]:
    found: list[Found] = []
    for path in sorted(PLUGINS.rglob("*.py")):
        found += _patterns_of(path.read_text(encoding="utf-8"), str(path.relative_to(PLUGINS)))[0]
    return found


# --- worst cases ---------------------------------------------------------------------------------------------


def _samples(node: t.Any) -> list[str]:
    """Some short texts that a part of a pattern matches."""
    texts = [""]
    for operator, argument in node:
        name = str(operator)
        if name == "LITERAL":
            here = [chr(argument)]
        elif name == "NOT_LITERAL":
            here = ["x" if argument != ord("x") else "y"]
        elif name == "ANY":
            here = ["x"]
        elif name == "IN":
            here = _class_samples(argument)
        elif name == "BRANCH":
            here = [text for branch in argument[1] for text in _samples(branch)]
        elif name == "SUBPATTERN":
            here = _samples(argument[3])
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least = argument[0]
            here = [text * max(least, 1) for text in _samples(argument[2])] + ([""] if least == 0 else [])
        elif name == "ATOMIC_GROUP":
            here = _samples(argument)
        else:
            here = [""]
        texts = list(dict.fromkeys(text + more for text in texts for more in here))[:12]
    return texts


def _class_samples(items: t.Any) -> list[str]:
    chars: list[str] = []
    denied = str(items[0][0]) == "NEGATE"
    for operator, argument in items:
        if str(operator) == "LITERAL":
            chars.append(chr(argument))
        elif str(operator) == "RANGE":
            chars += [chr(argument[0]), chr(argument[1])]
        elif str(operator) == "CATEGORY":
            chars.append({"DIGIT": "1", "SPACE": " ", "WORD": "a"}.get(str(argument).rsplit("_", 1)[-1], "x"))
    if denied:
        pattern = re.compile("[^" + re.escape("".join(chars)) + "]")
        return [char for char in ("x", "0", " ", ".", "<") if pattern.fullmatch(char)][:2]
    return chars[:6]


def _repeats(node: t.Any, before: str = "") -> t.Iterator[tuple[str, list[str]]]:
    """For each repetition: a text that leads to it, and texts that it repeats."""
    for index, (operator, argument) in enumerate(node):
        name = str(operator)
        lead = before + (_samples(list(node)[:index]) or [""])[0]
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield lead, _samples(argument[2])
            yield from _repeats(argument[2], lead)
        elif name == "SUBPATTERN":
            yield from _repeats(argument[3], lead)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _repeats(branch, lead)


def worst_cases(text: str, flags: int) -> list[str]:
    """Texts of LENGTH characters that are as hard as can be for a pattern: what it repeats, and then no end to it."""
    tree = sre_parse.parse(text, flags)
    wholes = _samples(tree)
    units: dict[str, set[str]] = {"": set(wholes)}
    for lead, repeated in _repeats(tree):
        units.setdefault(lead, set()).update(repeated)
        units.setdefault("", set()).update(lead + unit for unit in repeated)
        units[lead].update(a + b for a in repeated[:3] for b in repeated[:3])
        units.setdefault("", set()).update([lead])
    cases = [
        (lead + unit * (LENGTH // len(unit)))[:LENGTH] + end
        for lead, some in units.items()
        for unit in sorted(some)
        if unit
        for end in (OTHER, "\n\n")
    ]
    return list(dict.fromkeys(cases))


CHILD = """
import json, re, sys, time
for line in sys.stdin:
    where, text, flags, binary, used, cases = json.loads(line)
    pattern = re.compile(text.encode() if binary else text, flags)
    worst = 0.0
    print("begin", where, flush=True)
    for case in cases:
        for name in used:
            began = time.process_time()
            getattr(pattern, name)(case.encode() if binary else case)
            worst = max(worst, time.process_time() - began)
    print("end", worst, flush=True)
"""


def _run(found: t.Sequence[Found]) -> list[str]:
    """The patterns that took too long, each with its place."""
    lines = []
    for one in found:
        text = one.text.decode("latin-1") if isinstance(one.text, bytes) else one.text
        flags = one.flags
        lines.append(
            json.dumps([one.where, text, flags, isinstance(one.text, bytes), one.used, worst_cases(text, flags)])
        )
    script = [sys.executable, "-c", CHILD]
    process = subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        said, _ = process.communicate("\n".join(lines), timeout=END)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    slow, where = [], ""
    for line in said.splitlines():
        word, _, rest = line.partition(" ")
        if word == "begin":
            where = rest
        elif float(rest) > LIMIT:
            slow.append(f"{where}: {float(rest):.1f} s")
        if word == "end":
            where = ""
    return [*slow, *([f"{where}: no end after {END} s"] if where else [])]


def test_each_pattern_is_known() -> None:
    unknown: set[str] = set()
    for path in sorted(PLUGINS.rglob("*.py")):
        unknown.update(_patterns_of(path.read_text(encoding="utf-8"), str(path.relative_to(PLUGINS)))[1])
    assert unknown == OF_USERS


def test_no_pattern_goes_back_and_back() -> None:
    found = _all()
    assert len(found) > 20
    assert _run(found) == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"<title>\s*(.*?)\s*</title>",
        r"(?:beta)?((?:[.-]?[0-9]+)*)$",
        r"(a|a)*$",
        r"<([^>]*)>\s*;[^,]*rel=next",
        r"(^[^-+]*-|\.)0+(?=[0-9]+(?:[.+]|$))",
    ],
)
def test_what_goes_back_is_found(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check itself: patterns of which each holds a task for minutes, or for ever."""
    monkeypatch.setitem(globals(), "END", 2)
    assert _run([Found("here", pattern, re.DOTALL)]) != []
