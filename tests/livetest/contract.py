# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection relies on, asked of a real server line by line of docs/gitlab-packages-api.md, and recorded.

A recording is JSON lines of ``request``, ``status``, ``headers`` and ``body`` (or ``text``, which is no JSON). It holds
no token, no host and no person: headers and bodies are cut to what the contract names.
"""

from __future__ import annotations

import email.utils
import json
import time
import typing as t
import urllib.parse

Json = t.Any
#: GET, DELETE or PUT of a path below /api/v4, with parameters, data or headers: a ``requests.Response``.
Call = t.Callable[..., t.Any]

HEADERS = ("x-", "link", "date", "content-type", "ratelimit-", "retry-after")
#: Of what is no package or file: the fields that the contract names (section 1).
FIELDS = {
    "id",
    "path_with_namespace",
    "full_path",
    "visibility",
    "archived",
    "packages_enabled",
    "package_registry_access_level",
    "permissions",
    "access_level",
    "project_access",
    "group_access",
    "scopes",
    "active",
    "revoked",
    "expires_at",
    "message",
    "error",
    "error_description",
}
#: Of packages and files, what names a person or a host.
PERSONAL = ("user", "creator_id", "web_url", "ref", "sha")
HOST = "gitlab.example.com"


class Recording:
    """What was asked, and what was answered."""

    def __init__(self, api_url: str, path: str) -> None:
        self.lines: list[dict[str, Json]] = []
        self._host = urllib.parse.urlsplit(api_url).netloc
        self._path = path

    def take(self, method: str, path: str, answer: t.Any) -> None:
        """Record one answer."""
        of_packages = "/packages" in path
        line: dict[str, Json] = {"request": f"{method} {path}", "status": answer.status_code}
        kept = {k: v for k, v in answer.headers.items() if k.lower().startswith(HEADERS)}
        line["headers"] = {
            k: v for k, v in kept.items() if k.lower() not in ("x-request-id", "x-runtime", "x-gitlab-meta")
        }
        try:
            line["body"] = _cut(answer.json(), of_packages)
        except ValueError:
            line["text"] = answer.text[:200]
        text = json.dumps(line).replace(self._host, HOST)
        for written in (self._path, urllib.parse.quote(self._path, safe="")):
            text = text.replace(written, "acme/scratch")
        self.lines.append(json.loads(text))


def _cut(value: Json, of_packages: bool) -> Json:
    if isinstance(value, list):
        return [_cut(item, of_packages) for item in value]
    if not isinstance(value, dict):
        return value
    keep = {k: v for k, v in value.items() if (k not in PERSONAL if of_packages else k in FIELDS)}
    return {key: _cut(item, of_packages) for key, item in keep.items()}


Check = tuple[str, t.Callable[[], t.Iterator[t.Optional[str]]]]


def checks(call: Call, project: int, name: str) -> list[Check]:
    """Each with the line of the contract that it asks for. ``name`` is a package that may be published and deleted."""
    here = f"/projects/{project}"
    nothing = f"{here}/packages/999999999"

    def said(status: int, body: Json, method: str, path: str, **more: t.Any) -> t.Iterator[str | None]:
        answer = call(method, path, **more)
        try:
            found = answer.json()
        except ValueError:
            found = answer.text
        if (answer.status_code, found) != (status, body):
            yield f"{method} {path}: expected {status} {body}, found {answer.status_code} {str(found)[:100]}"

    def publish(text: bytes) -> int:
        call("PUT", f"{here}/packages/generic/{name}/1.0.0/file.bin", data=text)
        listed = call("GET", f"{here}/packages", params={"package_name": name}).json()
        return int(next(package["id"] for package in listed if package["name"] == name))

    def project_fields() -> t.Iterator[str | None]:
        found = call("GET", here).json()
        for field in ("id", "path_with_namespace", "archived", "packages_enabled", "permissions"):
            yield None if field in found else f"E10 has no {field!r}"

    def token_fields() -> t.Iterator[str | None]:
        found = call("GET", "/personal_access_tokens/self").json()
        yield None if "api" in found["scopes"] or "granular" in found["scopes"] else f"scopes are {found['scopes']}"

    def lists() -> t.Iterator[str | None]:
        answer = call("GET", f"{here}/packages", params={"per_page": "500"})
        shown, headers = len(answer.json()), answer.headers
        yield None if headers.get("X-Per-Page") == "100" else f"X-Per-Page is {headers.get('X-Per-Page')}"
        if headers.get("X-Next-Page") == "":
            yield None if headers.get("X-Total") == str(shown) else f"X-Total is {headers.get('X-Total')} of {shown}"
        yield None if email.utils.parsedate_tz(headers.get("Date", "")) else "there is no Date"

    def published_again() -> t.Iterator[str | None]:
        package = publish(b"one")
        first = call("GET", f"{here}/packages/{package}/package_files").json()
        time.sleep(2)
        between = email.utils.formatdate(time.time(), usegmt=True)
        time.sleep(2)
        publish(b"two")
        files = call("GET", f"{here}/packages/{package}/package_files").json()
        yield None if files[:1] == first and len(files) == 2 else "the newer file does not stand after the older one"
        old = {"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
        path = f"{here}/packages/{package}"
        yield from said(412, {"message": "412 Precondition Failed"}, "DELETE", path, headers=old)
        answer = call("DELETE", path, headers={"If-Unmodified-Since": between})
        yield None if answer.status_code == 204 else f"answered {answer.status_code}: a new file moves the last update"
        left = call("GET", f"{here}/packages", params={"package_name": name}).json()
        yield "it is still listed" if any(found["id"] == package for found in left) else None
        yield from said(404, {"message": "404 Not found"}, "DELETE", path)

    def no_file() -> t.Iterator[str | None]:
        package = publish(b"three")
        path = f"{here}/packages/{package}/package_files/999999999"
        yield from said(404, {"message": "404 Not Found"}, "DELETE", path)
        call("DELETE", f"{here}/packages/{package}")

    unknown = {"error": "package_type does not have a valid value"}
    return [
        ("1: E10 tells `archived`, `packages_enabled`, `permissions`", project_fields),
        ("1: E11 tells `scopes`", token_fields),
        ("2: `per_page` above 100 is cut to 100; 6: `X-Total` counts the list", lists),
        (
            "2: a type that a server does not know: 400",
            lambda: said(400, unknown, "GET", f"{here}/packages", params={"package_type": "unheard"}),
        ),
        ("5: `404 Not found`: no such package, E3", lambda: said(404, {"message": "404 Not found"}, "GET", nothing)),
        ("5: `404 Not found`: no such package, E6", lambda: said(404, {"message": "404 Not found"}, "DELETE", nothing)),
        ("5: `404 Not Found`: no such file, E7", no_file),
        (
            "5: `404 Project Not Found`",
            lambda: said(404, {"message": "404 Project Not Found"}, "GET", "/projects/999999999/packages"),
        ),
        ("4: a last update does not move when a file is added; E4 by ID; 412; a 204 that is true", published_again),
    ]
