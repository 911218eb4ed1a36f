# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP to one GitLab: authentication, retries, rate limits, redirects, and every failure as one kind of error.

Nothing here knows packages beyond the words with which GitLab refuses them (contract, section 5).
"""

from __future__ import annotations

import concurrent.futures
import random
import re
import time
import traceback
import typing as t
import urllib.parse
from dataclasses import dataclass

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.bodies import (
    MOST,
    MOST_OF_AN_ERROR,
    CutOff,
    TooLong,
    parse_json,
    read_body,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.deadlines import Watch
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.error_words import (
    TRANSIENT,
    gitlab_words,
    refusal,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    InvalidInput,
    MayPass,
    RateLimited,
    RedirectRefused,
    UnexpectedAnswer,
    Unreachable,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.rate_gate import (
    MAX_WAIT,
    RateGate,
    read_limits,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.server_clock import ServerClock, http_date
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.threads import Threads
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.secrets import Secrets, user_info
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

REQUESTS_IMPORT_ERROR: str | None
try:
    import requests
    import urllib3

    from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.deadlines import WatchedAdapter
except ImportError:
    REQUESTS_IMPORT_ERROR = traceback.format_exc()
else:
    REQUESTS_IMPORT_ERROR = None

MAX_REDIRECTS = 5
#: The header that carries each kind of token (contract, section 6).
TOKEN_HEADERS = {"private": "PRIVATE-TOKEN", "oauth": "Authorization", "job": "JOB-TOKEN"}


@dataclass(frozen=True)
class Token:
    """A token and its kind: ``private``, ``oauth`` or ``job``. Its value never shows in a repr."""

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"Token({self.kind!r}, '********')"


@dataclass(frozen=True)
class Answer:
    """A good answer: ``data`` is the parsed JSON (None for 204), ``path`` where it came from after redirects."""

    status: int
    headers: t.Mapping[str, str]
    data: t.Any
    path: str


@dataclass(frozen=True)
class _Response:
    """A whole answer of any status, as it came over the wire and decompressed."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Connection:
    """What it takes to talk to a GitLab. ``timeout`` in seconds, for one request as a whole."""

    api_url: str = "https://gitlab.com"
    token: Token | None = None
    validate_certs: bool = True
    ca_path: str | None = None
    timeout: float = 30
    retries: int = 5
    concurrency: int = 8


def normalize_api_url(url: str) -> str:
    """``https://host[/prefix]/api/v4`` for any way that people write it. Raises :class:`InvalidInput`."""
    # Only what stands before a query is shown, and nothing where a password may stand: people put tokens there.
    shown = re.split(r"[?#]", printable(url.strip()))[0]
    shown = "(with a user name)" if "@" in shown else repr(shown)
    try:
        parts = urllib.parse.urlsplit(url.strip())
    except ValueError:
        raise InvalidInput(f"api_url {shown} has no usable host and port") from None
    if parts.username or parts.password:
        raise InvalidInput("api_url must not hold a user name or password: give the token in api_token")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidInput(f"api_url {shown} is not a URL: it must begin with https:// (or http://) and name a host")
    try:
        if parts.port == 0 or not parts.hostname:
            raise ValueError
        parts.netloc.encode("idna")
    except ValueError:
        raise InvalidInput(f"api_url {shown} has no usable host and port") from None
    if parts.query or parts.fragment:
        raise InvalidInput(f"api_url {shown} must not have a query or a fragment")
    prefix = re.sub(r"/api(/v4)?$", "", parts.path.rstrip("/"))
    return f"{parts.scheme}://{parts.netloc}{prefix}/api/v4"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _join(url: str, location: str) -> str:
    """Where a redirect leads, encoded; "" for what is no address."""
    try:
        return requests.utils.requote_uri(urllib.parse.urljoin(url, location))
    except (requests.exceptions.RequestException, ValueError):
        return ""


T = t.TypeVar("T")
R = t.TypeVar("R")


class Client:
    """One GitLab, spoken to by at most ``concurrency`` requests at once. Use it in a ``with`` block."""

    def __init__(self, connection: Connection) -> None:
        self.api_url = normalize_api_url(connection.api_url)
        self.connection = connection
        self.warnings: list[str] = []
        self._gate = RateGate(connection.concurrency)
        self._clock = ServerClock()
        self._threads = Threads(connection.concurrency)
        self._watch = Watch()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": "registryops.gitlab", "Accept-Encoding": "gzip"})
        self._adapter = WatchedAdapter(pool_maxsize=connection.concurrency, max_retries=0)
        self._session.mount(self.api_url, self._adapter)
        verify: bool | str = connection.ca_path or True
        if not connection.validate_certs:
            verify = False
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # Proxies and REQUESTS_CA_BUNDLE come from the environment, as for every program; looked up once.
        settings = self._session.merge_environment_settings(self.api_url, {}, True, verify, None)
        proxies = [secret for proxy in settings["proxies"].values() for secret in user_info(proxy or "")]
        self._secrets = Secrets([*proxies, *([connection.token.value] if connection.token else [])])
        self._send_options: dict[str, t.Any] = {**settings, "timeout": connection.timeout}
        if not connection.validate_certs:
            self._send_options["verify"] = False
        # Prepared once and copied for each request: preparing is about a fifth of what a request costs here.
        blank = requests.Request("GET", self.api_url, auth=self._authenticate)
        try:
            self._blank = self._session.prepare_request(blank)
        except (requests.exceptions.RequestException, ValueError):
            raise InvalidInput(f"api_url {printable(self.api_url)!r} is not a URL that one can send to") from None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        # An interrupt ends here too: nothing new is sent, and nothing that is in flight is waited for.
        self._gate.close()
        self._watch.close()
        self._threads.close()
        self._session.close()

    def submit(self, func: t.Callable[..., R], *args: t.Any) -> concurrent.futures.Future[R]:
        """Run ``func`` in one of the ``concurrency`` threads."""
        return self._threads.submit(func, *args)

    def map(self, func: t.Callable[[T], R], items: t.Iterable[T]) -> list[R]:
        """``[func(item) for item in items]``, in parallel and in order; the first error in that order is raised."""
        return self._threads.map(func, items)

    def get(self, path: str, params: t.Mapping[str, str] | None = None) -> Answer:
        """GET ``path`` (below ``/api/v4``, already encoded); redirects within the host are followed."""
        return self._request("GET", path, params, {})

    def delete(self, path: str, headers: t.Mapping[str, str] | None = None) -> Answer:
        """DELETE ``path``. It is sent again after a fault: where the error's ``lost`` is true, look what happened."""
        return self._request("DELETE", path, None, headers or {})

    def clock_skew(self) -> float | None:
        """Seconds that this host's clock is ahead of the server's, by the ``Date`` of what was read; None: not told."""
        return self._clock.skew()

    def scrub(self, text: str) -> str:
        """``text`` without the token, without a proxy's password, and without parts of them: before it is cut."""
        return self._secrets.scrub(text)

    # --- one call, with its retries --------------------------------------------------------------------------

    def _request(
        self, method: str, path: str, params: t.Mapping[str, str] | None, headers: t.Mapping[str, str]
    ) -> Answer:
        query = urllib.parse.urlencode(params or {}, quote_via=urllib.parse.quote)
        url = f"{self.api_url}{path}" + (f"?{query}" if query else "")
        try:
            return self._try_again(method, url, headers)
        except GitlabError as error:
            # Whatever went into it: a sentence leaves here without a secret.
            error.message, error.words, error.call = map(self.scrub, (error.message, error.words, error.call))
            raise

    def _try_again(self, method: str, url: str, headers: t.Mapping[str, str]) -> Answer:
        lost = False
        for attempt in range(self.connection.retries + 1):
            try:
                return self._follow(method, url, headers)
            except MayPass as fault:
                lost = lost or fault.may_have_worked
                fault.error.lost = lost
                if fault.wait is not None and fault.wait > MAX_WAIT:
                    asked = (
                        f"GitLab asks to wait {fault.wait:.0f} seconds, more than the {MAX_WAIT:.0f} that are waited"
                    )
                    fault.error.message += f"; {asked}: run it again later"
                    raise fault.error from None
                if attempt == self.connection.retries:
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
        if isinstance(fault.error, RateLimited) and fault.wait is None:
            # Not told when. Such limits are for a minute: wait for all, and for more than a minute in all tries.
            return self._gate.pause(min(60.0, 4.0**attempt) * random.uniform(0.5, 1))
        if fault.wait is None:
            return self._gate.sleep(backoff)
        self._gate.pause(max(fault.wait, backoff if fault.wait == 0 else 0))
        return None

    def _follow(self, method: str, url: str, headers: t.Mapping[str, str]) -> Answer:
        for _hop in range(MAX_REDIRECTS + 1):
            response = self._send(method, url, headers)
            call = self._call(method, url)
            if response.status not in (301, 302, 303, 307, 308):
                return self._read(response, call, url)
            target = _join(url, response.headers.get("Location", ""))
            shown = printable(self.scrub(target.split("?")[0])) or "no address"
            try:
                same_host = _origin(target) == _origin(self.api_url)
            except ValueError:
                same_host = False
            if not same_host:
                hint = "" if target.split(":")[0] != "https" or url.startswith("https") else "; set api_url to https://"
                raise RedirectRefused(
                    f"{call} was redirected to {shown}, another server than api_url: not followed, as the token"
                    f" would go along{hint}",
                    response.status,
                    call,
                )
            if method != "GET":
                raise RedirectRefused(
                    f"{call} was redirected to {shown}: only reading is redirected", response.status, call
                )
            url = target
        raise RedirectRefused(f"{call} was redirected more than {MAX_REDIRECTS} times", response.status, call)

    def _send(self, method: str, url: str, headers: t.Mapping[str, str]) -> _Response:
        """One request and its whole body. Raises :class:`MayPass` where no whole answer came."""
        call = self._call(method, url)
        limits = response = None
        refused = False
        self._gate.enter()
        try:
            with self._watch.request(self.connection.timeout) as running:
                try:
                    request = self._prepare(method, url, headers)
                    asked = time.time()
                    # The adapter, not the session: that would follow redirects with the token, and keep cookies.
                    response = self._adapter.send(request, **self._send_options)
                    answered = time.time()
                    limits, refused = read_limits(response.headers), response.status_code == 429
                    body = self._read_body(response, call)
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
                        raise self._too_late(call, response is not None) from None
                    raise self._fault(exc, call) from None
        finally:
            self._gate.leave(limits, refused)
        if method == "GET" and response.status_code == 200 and "Age" not in response.headers:
            self._clock.saw(http_date(response.headers.get("Date")), asked, answered)
        return _Response(response.status_code, response.headers, body)

    def _prepare(self, method: str, url: str, headers: t.Mapping[str, str]) -> requests.PreparedRequest:
        request = self._blank.copy()
        request.method = method
        request.headers.update(headers)
        if url.startswith(self.api_url):
            request.url = f"{self._blank.url}{url[len(self.api_url) :]}"
        else:
            request.prepare_url(url, None)
        return request

    def _read_body(self, response: requests.Response, call: str) -> bytes:
        good = 200 <= response.status_code < 300
        try:
            return read_body(response.raw, response.headers, MOST if good else MOST_OF_AN_ERROR)
        except TooLong as long:
            response.raw.close()
            if not good:
                return t.cast(bytes, long.args[0])
            error = UnexpectedAnswer(
                f"{call}: answered with more than {MOST // 1_000_000} MB, more than GitLab ever does: the rest was not"
                " read",
                response.status_code,
                call,
            )
            error.lost = True
            raise error from None

    def _too_late(self, call: str, begun: bool) -> MayPass:
        seconds = f"{self.connection.timeout:g} seconds"
        what = "the answer did not end" if begun else "no answer"
        return MayPass(Unreachable(f"{call}: {what} within {seconds} (option timeout)", call=call), True)

    def _authenticate(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Passed as `auth` even without a token: it keeps requests from sending what a .netrc holds.
        token = self.connection.token
        if token:
            value = f"Bearer {token.value}" if token.kind == "oauth" else token.value
            request.headers[TOKEN_HEADERS[token.kind]] = value
        return request

    # --- telling failures apart ------------------------------------------------------------------------------

    def _fault(self, exc: Exception, call: str) -> GitlabError:
        """Why no whole answer came: an error that is final, or a :class:`MayPass` that holds one."""
        server = self.api_url.rsplit("/api/v4", 1)[0]
        text = self.scrub(printable(str(exc)))
        errors = requests.exceptions
        if isinstance(exc, (errors.SSLError, urllib3.exceptions.SSLError)):
            if "certificate" in text.lower() or "hostname" in text.lower():
                return Unreachable(
                    f"{call}: the TLS certificate of {server} does not verify ({_reason(text)}): name the file of its"
                    " authority in ca_path, or set validate_certs to false where you trust the network",
                    call=call,
                )
            return MayPass(Unreachable(f"{call}: TLS with {server} failed: {_reason(text)}", call=call), True)
        if isinstance(exc, errors.ConnectTimeout):
            seconds = f"{self.connection.timeout:g} seconds"
            return MayPass(Unreachable(f"{call}: {server} did not answer within {seconds}", call=call), False)
        if isinstance(exc, (errors.Timeout, urllib3.exceptions.TimeoutError)) or "timed out" in text:
            return self._too_late(call, False)
        if isinstance(exc, errors.ProxyError):
            return MayPass(Unreachable(f"{call}: the proxy failed: {_reason(text)}", call=call), False)
        if "NameResolution" in text or "getaddrinfo" in text or "Name or service not known" in text:
            return MayPass(
                Unreachable(f"{call}: the host of {server} is not known: check api_url and the DNS", call=call), False
            )
        if isinstance(exc, errors.ConnectionError) and "NewConnectionError" in text:
            return MayPass(Unreachable(f"{call}: {server} does not answer: {_reason(text)}", call=call), False)
        broken = (
            errors.ConnectionError,
            errors.ChunkedEncodingError,
            urllib3.exceptions.ProtocolError,
            CutOff,
        )
        if isinstance(exc, broken) or (isinstance(exc, OSError) and not isinstance(exc, errors.RequestException)):
            return MayPass(Unreachable(f"{call}: the connection was lost: {_reason(text)}", call=call), True)
        return Unreachable(f"{call}: the request could not be sent: {_reason(text)}", call=call)

    def _read(self, response: _Response, call: str, url: str) -> Answer:
        status = response.status
        data: t.Any = None
        is_json = True
        try:
            data = parse_json(response.body) if response.body else None
        except (ValueError, RecursionError):
            is_json = False
        if 200 <= status < 300:
            if not is_json:
                kind = self.scrub(printable(response.headers.get("Content-Type", "no type")))[:80]
                start = self.scrub(printable(response.body[:4000].decode("utf-8", "replace")))[:40]
                strange = UnexpectedAnswer(
                    f"{call}: answered {status} with a body that is not JSON ({kind}, begins {start!r}): is api_url"
                    " the address of a GitLab?",
                    status,
                    call,
                )
                raise MayPass(strange, may_have_worked=True)
            path = url.split("?")[0][len(self.api_url) :] if url.startswith(self.api_url) else ""
            return Answer(status, response.headers, data, path)
        words = gitlab_words(data, response.body if not is_json else b"", self.scrub)
        token = self.connection.token
        error = refusal(status, data, words, call, token.kind if token else None)
        if status in TRANSIENT:
            limits = read_limits(response.headers)
            wait = limits.retry_after
            if wait is None and status == 429:
                wait = limits.resets_in
            raise MayPass(error, may_have_worked=status != 429, wait=wait)
        raise error

    def _call(self, method: str, url: str) -> str:
        """The call for a message: no host, no query, decoded."""
        path = urllib.parse.urlsplit(url).path
        prefix = urllib.parse.urlsplit(self.api_url).path
        return f"{method} {printable(urllib.parse.unquote(path[len(prefix) :] if path.startswith(prefix) else path))}"


_INNER = re.compile(r"\[(?:Errno|SSL|X509)[^\[\]]*\] (.+?)\.?(?: \(_ssl\.c:\d+\)|['\"]?\)+['\"]?|$)", re.DOTALL)
_LAST = re.compile(r"\((?:\d+, )?'([^']+)'\)+$|: ([^:'\"<>()]+)['\")]*$")


def _reason(text: str) -> str:
    """The last, innermost words of the nested messages that urllib3 makes."""
    text = text[-4000:]
    words = _INNER.findall(text) or _LAST.findall(text)
    return ("".join(words[-1]) if words else text)[:200].strip()
