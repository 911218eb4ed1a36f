# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The object storage that serves files on a port of its own, at signed addresses (``--storage object``)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

from gitlab_sandbox import clock
from gitlab_sandbox.answers import Answer, Headers
from gitlab_sandbox.query import parse_query
from gitlab_sandbox.rows import File
from gitlab_sandbox.storage import Storage

_SECONDS = 600
_OTHER_NAME = {"127.0.0.1": "localhost", "localhost": "127.0.0.1", "[::1]": "localhost"}


class ObjectStorage:
    """Signs addresses and serves them. No token belongs there: a request that carries one is refused."""

    def __init__(self, storage: Storage, port: int) -> None:
        self._storage = storage
        self.port = port
        self._key = secrets.token_bytes(32)

    def address(self, base_url: str, file: File, disposition: str | None) -> str:
        """The signed address of a file, beside the host by which the client knows the server (``base_url``)."""
        scheme, _, host = base_url.partition("://")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if scheme == "http":
            # Another host by its name too: npm keeps its token where only the port differs. A certificate has one name.
            name = _OTHER_NAME.get(name, name)
        path = f"/packages/{file.package_id}/files/{file.id}/{quote(file.file_name, safe='')}"
        query = {"X-Amz-Expires": str(_SECONDS), "X-Amz-Date": str(int(clock.timestamp()))}
        if disposition is not None:
            query["response-content-disposition"] = disposition
        query["X-Amz-Signature"] = self._signature(path, query)
        return f"{scheme}://{name}:{self.port}{path}?{urlencode(query)}"

    def _signature(self, path: str, query: dict[str, str]) -> str:
        return hmac.new(self._key, f"{path}?{urlencode(sorted(query.items()))}".encode(), hashlib.sha256).hexdigest()

    def serve(self, method: str, path: str, query: str, with_token: bool) -> Answer:
        """The answer to a request."""
        if with_token:
            return _error(400, "InvalidArgument", "Only one auth mechanism allowed")
        if method not in ("GET", "HEAD"):
            return _error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        given = {name: value or "" for name, value in parse_query(query).items()}
        signature = given.pop("X-Amz-Signature", "")
        parts = path.split("/")
        if not hmac.compare_digest(signature.encode(), self._signature(path, given).encode()):
            return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if int(given["X-Amz-Date"]) + _SECONDS < clock.timestamp():
            return _error(403, "AccessDenied", "Request has expired")
        # Its own signature: the address is one that was made here.
        file = self._storage.file(int(parts[2]), int(parts[4]))
        if file is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        headers: Headers = [(b"content-type", b"application/octet-stream")]
        if "response-content-disposition" in given:
            headers.append((b"content-disposition", given["response-content-disposition"].encode()))
        return Answer(200, headers=headers, stream=self._storage.parts(file), stream_size=file.size)


def _error(status: int, code: str, text: str) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{text}</Message></Error>'
    return Answer(status, body.encode(), [(b"content-type", b"application/xml")])
