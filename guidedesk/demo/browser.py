"""A phone: Debian's Chromium without a screen, spoken to over two pipes (its DevTools protocol, NUL between messages).

Nothing is installed for it; where there is no Chromium `find_chromium` says so.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from guidedesk.domain.errors import GuideDeskError

_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
# An in-app browser as customers have it: old Android, inside a chat program.
_AGENT: Final = (
    "Mozilla/5.0 (Linux; Android 10; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.42"
)
PATIENCE_S: Final = 30.0


def find_chromium() -> str | None:
    """The program, or None where this PC has none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


class Browser:
    """One page of one phone. `phone_failed` when it does not answer or what is asked for does not appear."""

    def __init__(self, program: str, language: str, *, width: int = 375, height: int = 812, scale: int = 2) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="guidedesk-phone-", ignore_cleanup_errors=True)
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        command = shlex.join([program, *_FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"])
        env = {**os.environ, "HOME": self._folder.name}
        # Chromium reads descriptor 3 and writes 4, whatever numbers ours have.
        line = f"exec {command} 3<&{to_read} 4>&{to_write} {to_read}<&- {to_write}>&-"
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", line], pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=env, start_new_session=True,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        os.set_blocking(self._from, False)
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._call("Page.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=True
        )
        self._call("Emulation.setTouchEmulationEnabled", enabled=True)
        self._call("Network.setUserAgentOverride", userAgent=_AGENT, acceptLanguage=language)

    def open(self, url: str) -> None:
        """Go to an address and wait until it is there."""
        self._call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def ask(self, script: str) -> Any:
        """What an expression is in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise GuideDeskError("phone_failed", why="script")
        return answer["result"].get("value")

    def text(self) -> str:
        """What can be read on the page."""
        return str(self.ask("document.body ? document.body.innerText : ''"))

    def wait_for(self, script: str) -> None:
        """Until an expression is true."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                if self.ask(script):
                    return
            except GuideDeskError:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise GuideDeskError("phone_failed", why="wait")
            time.sleep(0.05)

    def fill(self, name: str, text: str) -> None:
        """Touch a field and type into it, in place of what stood there."""
        self.tap(f"[name={name}]")
        self.ask(f"document.querySelector('[name={name}]').select()")
        self._call("Input.insertText", text=text)

    def tap(self, selector: str) -> None:
        """Touch the middle of something, scrolled to first."""
        where = json.dumps(selector)
        self.wait_for(f"!!document.querySelector({where})")
        box = self.ask(
            f"(e => {{ e.scrollIntoView({{block: 'center', behavior: 'instant'}}); const r = e.getBoundingClientRect();"
            f" return [r.x + r.width / 2, r.y + r.height / 2]; }})(document.querySelector({where}))"
        )
        point = [{"x": box[0], "y": box[1]}]
        self._call("Input.dispatchTouchEvent", type="touchStart", touchPoints=point)
        self._call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def submit(self, selector: str) -> None:
        """Touch a button and wait for the page it leads to."""
        self.ask("window.stillHere = true")
        self.tap(selector)
        self.wait_for("!window.stillHere && document.readyState === 'complete'")

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of what the phone shows, or of the whole page."""
        shot = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        """Switch the phone off."""
        try:
            self._session = None
            self._send("Browser.close", {})
            self._process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        for descriptor in (self._to, self._from):
            os.close(descriptor)
        self._folder.cleanup()

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = self._send(method, params)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            message = self._receive(deadline)
            if message.get("id") == number:
                if "error" in message:
                    raise GuideDeskError("phone_failed", why=method)
                result: dict[str, Any] = message["result"]
                return result

    def _send(self, method: str, params: dict[str, Any]) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._number

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise GuideDeskError("phone_failed", why="silent")
            try:
                self._buffer += os.read(self._from, 1 << 20)
            except BlockingIOError:
                time.sleep(0.005)
        raw, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(raw)
        return found
