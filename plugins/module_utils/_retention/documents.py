# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that people write (policies, plans, keep lists), read so that they mean what stands in them, or are refused.

JSON or YAML, in UTF-8. What YAML 1.1 would turn into something else without a word is not turned: a date stays the
text that it is, ``010``, ``1_000`` and ``1:30`` are refused. So are keys that come twice, keys that are no texts, tags,
and whatever grows without bound.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

#: The largest file that is read, in bytes. A plan of a million packages takes some 500 MB.
MAX_BYTES = 2**30
#: How deep lists and mappings may be nested in each other; a policy needs six.
MAX_DEPTH = 50
#: How many digits a number may have.
MAX_DIGITS = 30
#: How many values more than the file has characters aliases may stand for.
MAX_ALIASED = 100_000

_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+]?[0-9]+)?)?")
_PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map"))


class DocumentError(ValueError):
    """A file that is refused; the message is one sentence that names the file and, where it can, the place."""


class _Refused(Exception):
    """Why, without the file's name."""


def read_document(path: str, option: str, max_bytes: int = MAX_BYTES) -> t.Any:
    """The plain data in a file; ``option`` is what a message calls it. Raises `DocumentError`."""
    return parse_document(read_text(path, option, max_bytes)[0], path, option)


def read_text(path: str, option: str, max_bytes: int = MAX_BYTES) -> tuple[str, str]:
    """The text in a file, and the SHA-256 of its bytes in hex. Raises `DocumentError` as `read_document`."""
    try:
        raw = _read_bytes(path, max_bytes)
        return _decoded(raw), hashlib.sha256(raw).hexdigest()
    except _Refused as reason:
        raise DocumentError(f"{option} {printable(path)!r} {reason}") from None
    except MemoryError:
        raise DocumentError(f"{option} {printable(path)!r} is too large for this host's memory") from None


def parse_document(text: str, path: str, option: str) -> t.Any:
    """The plain data that a text of a file says. Raises `DocumentError` as `read_document`."""
    try:
        if not text.strip():
            raise _Refused("is empty")
        data = _parse(text)
        _check_size(data, len(text) + MAX_ALIASED)
    except _Refused as reason:
        raise DocumentError(f"{option} {printable(path)!r} {reason}") from None
    except RecursionError:
        raise DocumentError(f"{option} {printable(path)!r} is nested too deeply") from None
    except MemoryError:
        raise DocumentError(f"{option} {printable(path)!r} is too large for this host's memory") from None
    return data


def _read_bytes(path: str, max_bytes: int) -> bytes:
    try:
        # Not to wait for somebody who writes into a FIFO: what is no regular file is refused.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _Refused(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise _Refused("cannot be read: no path holds a NUL") from None
    about = os.fstat(handle)
    with os.fdopen(handle, "rb") if stat.S_ISREG(about.st_mode) else _no_file(handle) as file:
        # What says that it is too large is not read; what grows meanwhile is not read to its end.
        raw = file.read(max_bytes + 1) if about.st_size <= max_bytes else None
    if raw is None or len(raw) > max_bytes:
        raise _Refused(f"is larger than {max_bytes} bytes")
    return raw


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused(f"is not UTF-8, at byte {error.start + 1}") from None


def _no_file(handle: int) -> t.NoReturn:
    os.close(handle)
    raise _Refused("cannot be read: it is no regular file")


def _parse(text: str) -> t.Any:
    constants: list[str] = []
    try:
        data = json.loads(
            text,
            object_pairs_hook=_unique_mapping,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=constants.append,
        )
    except json.JSONDecodeError:
        # What begins as JSON need not be it: NaN may be the first key of a YAML mapping.
        return _parse_yaml(text)
    if constants:
        raise _Refused(f"holds {constants[0]}, which is no number of JSON")
    return data


def _unique_mapping(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    mapping: dict[str, t.Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise _Refused(f"has the key {printable(key)!r} twice in one mapping")
        mapping[key] = value
    return mapping


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _Refused(f"holds a number of {len(digits)} digits")
    return int(digits)


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _Refused("holds a number that is too large")
    return value


def _check_size(data: t.Any, most: int) -> None:
    """Refuse what is nested too deeply, also endlessly, and aliases that stand for too much."""
    level = [data]
    values = 0
    for _depth in range(MAX_DEPTH + 1):
        values += len(level)
        below: list[t.Any] = []
        nested = False
        for value in level:
            if isinstance(value, (dict, list)):
                nested = True
                below.extend(value.values() if isinstance(value, dict) else value)
                if values + len(below) > most:
                    raise _Refused("has aliases that stand for too many values")
        if not nested:
            return
        level = below
    raise _Refused("is nested too deeply")


# --- YAML ---------------------------------------------------------------------------------------------------------


def _parse_yaml(text: str) -> t.Any:
    try:
        import yaml  # imported late: JSON needs no library
    except ImportError:
        raise _Refused("is not JSON, and PyYAML, which reads YAML, is not installed") from None
    try:
        loader = _loader_class(yaml)(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        where = _place(error.problem_mark or error.context_mark)
        raise _Refused(f"is neither JSON nor YAML{where}: {printable(str(error.problem or error.context))}") from None
    except yaml.YAMLError as error:
        raise _Refused(f"is neither JSON nor YAML: {printable(str(error).splitlines()[0])}") from None


def _place(mark: t.Any) -> str:
    return f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _loader_class(yaml: t.Any) -> t.Any:
    """A SafeLoader that refuses what it would turn into something else. (A class of PyYAML, which is imported late.)"""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        depth = 0

        def compose_node(self, parent: t.Any, index: t.Any) -> t.Any:
            self.depth += 1
            if self.depth > MAX_DEPTH + 1:  # a scalar counts too
                raise _Refused(f"is nested too deeply{_place(self.peek_event().start_mark)}")
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

        def compose_scalar_node(self, anchor: t.Any) -> t.Any:
            node = super().compose_scalar_node(anchor)
            kind = node.tag.rpartition(":")[2]
            if kind in ("int", "float"):
                _check_number(node)
            return node

        def compose_mapping_node(self, anchor: t.Any) -> t.Any:
            node = super().compose_mapping_node(anchor)
            keys = set()
            for key, _value in node.value:
                if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                    raise _Refused(f"has a key that is no text{_place(key.start_mark)}: put it in quotes")
                if key.value in keys:
                    raise _Refused(f"has the key {printable(key.value)!r} twice{_place(key.start_mark)}")
                keys.add(key.value)
            return node

        def construct_object(self, node: t.Any, deep: bool = False) -> t.Any:
            if node.tag not in _PLAIN_TAGS:
                raise _Refused(f"has the tag {printable(node.tag)!r}{_place(node.start_mark)}: only plain data is read")
            try:
                return super().construct_object(node, deep)
            except (ValueError, KeyError, IndexError, OverflowError):
                kind = node.tag.rpartition(":")[2]
                raise _Refused(f"holds a text that is no {kind}{_place(node.start_mark)}") from None

    # A date is the text that stands there: whoever wants a time reads it.
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return Loader


def _check_number(node: t.Any) -> None:
    text, where = node.value, _place(node.start_mark)
    if len(text) > MAX_DIGITS:
        raise _Refused(f"holds a number of {len(text)} digits{where}")
    if not _NUMBER.fullmatch(text):
        raise _Refused(f"holds {printable(text)!r}{where}: write a number in decimal digits, a text in quotes")
