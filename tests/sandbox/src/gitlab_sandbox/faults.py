# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that tests order: what a network, a proxy or a bad day does to an API."""

from __future__ import annotations

import http
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

from gitlab_sandbox.answers import JSON_TYPE, Answer, Headers, json_answer

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "status": ("code", "body", "headers"),
    "html_error": ("code",),
    "reset_before": (),
    "reset_after": (),
    "truncate": (),
    "bad_json": (),
    "slow": ("ms",),
    "silent_204": (),
    "redirect": ("location",),
}
_COMMON: Final = ("method", "path", "skip", "times", "kind")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# As many as a timer can wait: ten days.
_LONGEST_MS: Final = 864_000_000


class FaultError(ValueError):
    """What is wrong with an ordered fault, in one sentence that names the place."""


@dataclass
class Fault:
    """An ordered fault. ``answer`` stands for those kinds that answer without doing the work."""

    method: str | None
    path: re.Pattern[str]
    skip: int
    times: int
    kind: str
    answer: Answer | None = None
    ms: int = 0


@dataclass
class Faults:
    """The faults that are in force."""

    faults: list[Fault] = field(default_factory=list)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for a request, which is used up by that; None if the request is spared."""
        for fault in self.faults:
            if fault.times == 0 or (fault.method is not None and fault.method != method):
                continue
            if fault.path.search(path) is None:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.times > 0:
                fault.times -= 1
            return fault
        return None

    def replace(self, data: Any) -> None:
        """Put a JSON list of faults in force instead of those before.

        :raises FaultError: if one of them is wrong; then those before stay.
        """
        if not isinstance(data, list):
            raise FaultError("the faults are not a list")
        self.faults = [_fault(item, f"faults[{index}]") for index, item in enumerate(data)]


def _fault(data: Any, place: str) -> Fault:
    if not isinstance(data, dict):
        raise FaultError(f"{place} is not a mapping")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise FaultError(f"{place}.kind: {_shown(kind)} is none of {', '.join(_KEYS)}")
    allowed = (*_COMMON, *_KEYS[kind])
    for key in data:
        if key not in allowed:
            raise FaultError(f"{place}: {_shown(key)} is none of {', '.join(allowed)}")
    method = data.get("method")
    if method is not None and (not isinstance(method, str) or not method):
        raise FaultError(f"{place}.method: {_shown(method)} is not a method")
    pattern = data.get("path", "")
    if not isinstance(pattern, str):
        raise FaultError(f"{place}.path: {_shown(pattern)} is not a regular expression")
    try:
        path = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise FaultError(f"{place}.path: {_shown(pattern)} is not a regular expression: {error}") from None
    fault = Fault(
        method=None if method is None else method.upper(),
        path=path,
        skip=_integer(data, "skip", place, 0, 10**9, 0),
        times=_integer(data, "times", place, -1, 10**9, 1),
        kind=kind,
    )
    if kind in ("status", "html_error"):
        code = _integer(data, "code", place, 200, 599, None)
        fault.answer = _html_error(code) if kind == "html_error" else _status(code, data, place)
    elif kind == "bad_json":
        fault.answer = Answer(200, b'[{"id": 1, "name": "cut o', [JSON_TYPE])
    elif kind == "silent_204":
        fault.answer = Answer(204)
    elif kind == "redirect":
        location = _header_value(data.get("location"), f"{place}.location")
        fault.answer = Answer(302, b"", [(b"location", location)])
    elif kind == "slow":
        fault.ms = _integer(data, "ms", place, 0, _LONGEST_MS, None)
    return fault


def _status(code: int, data: dict[str, Any], place: str) -> Answer:
    body = data.get("body", {"message": f"{code} {_phrase(code)}"})
    if code in (204, 304):
        answer = Answer(code)
    elif isinstance(body, str):
        # A text is sent as it is: it may well be meant to be no JSON.
        try:
            answer = Answer(code, body.encode(), [(b"content-type", _text_type(body))])
        except UnicodeEncodeError:
            raise FaultError(f"{place}.body is not valid Unicode") from None
    else:
        try:
            answer = json_answer(code, body)
        except (UnicodeEncodeError, RecursionError):
            raise FaultError(f"{place}.body is not valid Unicode or nested too deeply") from None
    headers = data.get("headers", {})
    if not isinstance(headers, dict):
        raise FaultError(f"{place}.headers is not a mapping")
    extra: Headers = []
    for name, value in headers.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise FaultError(f"{place}.headers: {_shown(name)} is not the name of a header")
        if name.lower() in ("content-length", "transfer-encoding"):
            raise FaultError(f"{place}.headers: {name} follows from the body")
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        extra.append((name.lower().encode(), _header_value(text, f"{place}.headers.{name}")))
    given = {name for name, _ in extra}
    answer.headers = [header for header in answer.headers if header[0] not in given] + extra
    return answer


def _text_type(body: str) -> bytes:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return b"text/plain"
    return b"application/json"


def _html_error(code: int) -> Answer:
    title = f"{code} {_phrase(code)}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(code, b"" if code in (204, 304) else page.encode(), [(b"content-type", b"text/html")])


def _phrase(code: int) -> str:
    try:
        return http.HTTPStatus(code).phrase
    except ValueError:
        return "Error"


def _integer(data: dict[str, Any], key: str, place: str, least: int, most: int, default: int | None) -> int:
    value = data.get(key, default)
    if value is None:
        raise FaultError(f"{place}.{key} is missing")
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise FaultError(f"{place}.{key}: {_shown(value)} is not an integer between {least} and {most}")
    return value


def _header_value(value: Any, place: str) -> bytes:
    if not isinstance(value, str) or re.search(r"[^\t\x20-\x7e]", value):
        raise FaultError(f"{place}: {_shown(value)} is not a header's value of printable ASCII")
    return value.encode()


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."
