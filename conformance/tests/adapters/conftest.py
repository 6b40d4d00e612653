"""What the tests of adapters share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import trio

from streamproof.adapters.said import RunRequest
from streamproof.adapters.spec import ClientSpec, command_client

ASSETS = Path(__file__).parent / "assets"


def request(do: str = "good", **changes: Any) -> RunRequest:
    known = {
        "dialect": "openai-chat", "base_url": "http://127.0.0.1:9/r/7f3a/v1",
        "url": "http://127.0.0.1:9/r/7f3a/v1/chat/completions", "api_key": "sk-test",
        "request": {"do": do, "model": "m", **changes.pop("body", {})},
    }  # fmt: skip
    return RunRequest(**{**known, **changes})


def broken(*arguments: str) -> ClientSpec:
    return command_client([sys.executable, str(ASSETS / "broken.py"), *arguments])


def lives(pid: int) -> bool:
    """True while a process has this number, unless it is dead and only nobody has asked for its end yet."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self/stat").exists()


async def has_gone(pid: int) -> bool:
    """True once no such process lives; looks for at most five seconds."""
    with trio.move_on_after(5):
        while lives(pid):  # noqa: ASYNC110 - another process cannot set an event
            await trio.sleep(0.01)
    return not lives(pid)
