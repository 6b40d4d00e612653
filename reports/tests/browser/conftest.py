"""Chromium without a window, driven through its debugging pipe: no port, no library, no network."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIMIT_S = 30.0
AS_3_AND_4 = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""The browser reads its calls from descriptor 3 and answers on 4."""


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are in nobody's way: neither is 3 or 4."""
    low = os.pipe()
    high = fcntl.fcntl(low[0], fcntl.F_DUPFD_CLOEXEC, 10), fcntl.fcntl(low[1], fcntl.F_DUPFD_CLOEXEC, 10)
    for end in low:
        os.close(end)
    return high


class Browser:
    """One page.  `requests` are the addresses that it asked for, `faults` what went wrong in its scripts."""

    def __init__(self, program: str, profile: Path) -> None:
        flags = (
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
            " --disable-component-update --disable-sync --disable-extensions --remote-debugging-pipe"
        )
        # Only this machine has an address: what else is asked for fails, and is seen below.
        resolver = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
        arguments = [program, *flags.split(), resolver, f"--user-data-dir={profile}", "about:blank"]
        theirs_read, self._write = _pipe()
        self._read, theirs_write = _pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-c", AS_3_AND_4, str(theirs_read), str(theirs_write), *arguments],
            pass_fds=(theirs_read, theirs_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_read)
        os.close(theirs_write)
        self._half = b""
        self._number = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.faults: list[str] = []
        try:
            self._attach()
        except BaseException:
            self.close()
            raise

    def open(self, url: str) -> None:
        """Loads a page; returns once its scripts have run."""
        self.requests.clear()
        self.faults.clear()
        self.call("Page.navigate", url=url)
        self.wait_for(f"location.href.startsWith({json.dumps(url)}) && document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """The value of an expression, promises awaited.  A policy of the page does not bind what comes from here."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Waits until an expression holds."""
        ends_s = time.monotonic() + LIMIT_S
        while not self.run(script):
            assert time.monotonic() < ends_s, f"never came true: {script}\n{self.faults}"
            time.sleep(0.02)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the DevTools protocol."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def close(self) -> None:
        """Ends the browser that was started here."""
        os.close(self._write)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)

    def _attach(self) -> None:
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def _note(self, event: dict[str, Any]) -> None:
        match event.get("method"), event.get("params", {}):
            case "Network.requestWillBeSent", {"request": {"url": url}}:
                self.requests.append(url)
            case "Runtime.exceptionThrown" | "Page.javascriptDialogOpening" as what, details:
                self.faults.append(f"{what}: {json.dumps(details)}")
            case "Log.entryAdded", {"entry": {"source": "security", "text": text}}:
                self.faults.append(text)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._half:
            ready, _, _ = select.select([self._read], [], [], LIMIT_S)
            data = os.read(self._read, 1 << 20) if ready else b""
            assert data, "the browser says nothing any more"
            self._half += data
        line, _, self._half = self._half.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests of this folder; where there is none they are skipped."""
    program = next((path for name in NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"expected one of {', '.join(NAMES)} on the PATH, found none: install chromium")
    running = Browser(program, tmp_path_factory.mktemp("profile"))
    yield running
    running.close()


@pytest.fixture
def elements(browser: Browser) -> Callable[[], dict[str, int]]:
    """Counts the elements of the page by name."""

    def count() -> dict[str, int]:
        found: dict[str, int] = browser.run(
            "[...document.querySelectorAll('*')].reduce((all, one) =>"
            " ({...all, [one.localName]: (all[one.localName] || 0) + 1}), {})"
        )
        return found

    return count
