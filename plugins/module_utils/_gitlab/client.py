# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP to one GitLab: calls with their retries and redirects, and every failure as one kind of error.

Nothing here knows packages beyond the words with which GitLab refuses them (contract, section 5).
"""

from __future__ import annotations

import concurrent.futures
import json
import random
import traceback
import typing as t
import urllib.parse

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.answers import (
    Answer,
    Response,
    passing,
    read_answer,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.connection import (
    Connection,
    Token,
    normalize_api_url,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import TRANSIENT, gitlab_words
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    MayPass,
    RateLimited,
    RedirectRefused,
    StorageRefused,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.rate_gate import MAX_WAIT
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.redirects import (
    MAX_REDIRECTS,
    STATUSES,
    host_of,
    target_of,
    to_storage,
    within,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.sending import File, Request, Sender
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.threads import Threads
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.transfers import Upload
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

__all__ = ["REQUESTS_IMPORT_ERROR", "Answer", "Client", "Connection", "Start", "Token", "Upload", "normalize_api_url"]

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests as _requests
    import urllib3 as _urllib3
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None
    del _requests, _urllib3

JSON = {"Content-Type": "application/json"}
T = t.TypeVar("T")
R = t.TypeVar("R")
#: Gives what takes the pieces of a file, empty, for each time that the file begins anew.
Start = t.Callable[[], t.Callable[[bytes], object]]


class Client:
    """One GitLab, spoken to by at most ``concurrency`` requests at once. Use it in a ``with`` block."""

    def __init__(self, connection: Connection) -> None:
        self.api_url = normalize_api_url(connection.api_url)
        self.connection = connection
        self.warnings: list[str] = []
        self._sender = Sender(self.api_url, connection)
        self._threads = Threads(connection.concurrency)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        # An interrupt ends here too: nothing new is sent, and nothing that is in flight is waited for.
        self._sender.close()
        self._threads.close()
        self._sender.disconnect()

    def submit(self, func: t.Callable[..., R], *args: t.Any) -> concurrent.futures.Future[R]:
        """Run ``func`` in one of the ``concurrency`` threads."""
        return self._threads.submit(func, *args)

    def map(self, func: t.Callable[[T], R], items: t.Iterable[T]) -> list[R]:
        """``[func(item) for item in items]``, in parallel and in order; the first error in that order is raised."""
        return self._threads.map(func, items)

    def get(self, path: str, params: t.Mapping[str, str] | None = None, basic: str | None = None) -> Answer:
        """GET ``path`` (below ``/api/v4``, already encoded); redirects within the host are followed."""
        return self._call(self._request("GET", path, params, basic=basic))

    def delete(self, path: str, headers: t.Mapping[str, str] | None = None) -> Answer:
        """DELETE ``path``. It is sent again after a fault: where the error's ``lost`` is true, look what happened."""
        return self._call(self._request("DELETE", path, None, headers or {}))

    def download(
        self,
        path: str,
        start: Start,
        most: int | None = None,
        params: t.Mapping[str, str] | None = None,
        basic: str | None = None,
    ) -> None:
        """GET a file's bytes: ``start`` is called for each try, and gives what takes them piece by piece.

        ``most`` is the file's size in bytes, where one knows it; more is a :class:`FileDiffers`. ``basic`` is a
        user name, for registries that take HTTP Basic only. One redirect to an object storage is followed, without the
        token. What ``start`` and its function raise goes through as it is. ``timeout`` is for each 64 KiB.
        """
        request = self._request("GET", path, params, {"Accept-Encoding": "identity"}, basic)
        self._tries(request, lambda: self._receive(request, File(start(), most)))

    def upload(
        self,
        method: str,
        path: str,
        body: t.Callable[[], Upload],
        headers: t.Mapping[str, str] | None = None,
        params: t.Mapping[str, str] | None = None,
        basic: str | None = None,
    ) -> Answer:
        """PUT or POST ``body``, which is called for each try. ``data`` is None where the answer is not JSON.

        Sent again only where the server certainly did nothing. Otherwise the error's ``lost`` is true: look whether it
        is there, before it is sent again. ``basic`` as in :meth:`download`.
        """
        request = self._request(method, path, params, headers or {}, basic)

        def once() -> Answer:
            sent = self._with(request, upload=body())
            return self._follow(sent, needs_json=False)

        return self._tries(request, once, sent_again=False)

    def write(self, method: str, path: str, data: t.Any) -> Answer:
        """POST, PUT or PATCH ``data`` as JSON. Sent again only where the server certainly did nothing.

        Where the error's ``lost`` is true, read what became of it before it is sent again.
        """
        return self._send_json(self._request(method, path, None, JSON), data, sent_again=False)

    def graphql(self, data: t.Any, sent_again: bool) -> Answer:
        """POST ``data`` as JSON to ``/api/graphql``, beside ``/api/v4``. What refuses with 200 is the caller's to see.

        ``sent_again``: after any fault, for what only reads; otherwise as :meth:`write`.
        """
        url = f"{self.api_url.removesuffix('/v4')}/graphql"
        return self._send_json(Request("POST", url, self._name("POST", url), JSON), data, sent_again)

    def clock_skew(self) -> float | None:
        """Seconds that this host's clock is ahead of the server's, by the ``Date`` of what was read; None: not told."""
        return self._sender.clock.skew()

    def scrub(self, text: str) -> str:
        """``text`` without the token, without a proxy's password, and without parts of them: before it is cut."""
        return self._sender.scrub(text)

    # --- one call, with its retries --------------------------------------------------------------------------

    def _request(
        self,
        method: str,
        path: str,
        params: t.Mapping[str, str] | None,
        headers: t.Mapping[str, str] | None = None,
        basic: str | None = None,
    ) -> Request:
        query = urllib.parse.urlencode(params or {}, quote_via=urllib.parse.quote)
        url = f"{self.api_url}{path}" + (f"?{query}" if query else "")
        return Request(method, url, self._name(method, url), headers or {}, basic)

    def _send_json(self, request: Request, data: t.Any, sent_again: bool) -> Answer:
        body = json.dumps(data).encode()
        return self._tries(
            request, lambda: self._follow(self._with(request, upload=Upload([body], len(body)))), sent_again
        )

    def _call(self, request: Request) -> Answer:
        return self._tries(request, lambda: self._follow(request))

    def _tries(self, request: Request, once: t.Callable[[], R], sent_again: bool = True) -> R:
        try:
            return self._try_again(once, sent_again)
        except GitlabError as error:
            # Whatever went into it: a sentence leaves here without a secret.
            error.message, error.words, error.call = map(self.scrub, (error.message, error.words, error.call))
            raise

    def _try_again(self, once: t.Callable[[], R], sent_again: bool) -> R:
        lost = False
        for attempt in range(self.connection.retries + 1):
            try:
                return once()
            except MayPass as fault:
                lost = lost or fault.may_have_worked
                fault.error.lost = lost
                if fault.wait is not None and fault.wait > MAX_WAIT:
                    asked = (
                        f"GitLab asks to wait {fault.wait:.0f} seconds, more than the {MAX_WAIT:.0f} that are waited"
                    )
                    fault.error.message += f"; {asked}: run it again later"
                    raise fault.error from None
                if attempt == self.connection.retries or (fault.may_have_worked and not sent_again):
                    tries = f" ({attempt + 1} tries)" if attempt else ""
                    fault.error.message += tries
                    raise fault.error from None
                self._wait(fault, attempt)
            except GitlabError as error:
                error.lost = error.lost or lost
                raise
        raise AssertionError("unreachable")

    def _wait(self, fault: MayPass, attempt: int) -> None:
        # Full seconds at first glance, but never two clients in step: half of the pause is chance.
        backoff = min(30.0, 0.5 * 2**attempt) * random.uniform(0.5, 1)
        gate = self._sender.gate
        if isinstance(fault.error, StorageRefused):
            return gate.sleep(max(backoff, fault.wait or 0))  # another server than GitLab: nobody else waits
        if isinstance(fault.error, RateLimited) and fault.wait is None:
            # Not told when. Such limits are for a minute: wait for all, and for more than a minute in all tries.
            return gate.pause(min(60.0, 4.0**attempt) * random.uniform(0.5, 1))
        if fault.wait is None:
            return gate.sleep(backoff)
        gate.pause(max(fault.wait, backoff if fault.wait == 0 else 0))
        return None

    def _follow(self, request: Request, needs_json: bool = True) -> Answer:
        first = request.url
        response: Response
        for _hop in range(MAX_REDIRECTS + 1):
            call = self._name(request.method, request.url)
            response = self._sender.send(request)
            if response.status not in STATUSES:
                return self._read(response, call, request.url, needs_json)
            target, shown = self._target(request, response)
            within(self.api_url, request.url, target, request.method, response.status, call, shown)
            request = self._with(request, url=target, call=self._name(request.method, target))
        raise RedirectRefused(
            f"{self._name(request.method, first)} was redirected more than {MAX_REDIRECTS} times", response.status, call
        )

    def _receive(self, request: Request, file: File) -> None:
        """A file's bytes: from GitLab, or from where its one redirect leads."""
        request = self._with(request, file=file)
        for _hop in range(MAX_REDIRECTS + 1):
            response = self._sender.send(request)
            if response.status not in STATUSES:
                self._read(response, request.call, request.url, needs_json=False)
                return None
            target, shown = self._target(request, response)
            if not target.startswith(f"{self.api_url}/"):
                # Not below the API: what lies there is a storage's, also where it is on the same host.
                return self._fetch(
                    self._with(request, url=to_storage(request.url, target, response.status, request.call, shown))
                )
            request = self._with(request, url=target)
        raise RedirectRefused(
            f"{request.call} was redirected more than {MAX_REDIRECTS} times", response.status, request.call
        )

    def _fetch(self, request: Request) -> None:
        response = self._sender.send_to_storage(self._with(request, basic=None))
        status, host = response.status, host_of(request.url)
        if 200 <= status < 300:
            return
        if status in STATUSES:
            raise RedirectRefused(
                f"{request.call} was redirected to {host}, and from there again: one redirect is followed, no more",
                status,
                request.call,
            )
        words = gitlab_words(None, response.body, self.scrub)
        error = StorageRefused(
            f"{request.call}: the object storage {host} answered {status}{f' ({words})' if words else ''}",
            status,
            request.call,
            words,
        )
        raise passing(error, response) if status in TRANSIENT else error

    def _target(self, request: Request, response: Response) -> tuple[str, str]:
        """Where an answer redirects to, and what a message shows of it: an address may be signed."""
        target = target_of(request.url, response.headers)
        return target, printable(self.scrub(target.split("?")[0])) or "no address"

    def _read(self, response: Response, call: str, url: str, needs_json: bool) -> Answer:
        path = url.split("?")[0].removeprefix(self.api_url) if url.startswith(self.api_url) else ""
        token = self.connection.token
        return read_answer(response, call, path, token.kind if token else None, self.scrub, needs_json)

    @staticmethod
    def _with(request: Request, **changes: t.Any) -> Request:
        return Request(**{**request.__dict__, **changes})

    def _name(self, method: str, url: str) -> str:
        """The call for a message: no host, no query, decoded."""
        path = urllib.parse.urlsplit(url).path
        prefix = urllib.parse.urlsplit(self.api_url).path
        return f"{method} {printable(urllib.parse.unquote(path[len(prefix) :] if path.startswith(prefix) else path))}"
