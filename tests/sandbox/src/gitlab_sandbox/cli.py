# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command ``gitlab-sandbox`` (README, section "The command")."""

from __future__ import annotations

import argparse
import gc
import re
import socket
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from gitlab_sandbox import clock
from gitlab_sandbox.node import SeedError
from gitlab_sandbox.seed import read_seed
from gitlab_sandbox.storage import DatabaseError, Storage


class _Parser(argparse.ArgumentParser):
    """Errors are one line."""

    def error(self, message: str) -> NoReturn:
        _fail(message)


def _fail(message: str) -> NoReturn:
    line = " ".join(message.split())
    sys.stderr.write(f"gitlab-sandbox: {line}\n")
    sys.exit(2)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535 and len(text) <= 5):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port between 0 and 65535")
    return int(text)


def _milliseconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 8):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds")
    return int(text)


def _seconds(text: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return int(text)


def _count(text: str) -> int:
    if re.fullmatch(r"[1-9][0-9]{0,8}", text, re.ASCII) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of packages")
    return int(text)


def _rate_limit(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})", text, re.ASCII)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not REQUESTS/SECONDS, such as 600/60")
    return int(match.group(1)), int(match.group(2))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="gitlab-sandbox",
        description="A local GitLab package registry. It prints one line of JSON when it is ready.",
        allow_abbrev=False,
    )
    parser.add_argument("--seed", type=Path, required=True, metavar="FILE", help="what the registry holds at first")
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="0, the default, picks a free port")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--db", type=Path, metavar="FILE", help="keep the state in this file (default: in memory)")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="serve HTTPS with these PEM files")
    parser.add_argument(
        "--latency-ms", type=_milliseconds, default=0, metavar="N", help="how long every API answer takes at least"
    )
    parser.add_argument("--rate-limit", type=_rate_limit, metavar="REQUESTS/SECONDS", help="answer 429 above this")
    parser.add_argument(
        "--rate-limit-headers",
        choices=("refused", "always"),
        default="refused",
        help="which answers carry RateLimit-* (default: %(default)s)",
    )
    parser.add_argument(
        "--storage", choices=("disk", "object"), default="disk", help="where files come from (default: %(default)s)"
    )
    parser.add_argument(
        "--ties",
        choices=("stable", "shuffled"),
        default="stable",
        help="the order of equal values in lists (default: %(default)s)",
    )
    parser.add_argument(
        "--clock-offset", type=_seconds, default=0, metavar="SECONDS", help="how far the server's clock is off"
    )
    parser.add_argument(
        "--max-bulk", type=_count, metavar="N", help="how many packages one destroyPackages takes (default: 100)"
    )
    parser.add_argument(
        "--gitlab-version", choices=("16.1", "current"), default="current", help="which GitLab (default: %(default)s)"
    )
    return parser.parse_args(argv)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        _fail(f"--host, --port: cannot listen on {host}:{port}: {reason}")
    listener.setblocking(False)
    return listener


def _check_tls(certificate: str, key: str) -> None:
    for name in (certificate, key):
        try:
            Path(name).read_bytes()
        except (OSError, ValueError) as error:
            _fail(f"--tls: cannot read {name}: {getattr(error, 'strerror', None) or error}")
    try:
        # A password prompt would wait for ever: a key that needs one is refused.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        _fail(f"--tls: {certificate} and {key} are not a PEM certificate and its key: {reason}")


def _serve(arguments: argparse.Namespace, storage: Storage, current: bool) -> None:
    """Serve a loaded registry until a signal ends it."""
    # Imported only now: what is wrong with flags or seed is said at once, without loading a server.
    from gitlab_sandbox.app import Application
    from gitlab_sandbox.calls import Registry
    from gitlab_sandbox.control import control_app
    from gitlab_sandbox.faults import Faults
    from gitlab_sandbox.journal import Journal
    from gitlab_sandbox.limits import Limits
    from gitlab_sandbox.object_storage import ObjectStorage
    from gitlab_sandbox.server import serve
    from gitlab_sandbox.table import ROUTES

    listeners = [_listen(arguments.host, arguments.port)]
    try:
        journal, faults, objects, object_port = Journal(), Faults(), None, 0
        if arguments.storage == "object":
            listeners.append(_listen(arguments.host, 0))
            object_port = listeners[-1].getsockname()[1]
            objects = ObjectStorage(storage, object_port)
        clock.set_offset(arguments.clock_offset)
        storage.shuffled = arguments.ties == "shuffled"
        store = storage.directory_store(current)
        registry = Registry(storage, store, current, arguments.max_bulk or (100 if current else 20), objects)
        limits = Limits(arguments.rate_limit, store.directory.instance, arguments.rate_limit_headers == "always")
        application = Application(
            registry, ROUTES, faults, limits, arguments.latency_ms / 1000, control_app(registry, journal, faults)
        )
        # What is loaded stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        scheme = "https" if arguments.tls else "http"
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        url = f"{scheme}://{host}:{listeners[0].getsockname()[1]}"
        serve(application, journal, listeners, url, tuple(arguments.tls) if arguments.tls else None, object_port)
    finally:
        for listener in listeners:
            listener.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the status it ends with."""
    arguments = _arguments(argv)
    current = arguments.gitlab_version == "current"
    if arguments.tls:
        _check_tls(*arguments.tls)
    try:
        seed = read_seed(arguments.seed)
        storage = Storage.open(arguments.db)
        try:
            if storage.empty():
                storage.load(seed)
            if not current:
                storage.forget_what_is_new()
        except BaseException:
            storage.close()
            raise
    except (SeedError, DatabaseError) as error:
        _fail(str(error))
    del seed
    try:
        _serve(arguments, storage, current)
    finally:
        storage.close()
    return 0
