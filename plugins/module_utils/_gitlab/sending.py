# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request to one GitLab, and its answer: when it may go, who asks, and how long it may take.

A request is tried once here, and no redirect is followed: see client.py.
"""

from __future__ import annotations

import time
import typing as t
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.answers import Response
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.bodies import (
    MOST,
    MOST_OF_AN_ERROR,
    CutOff,
    TooLong,
    read_body,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.connection import Connection, token_headers
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.deadlines import Running, Watch
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    FileDiffers,
    InvalidInput,
    UnexpectedAnswer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.faults import fault, too_late
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.rate_gate import RateGate, read_limits
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.redirects import host_of
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.server_clock import ServerClock, http_date
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.transfers import (
    Beyond,
    OnThisSide,
    Upload,
    patience,
    receive,
    send_pieces,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.secrets import Secrets, user_info
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

try:
    import requests
    import urllib3

    from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.deadlines import WatchedAdapter
except ImportError:
    pass  # client.py says what is missing


@dataclass(frozen=True)
class File:
    """A file that is to be received: ``write`` takes its pieces, ``most`` is how large it may be (None: not known)."""

    write: t.Callable[[bytes], object]
    most: int | None


@dataclass(frozen=True)
class Request:
    """What is to be sent. ``url`` is whole, ``call`` what a message calls it.

    ``basic``: the user name with which the token goes as a password. ``upload`` is the body, ``file`` takes that of a
    good answer.
    """

    method: str
    url: str
    call: str
    headers: t.Mapping[str, str] = field(default_factory=dict)
    basic: str | None = None
    upload: Upload | None = None
    file: File | None = None


class Sender:
    """Sends requests to one GitLab, at most ``concurrency`` at once. Safe in many threads at once."""

    def __init__(self, api_url: str, connection: Connection) -> None:
        self.api_url = api_url
        self.gate = RateGate(connection.concurrency)
        self.clock = ServerClock()
        self._connection = connection
        self._watch = Watch()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "registryops.gitlab", "Accept-Encoding": "gzip"})
        self._adapter = WatchedAdapter(pool_maxsize=connection.concurrency, max_retries=0)
        self._session.mount(api_url, self._adapter)
        if not connection.validate_certs:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # Proxies and REQUESTS_CA_BUNDLE come from the environment, as for every program; looked up once.
        self._options = self._environment(api_url)
        proxies = [secret for proxy in self._options["proxies"].values() for secret in user_info(proxy or "")]
        self._secrets = Secrets([*proxies, *([connection.token.value] if connection.token else [])])
        # Prepared once and copied for each request: preparing is about a fifth of what a request costs here.
        blank = requests.Request("GET", api_url, auth=self._authenticate)
        try:
            self._blank = self._session.prepare_request(blank)
        except (requests.exceptions.RequestException, ValueError):
            raise InvalidInput(f"api_url {printable(api_url)!r} is not a URL that one can send to") from None

    def close(self) -> None:
        """Nothing new is sent, and nothing that is in flight is waited for."""
        self.gate.close()
        self._watch.close()

    def disconnect(self) -> None:
        """Close the connections that nothing uses any more."""
        self._session.close()

    def scrub(self, text: str) -> str:
        """``text`` without the token, without a proxy's password, and without parts of them."""
        return self._secrets.scrub(text)

    def send(self, wanted: Request) -> Response:
        """One request and its whole body. Raises :class:`MayPass` where no whole answer came."""
        limits = response = None
        refused = False
        self.gate.enter()
        try:
            with self._running(wanted, self.api_url.rsplit("/api/v4", 1)[0]) as running:
                asked = time.time()
                # The adapter, not the session: that would follow redirects with the token, and keep cookies.
                response = self._adapter.send(self._prepare(wanted, running), **self._waits(wanted))
                answered = time.time()
                limits, refused = read_limits(response.headers), response.status_code == 429
                body = self._read(wanted, response, running)
        finally:
            self.gate.leave(limits, refused)
        if wanted.method == "GET" and response.status_code == 200 and "Age" not in response.headers:
            self.clock.saw(http_date(response.headers.get("Date")), asked, answered)
        return Response(response.status_code, response.headers, body)

    def send_to_storage(self, wanted: Request) -> Response:
        """As :meth:`send`, to another server: without a token, and without a part in GitLab's rate limit."""
        with self._running(wanted, f"the object storage {host_of(wanted.url)}") as running:
            blank = requests.Request(
                wanted.method, wanted.url, headers=dict(wanted.headers), auth=lambda request: request
            )
            # By a session of its own: no cookie, and nothing of a .netrc.
            request = requests.Session().prepare_request(blank)
            response = self._adapter.send(request, **self._environment(wanted.url))
            body = self._read(wanted, response, running)
        return Response(response.status_code, response.headers, body)

    @contextmanager
    def _running(self, wanted: Request, server: str) -> Iterator[Running]:
        """The time that the request may take; what goes wrong in it is told apart."""
        timeout = self._connection.timeout
        try:
            with self._watch.request(timeout) as running:
                try:
                    yield running
                    if running.cut:
                        raise CutOff  # without a length, a cut looks like the end
                except (
                    requests.exceptions.RequestException,
                    urllib3.exceptions.HTTPError,
                    CutOff,
                    OSError,
                    ValueError,
                ) as exc:
                    if running.cut:
                        raise too_late(wanted.call, timeout, running.waits_for) from None
                    # A signed address is a secret too.
                    query = urllib.parse.urlsplit(wanted.url).query
                    raise fault(
                        exc, wanted.call, server, timeout, lambda text: self.scrub(_without(text, query))
                    ) from None
        except OnThisSide as failed:
            raise failed.cause from None

    def _prepare(self, wanted: Request, running: Running) -> requests.PreparedRequest:
        request = self._blank.copy()
        request.method = wanted.method
        request.headers.update(wanted.headers)
        if wanted.basic is not None:
            for header in token_headers(self._connection.token):
                del request.headers[header]
            request.headers.update(token_headers(self._connection.token, wanted.basic))
        if wanted.upload:
            request.headers["Content-Length"] = str(wanted.upload.size)
            body: t.Any = send_pieces(wanted.upload, running, self._connection.timeout) if wanted.upload.size else b""
            request.body = body
        if wanted.url.startswith(self.api_url):
            request.url = f"{self._blank.url}{wanted.url[len(self.api_url) :]}"
        else:
            request.prepare_url(wanted.url, None)
        return request

    def _waits(self, wanted: Request) -> dict[str, t.Any]:
        if not wanted.upload:
            return self._options
        timeout = self._connection.timeout
        return {**self._options, "timeout": (timeout, timeout + patience(wanted.upload.size))}

    def _read(self, wanted: Request, response: requests.Response, running: Running) -> bytes:
        running.waits_for = "the answer did not end"
        good = 200 <= response.status_code < 300
        if good and wanted.file:
            running.waits_for = "no 64 KiB of the file came"
            try:
                receive(
                    response.raw,
                    response.headers,
                    wanted.file.write,
                    wanted.file.most,
                    running,
                    self._connection.timeout,
                )
            except (Beyond, OnThisSide) as exc:
                response.raw.close()
                if isinstance(exc, OnThisSide):
                    raise
                raise FileDiffers(
                    f"{wanted.call}: more bytes came than the {wanted.file.most} that the file has: the rest was not"
                    " read",
                    response.status_code,
                    wanted.call,
                ) from None
            return b""
        try:
            return read_body(response.raw, response.headers, MOST if good else MOST_OF_AN_ERROR)
        except TooLong as long:
            response.raw.close()
            if not good:
                return t.cast(bytes, long.args[0])
            error = UnexpectedAnswer(
                f"{wanted.call}: answered with more than {MOST // 1_000_000} MB, more than GitLab ever does: the rest"
                " was not read",
                response.status_code,
                wanted.call,
            )
            error.lost = True
            raise error from None

    def _environment(self, url: str) -> dict[str, t.Any]:
        """How to reach an address: proxies, certificates, and the patience of its sockets."""
        connection = self._connection
        verify = connection.ca_path or True if connection.validate_certs else False
        settings = self._session.merge_environment_settings(url, {}, True, verify, None)
        if not connection.validate_certs:
            settings["verify"] = False
        return {**settings, "timeout": connection.timeout}

    def _authenticate(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Passed as `auth` even without a token: it keeps requests from sending what a .netrc holds.
        request.headers.update(token_headers(self._connection.token))
        return request


def _without(text: str, query: str) -> str:
    return text.replace(query, "…") if query else text
