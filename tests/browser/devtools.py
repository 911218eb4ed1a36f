# Copyright: registryops maintainers
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium over the DevTools protocol, through a pair of pipes: no port, no driver, no library."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import tempfile
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
TIMEOUT = 60.0
KEYS = {"Escape": ("Escape", 27, ""), "Enter": ("Enter", 13, "\r"), "Tab": ("Tab", 9, ""), " ": ("Space", 32, " ")}

Json = dict[str, t.Any]


class Browser:
    """One Chromium with a fresh profile. It speaks on file descriptors 3 and 4, one JSON text and a NUL each."""

    def __init__(self, executable: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="browser-test-", ignore_cleanup_errors=True)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the browser
        read_there, self._write = os.pipe()
        self._read, write_there = os.pipe()
        command = [executable, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        # The shell moves the pipes to 3 and 4: Python itself would have to do it between fork and exec.
        shell = f'exec "$0" "$@" 3<&{read_there} 4>&{write_there}'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, *command],
            pass_fds=(read_there, write_there),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
        )
        os.close(read_there)
        os.close(write_there)
        self._buffer = b""
        self._number = 0
        self.events: list[Json] = []

    def call(self, method: str, session: str | None = None, **params: t.Any) -> Json:
        """Call a method of the protocol and return its result; what happens meanwhile is added to ``events``."""
        self._number += 1
        message: Json = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            answer = self._receive(1.0)
            if answer is None:
                continue
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']['message']}")
                return t.cast(Json, answer["result"])
            self.events.append(answer)
        raise AssertionError(f"{method}: no answer in {TIMEOUT:.0f} s; the browser says: {self._said()}")

    def wait(self, holds: Callable[[], bool]) -> None:
        """Take in events until ``holds``."""
        end = time.monotonic() + TIMEOUT
        while not holds():
            assert time.monotonic() < end, f"waited {TIMEOUT:.0f} s in vain; the browser says: {self._said()}"
            event = self._receive(0.2)
            if event is not None:
                self.events.append(event)

    def settle(self, seconds: float) -> None:
        """Take in the events of some more time: requests and errors that come late."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            event = self._receive(0.05)
            if event is not None:
                self.events.append(event)

    def close(self) -> None:
        try:
            self.call("Browser.close")
            self._process.wait(10)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._log.close()
        self._profile.cleanup()

    def _receive(self, seconds: float) -> Json | None:
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], seconds)[0]:
                return None
            more = os.read(self._read, 1 << 20)
            assert more, f"the browser has ended: {self._said()}"
            self._buffer += more
        text, _, self._buffer = self._buffer.partition(b"\0")
        return t.cast(Json, json.loads(text))

    def _said(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-2000:]


class Page:
    """One page of a browser, in a window of its own size and colour scheme."""

    def __init__(self, browser: Browser, *, width: int, height: int, scheme: str) -> None:
        self._browser = browser
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            self._call(f"{domain}.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        self.media(scheme)

    def _call(self, method: str, **params: t.Any) -> Json:
        return self._browser.call(method, self._session, **params)

    def media(self, scheme: str, kind: str = "") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", media=kind, features=features)

    def without_script(self) -> None:
        self._call("Emulation.setScriptExecutionDisabled", value=True)

    def open(self, url: str) -> None:
        self._call("Page.navigate", url=url)
        self._browser.wait(lambda: bool(self.happened("Page.loadEventFired")))
        self._browser.settle(0.15)

    def happened(self, method: str) -> list[Json]:
        """The parameters of the events of this page so far."""
        return [
            event["params"]
            for event in self._browser.events
            if event.get("method") == method and event.get("sessionId") == self._session
        ]

    def evaluate(self, expression: str) -> t.Any:
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, expression: str) -> None:
        """Click with the mouse on the middle of the element that ``expression`` gives."""
        place = self.evaluate(
            f"(() => {{ const e = {expression}; e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
            self._call("Input.dispatchMouseEvent", type=kind, **place, **button)

    def press(self, key: str) -> None:
        code, number, text = KEYS[key]
        down = {"text": text} if text else {}
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        self._call("Input.dispatchKeyEvent", type="keyDown", **common, **down)
        self._call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._call("Input.insertText", text=text)

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        data = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def pdf(self) -> bytes:
        return base64.b64decode(self._call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)["data"])

    def close(self) -> None:
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)
