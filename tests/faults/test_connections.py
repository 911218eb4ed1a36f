# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies between the collection and GitLab: sockets, TLS, names, proxies, redirects, rate limits."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import ssl
import time
import typing as t
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import Client, Connection, Token
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    RedirectRefused,
    Unreachable,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.packages_api import PackagesApi
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.delete_options import Options
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.deletion import delete_packages
from ansible_collections.registryops.gitlab.plugins.module_utils._packages.facts import complete
from ansible_collections.registryops.gitlab.tests.faults.conftest import (
    LISTED,
    SMALL,
    TOKEN,
    Registry,
    generated,
    packages,
    seed,
)
from ansible_collections.registryops.gitlab.tests.faults.wire import Proxy, Reply, Request, WireServer, reply

PACKAGE = {"id": 1, "name": "app", "version": "1", "package_type": "generic", "status": "default"}


def _nowhere() -> str:
    """An address at which nothing listens."""
    with WireServer(lambda request: reply()) as server:
        return server.url


# --- no connection -------------------------------------------------------------------------------------------


def test_connection_refused(registry: Registry) -> None:
    with registry.connect(_nowhere()) as client, pytest.raises(Unreachable) as caught:
        packages(PackagesApi(client), 1)
    assert "does not answer: Connection refused (2 tries)" in caught.value.message


def test_connection_refused_in_the_middle_of_deleting(registry: Registry) -> None:
    project = registry.fresh()
    with registry.connect(retries=0) as reader:
        found = packages(PackagesApi(reader), project)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(WireServer(Proxy(registry.sandbox.url, every=1).answer))
        with registry.connect(server.url, retries=0) as client:
            api = PackagesApi(client)
            assert delete_packages(api, found[:1], Options()).results[0]["result"] == "deleted"
            stack.close()
            outcome = delete_packages(api, found[1:], Options())
    assert [result["result"] for result in outcome.results] == ["failed"] * (SMALL - 1)
    assert len(registry.ids(project)) == SMALL - 1


def test_a_host_that_no_dns_knows(registry: Registry) -> None:
    with registry.connect("https://gitlab.invalid", retries=0) as client, pytest.raises(Unreachable) as caught:
        packages(PackagesApi(client), 1)
    assert "the host of https://gitlab.invalid is not known: check api_url and the DNS" in caught.value.message


# --- TLS -----------------------------------------------------------------------------------------------------


def _certificate(folder: Path, name: str = "127.0.0.1", days: int = 1) -> tuple[Path, ssl.SSLContext]:
    """A certificate of its own authority, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    alternative: x509.GeneralName = x509.DNSName(name)
    if name[0].isdigit():
        alternative = x509.IPAddress(ipaddress.ip_address(name))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = folder / "certificate.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / "key.pem"
    plain = serialization.NoEncryption()
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return certificate, context


@pytest.mark.parametrize(
    ("trusted", "name", "days", "says"),
    [
        (False, "127.0.0.1", 1, "self-signed certificate"),
        (True, "gitlab.example.com", 1, "IP address mismatch, certificate is not valid for"),
        (True, "127.0.0.1", -1, "certificate has expired"),
    ],
    ids=["unknown authority", "another host's", "expired"],
)
def test_a_certificate_that_does_not_verify(
    registry: Registry, tmp_path: Path, trusted: bool, name: str, days: int, says: str
) -> None:
    certificate, context = _certificate(tmp_path, name, days)
    with WireServer(lambda request: reply(200, [PACKAGE]), context) as server:
        ca_path = str(certificate) if trusted else None
        with registry.connect(server.url, ca_path=ca_path) as client, pytest.raises(Unreachable) as caught:
            packages(PackagesApi(client), 1)
        assert server.requests == []
    message = caught.value.message
    assert "does not verify" in message
    assert "name the file of its authority in ca_path" in message
    assert says in message


def test_a_certificate_of_an_authority_that_is_named_and_one_that_is_not_asked_for(
    registry: Registry, tmp_path: Path
) -> None:
    certificate, context = _certificate(tmp_path)
    with WireServer(lambda request: reply(200, [PACKAGE]), context) as server:
        for options in ({"ca_path": str(certificate)}, {"validate_certs": False}):
            with registry.connect(server.url, **options) as client:
                assert len(packages(PackagesApi(client), 1)) == 1


def test_tls_spoken_to_a_server_without_it(registry: Registry) -> None:
    with WireServer(lambda request: reply()) as server:
        url = server.url.replace("http://", "https://")
        with registry.connect(url, retries=0) as client, pytest.raises(Unreachable) as caught:
            packages(PackagesApi(client), 1)
    assert "GET /projects/1/packages" in caught.value.message
    assert "\n" not in caught.value.message


# --- redirects -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["private", "oauth", "job"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_gets_no_token(registry: Registry, kind: str, status: int) -> None:
    with WireServer(lambda request: reply(200, [PACKAGE])) as other:
        to = f"{other.url}/api/v4/projects/1/packages"
        with WireServer(lambda request: reply(status, b"", {"Location": to})) as server:
            connection = Connection(server.url, Token(kind, TOKEN), retries=1, concurrency=1)
            with Client(connection) as client, pytest.raises(RedirectRefused) as caught:
                packages(PackagesApi(client), 1)
            assert len(server.requests) == 1
        assert other.requests == []
        assert other.connections == 0
    assert TOKEN not in caught.value.message
    assert "another server than api_url: not followed, as the token would go along" in caught.value.message


def test_an_endless_redirect_ends(registry: Registry) -> None:
    with WireServer(lambda request: reply(302, b"", {"Location": request.target})) as server:
        with registry.connect(server.url) as client, pytest.raises(RedirectRefused, match="more than 5 times"):
            packages(PackagesApi(client), 1)
        assert len(server.requests) == 6


@pytest.mark.parametrize("location", ["", "http://[", "http:///x", "//", "\x80\xff", "javascript:1", "http://h:99999/"])
def test_a_redirect_to_no_address(registry: Registry, location: str) -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(WireServer(lambda request: reply(302, b"", {"Location": location})))
        client = stack.enter_context(registry.connect(server.url))
        with pytest.raises(GitlabError) as caught:
            packages(PackagesApi(client), 1)
    assert "redirected" in caught.value.message or "404" in caught.value.message


def test_a_delete_is_not_redirected(registry: Registry) -> None:
    def answer(request: Request) -> Reply:
        return (
            reply(302, b"", {"Location": "/api/v4/elsewhere"}) if request.method == "DELETE" else reply(200, [PACKAGE])
        )

    with WireServer(answer) as server, registry.connect(server.url) as client:
        outcome = delete_packages(PackagesApi(client), [{**PACKAGE, "project_id": 1}], Options())
        assert [request.method for request in server.requests] == ["DELETE"]
    assert outcome.results[0]["result"] == "failed"
    assert "only reading is redirected" in outcome.results[0]["message"]


# --- headers and connections ---------------------------------------------------------------------------------


def _mixed(name: str) -> str:
    return "".join(char.upper() if index % 2 else char.lower() for index, char in enumerate(name))


@pytest.mark.parametrize("rename", [str.lower, str.upper, _mixed], ids=["lower case", "upper case", "mixed case"])
def test_header_names_in_any_case(registry: Registry, rename: t.Callable[[str], str]) -> None:
    with WireServer(Proxy(registry.sandbox.url, rename).answer) as server:
        with registry.connect(server.url, concurrency=4) as client:
            assert len(packages(PackagesApi(client), registry.listed)) == LISTED
        assert len(server.requests) == 3  # the totals were read: nothing was asked beyond them


@pytest.mark.parametrize("rename", [str.lower, str.upper, _mixed], ids=["lower case", "upper case", "mixed case"])
def test_rate_limit_headers_in_any_case(registry: Registry, rename: t.Callable[[str], str]) -> None:
    answers = iter([reply(429, b"Retry later\n", {rename("Retry-After"): "1"}), reply(200, [PACKAGE])])
    with WireServer(lambda request: next(answers)) as server, registry.connect(server.url) as client:
        began = time.monotonic()
        assert len(packages(PackagesApi(client), 1)) == 1
    assert time.monotonic() - began >= 1  # no speed: that the header was obeyed


def test_a_proxy_that_adds_headers(registry: Registry) -> None:
    extra = [
        ("Via", "1.1 cache, 1.0 other"),
        ("X-Cache", "MISS"),
        ("Date", "Mon, 01 Jan 1990 00:00:00 GMT"),
        ("Set-Cookie", "a=b; Path=/"),
        ("X-Empty", ""),
        ("Link", "<http://elsewhere.invalid/>; rel=preload"),
        ("RateLimit-Remaining", "-1"),
        ("X-Latin", "caf\xe9"),
    ]
    with WireServer(Proxy(registry.sandbox.url, extra=extra).answer) as server:
        with registry.connect(server.url, concurrency=4) as client:
            assert len(packages(PackagesApi(client), registry.listed)) == LISTED
        assert not any("cookie" in request.headers for request in server.requests)


@pytest.mark.parametrize("every", [1, 2, 5], ids=["after each answer", "after two", "after five"])
def test_keep_alive_closed_by_the_server(registry: Registry, every: int) -> None:
    project = registry.fresh()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(WireServer(Proxy(registry.sandbox.url, every=every).answer))
        api = PackagesApi(stack.enter_context(registry.connect(server.url, retries=3, concurrency=2)))
        assert len(packages(api, registry.listed)) == LISTED
        outcome = delete_packages(api, packages(api, project), Options())
    assert [result["result"] for result in outcome.results] == ["deleted"] * SMALL
    assert registry.ids(project) == []


def test_connections_are_reused_and_no_more_than_concurrency_are_in_flight(start: t.Callable[..., t.Any]) -> None:
    sandbox = start(seed(generated("acme/many", 400)), latency_ms=20)
    with WireServer(Proxy(sandbox.url).answer) as server:
        connection = Connection(server.url, Token("private", TOKEN), retries=0, concurrency=6)
        with Client(connection) as client:
            api = PackagesApi(client)
            found = packages(api, 1)
            complete(api, found[:40], ["files", "pipelines", "versions"])
            outcome = delete_packages(api, found[:60], Options())
        assert [result["result"] for result in outcome.results] == ["deleted"] * 60
        assert server.connections <= 6
        assert len(server.requests) > 180
        gets = [request.target for request in server.requests if request.method == "GET"]
    lists = [target for target in gets if "/packages?" in target]
    assert all("per_page=100" in target for target in lists)
    details = [target for target in gets if "/packages?" not in target]
    assert len(set(details)) == len(details) == 120
    assert 1 < sandbox.max_in_flight() <= 6


# --- rate limits ---------------------------------------------------------------------------------------------


def test_a_rate_limit_is_waited_for(start: t.Callable[..., t.Any]) -> None:
    sandbox = start(seed(generated("acme/many", 60)), rate_limit="30/1", rate_limit_headers="always")
    connection = Connection(sandbox.api_url, Token("private", TOKEN), concurrency=8)
    with Client(connection) as client:
        api = PackagesApi(client)
        found = packages(api, 1)
        read = complete(api, found, ["files"])
    assert len(read) == 60
    statuses = [request["status"] for request in sandbox.requests()]
    assert statuses.count(200) == 61
    # The limit is told by refusals only: those are refused that were in flight when it was met, and no more.
    assert statuses.count(429) <= 8


def test_a_reset_time_that_is_absurd_does_not_stop_what_is_not_refused(registry: Registry) -> None:
    headers = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(time.time()) + 365 * 86400)}
    with WireServer(lambda request: reply(200, [PACKAGE], headers)) as server, registry.connect(server.url) as client:
        for _ in range(3):
            assert len(packages(PackagesApi(client), 1)) == 1


@pytest.mark.parametrize("value", ["", "soon", "-1", "1e99", "9" * 30, "٣", "0"])
def test_limits_that_are_no_numbers_do_no_harm(registry: Registry, value: str) -> None:
    names = ("RateLimit-Reset", "RateLimit-Remaining", "RateLimit-Limit", "Retry-After", "Date")
    headers = dict.fromkeys(names, value.encode().decode("latin-1"))
    answers = iter([reply(429, b"", headers), reply(200, [PACKAGE], headers)])
    with WireServer(lambda request: next(answers)) as server, registry.connect(server.url) as client:
        assert len(packages(PackagesApi(client), 1)) == 1
