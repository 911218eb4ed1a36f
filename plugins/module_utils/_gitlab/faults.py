# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why no whole answer came over the wire: what requests, urllib3 and the system raise, in one sentence each."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.bodies import CutOff
from ansible_collections.registryops.gitlab.plugins.module_utils._gitlab.errors import (
    GitlabError,
    MayPass,
    Unreachable,
)
from ansible_collections.registryops.gitlab.plugins.module_utils._plain.text import printable

try:
    import requests
    import urllib3
except ImportError:
    pass  # client.py says what is missing


def too_late(call: str, timeout: float, what: str = "no answer") -> MayPass:
    """The deadline of a request has passed; ``timeout`` in seconds."""
    return MayPass(Unreachable(f"{call}: {what} within {timeout:g} seconds (option timeout)", call=call), True)


def fault(exc: Exception, call: str, server: str, timeout: float, scrub: t.Callable[[str], str]) -> GitlabError:
    """An error that is final, or a :class:`MayPass` that holds one. ``server`` is what the sentence calls the host."""
    text = scrub(printable(str(exc)))
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
        return MayPass(Unreachable(f"{call}: {server} did not answer within {timeout:g} seconds", call=call), False)
    if isinstance(exc, (errors.Timeout, urllib3.exceptions.TimeoutError)) or "timed out" in text:
        return too_late(call, timeout)
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


_INNER = re.compile(r"\[(?:Errno|SSL|X509)[^\[\]]*\] (.+?)\.?(?: \(_ssl\.c:\d+\)|['\"]?\)+['\"]?|$)", re.DOTALL)
_LAST = re.compile(r"\((?:\d+, )?'([^']+)'\)+$|: ([^:'\"<>()]+)['\")]*$")


def _reason(text: str) -> str:
    """The last, innermost words of the nested messages that urllib3 makes."""
    text = text[-4000:]
    words = _INNER.findall(text) or _LAST.findall(text)
    return ("".join(words[-1]) if words else text)[:200].strip()
