# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real S3 server on loopback (moto's), which can be told to answer 500, or late."""

from __future__ import annotations

import threading
import time
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "archive"
SECRET = "s3cr3t-Access-Key"
#: What S3 says with a status.
ERRORS = {403: ("AccessDenied", "Access Denied"), 500: ("InternalError", "We encountered an internal error.")}


class S3:
    """The server; ``url`` and ``options`` are those of an archive on it."""

    def __init__(self) -> None:
        self._app: t.Any = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.options: dict[str, t.Any] = {
            "key": "archivist",
            "secret": SECRET,
            "endpoint_url": self.endpoint,
            "config_kwargs": {"retries": {"max_attempts": 1}, "read_timeout": 1, "connect_timeout": 1},
        }
        #: Called with the method and the path of each request: what to answer instead, as a status, or None.
        self.fault: t.Callable[[str, str], int | None] = lambda _method, _path: None

    def _answer(self, environ: dict[str, t.Any], start_response: t.Any) -> t.Any:
        status = self.fault(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if status is None:
            return self._app(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(f"{status} Trouble", [("Content-Type", "application/xml")])
        code, words = ERRORS[status]
        return [f"<Error><Code>{code}</Code><Message>{words}</Message></Error>".encode()]

    def client(self) -> t.Any:
        """A client that nobody here wrote."""
        names = {"aws_access_key_id": "archivist", "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.endpoint, **names)

    def names(self, prefix: str = "") -> list[str]:
        """What the bucket holds."""
        found = self.client().list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return sorted(entry["Key"] for entry in found)

    @contextmanager
    def running(self) -> Iterator[S3]:
        """The server while it runs, with an empty bucket."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            self.client().create_bucket(Bucket=BUCKET)
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


def slow(seconds: float) -> t.Callable[[str, str], int | None]:
    """A fault that answers late."""

    def wait(_method: str, _path: str) -> None:
        time.sleep(seconds)

    return wait
