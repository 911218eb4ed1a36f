# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client, with real servers: what it sends, what it takes for an answer, and where it never goes."""

from __future__ import annotations

import base64
import typing as t
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab import errors
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.client import (
    Client,
    Connection,
    Token,
    normalize_api_url,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import GitlabError, InvalidInput
from ansible_collections.registryops.gitlab.tests.unit.module_utils._gitlab.scripted import answer, scripted


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://gitlab.com", "https://gitlab.com/api/v4"),
        (" https://gitlab.com/ ", "https://gitlab.com/api/v4"),
        ("https://gitlab.com/api", "https://gitlab.com/api/v4"),
        ("https://gitlab.com/api/v4/", "https://gitlab.com/api/v4"),
        ("https://h:8443/gitlab/api/v4", "https://h:8443/gitlab/api/v4"),
        ("http://[::1]:80/gitlab", "http://[::1]:80/gitlab/api/v4"),
    ],
)
def test_every_way_to_write_the_url(written: str, meant: str) -> None:
    assert normalize_api_url(written) == meant
    assert normalize_api_url(meant) == meant


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", "api_url '' is not a URL: it must begin with https:// (or http://) and name a host"),
        ("gitlab.com/api/v4", "api_url 'gitlab.com/api/v4' is not a URL"),
        ("ssh://gitlab.com", "api_url 'ssh://gitlab.com' is not a URL"),
        ("https:///api", "api_url 'https:///api' is not a URL"),
        ("https://mia:secret@gitlab.com", "api_url must not hold a user name or password"),
        ("https://gitlab.com:99999", "api_url 'https://gitlab.com:99999' has no usable host and port"),
        ("https://:443", "api_url 'https://:443' has no usable host and port"),
        ("https://gitlab.com?private_token=secret", "api_url 'https://gitlab.com' must not have a query or a fragment"),
        ("gitlab.com?private_token=secret", "api_url 'gitlab.com' is not a URL"),
        ("https://mia:secret@[gitlab.com", "api_url (with a user name) has no usable host and port"),
        ("mia:secret@gitlab.com", "api_url (with a user name) is not a URL"),
        ("https://[gitlab.com", "api_url 'https://[gitlab.com' has no usable host and port"),
        ("https://\x1b[31m\u202e", "has no usable host and port"),
    ],
)
def test_what_is_no_url(written: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        normalize_api_url(written)
    assert sentence in raised.value.message
    assert "secret" not in raised.value.message


@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        said = normalize_api_url(text)
    except InvalidInput as error:
        said = error.message
    assert said.endswith("/api/v4") or said.startswith("api_url ")


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("private", "private-token", "s3cret"),
        ("oauth", "authorization", "Bearer s3cret"),
        ("job", "job-token", "s3cret"),
    ],
)
def test_each_kind_of_token_has_its_header(kind: str, header: str, value: str) -> None:
    with scripted(lambda _request: answer([])) as server, server.client(token=Token(kind, "s3cret")) as client:
        client.get("/projects/a%2Fb/packages", {"package_name": "a b&c/%2F"})
    (request,) = server.requests
    assert request.target == "/api/v4/projects/a%2Fb/packages?package_name=a%20b%26c%2F%252F"
    carried = {name: request.headers.get(name) for name in ("private-token", "authorization", "job-token")}
    assert carried == {**dict.fromkeys(carried), header: value}


def test_without_a_token_nothing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even what a .netrc holds for the host."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mia password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(lambda _request: answer([], Set_Cookie="session=1")) as server, server.client() as client:
        client.get("/projects/1/packages")
        client.get("/projects/1/packages")
    for request in server.requests:
        assert not {"authorization", "private-token", "job-token", "cookie"} & set(request.headers)


def test_an_installation_below_a_path() -> None:
    with (
        scripted(lambda _request: answer([{"id": 1}])) as server,
        server.client(api_url=f"{server.url}/gitlab/") as client,
    ):
        found = client.get("/projects/1/packages")
    assert server.requests[0].target == "/gitlab/api/v4/projects/1/packages"
    assert (found.data, found.path) == ([{"id": 1}], "/projects/1/packages")


def refused(say: bytes, method: str = "get") -> GitlabError:
    token = Token("private", "s3cret")
    with scripted(lambda _request: say) as server, server.client(token=token) as client:  # noqa: SIM117
        with pytest.raises(GitlabError) as raised:
            getattr(client, method)("/projects/a%2Fb/packages")
    assert "s3cret" not in raised.value.message
    assert raised.value.message.isprintable()
    return raised.value


def test_what_is_no_answer() -> None:
    page = refused(answer(b"<html>\x1b[31mSign in</html>", Content_Type="text/html"))
    assert page.message == (
        "GET /projects/a/b/packages: answered 200 with a body that is not JSON (text/html, begins"
        " '<html>\\\\u001b[31mSign in</html>'): is api_url the address of a GitLab?"
    )
    assert isinstance(page, errors.UnexpectedAnswer)
    short = refused(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2")
    assert isinstance(short, errors.Unreachable)
    assert short.message.startswith("GET /projects/a/b/packages: the connection was lost: ")
    none = refused(b"")
    assert none.message == (
        "GET /projects/a/b/packages: the connection was lost: Remote end closed connection without response"
    )
    proxy = refused(answer(b"<html><title>502 Bad Gateway</title></html>", 502, Content_Type="text/html"))
    assert proxy.message == "GET /projects/a/b/packages: 502 Bad Gateway"
    nested = refused(answer(b"[" * 100000))
    assert isinstance(nested, errors.UnexpectedAnswer)


def test_a_server_that_repeats_the_token() -> None:
    error = refused(answer({"message": "400 Bad request - s3cret is odd"}, 400))
    assert error.message == "GET /projects/a/b/packages: 400 Bad request - ******** is odd"
    assert "s3cret" not in str(error.as_dict())


LONG = "glpat-SEKRETmia01234"


@pytest.mark.parametrize("begin", range(21, 301, 7))
def test_a_server_that_repeats_the_token_where_a_text_is_cut(begin: int) -> None:
    """Errors as JSON, as a page with a title and without one; good answers that are no JSON; redirects; types."""
    echo = "x" * begin + LONG
    basic = base64.b64encode(f"mia:{LONG}".encode()).decode()
    answers = [
        answer({"message": echo}, 400),
        answer({"message": {"headers": [echo, basic]}}, 400),
        answer({"error": "insufficient_scope", "error_description": echo}, 403),
        answer(f"<TITLE>{echo}</TITLE>".encode(), 403),
        answer(f"{echo}\n{basic}".encode(), 502),
        answer(f"{echo}".encode(), 200, Content_Type=f"text/{echo}"),
        answer({}, 302, Location=f"http://elsewhere.invalid/{echo}/{quote(LONG)}?{LONG}"),
        f"HTTP/1.1 {echo}\r\n\r\n".encode(),
    ]
    for said in answers:
        with scripted(lambda _request, said=said: said) as server:  # noqa: SIM117
            with server.client(token=Token("private", LONG)) as client, pytest.raises(GitlabError) as raised:
                client.get("/projects/1")
        told = repr((raised.value.message, raised.value.as_dict()))
        assert LONG[:8] not in told
        assert basic[:12] not in told


@pytest.mark.parametrize("port", [99999, 1])
def test_the_password_of_a_proxy_is_not_told(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://mia:PW-of-mia@127.0.0.1:{port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Client(Connection(api_url="http://gitlab.invalid", retries=0)) as client, pytest.raises(GitlabError) as raised:
        client.get("/projects/1")
    assert "PW-of" not in repr(raised.value.as_dict()) + raised.value.message


@pytest.mark.parametrize("method", ["get", "delete"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_to_another_server(method: str, status: int) -> None:
    with scripted(lambda _request: answer([])) as other:
        for location in (f"{other.url}/api/v4/x?private_token=s3cret", "//example.invalid/x", "https://[broken/"):
            error = refused(answer({}, status, Location=location), method)
            assert isinstance(error, errors.RedirectRefused)
            assert "another server than api_url: not followed" in error.message
    assert other.requests == []


def test_a_delete_is_not_redirected_at_all() -> None:
    error = refused(answer({}, 302, Location="/api/v4/elsewhere"), "delete")
    assert "only reading is redirected" in error.message


def test_a_moved_project_answers_from_its_number() -> None:
    def say(request: t.Any) -> bytes:
        if request.target == "/api/v4/projects/a%2Fb/packages?page=1":
            return answer({}, 301, Location="/api/v4/projects/42/packages?page=1")
        return answer([request.target])

    with scripted(say) as server, server.client(token=Token("private", "s3cret")) as client:
        found = client.get("/projects/a%2Fb/packages", {"page": "1"})
    assert (found.data, found.path) == (["/api/v4/projects/42/packages?page=1"], "/projects/42/packages")
    assert [request.headers["private-token"] for request in server.requests] == ["s3cret"] * 2


def test_https_where_http_was_meant() -> None:
    with scripted(lambda _request: b"HTTP/1.1 400 Bad\r\n\r\n") as server:
        client = server.client(api_url=server.url.replace("http:", "https:"))
        with client, pytest.raises(errors.Unreachable) as raised:
            client.get("/projects/1")
    assert "TLS with https://127.0.0.1" in raised.value.message


def test_map_keeps_the_order_and_raises_the_first_error() -> None:
    with Client(Connection(api_url="http://127.0.0.1:9")) as client:
        assert client.map(lambda number: number * 2, range(20)) == list(range(0, 40, 2))
        with pytest.raises(ZeroDivisionError):
            client.map(lambda number: 1 // number, [1, 0, 2])
