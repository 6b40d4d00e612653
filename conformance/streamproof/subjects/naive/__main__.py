"""A client with the usual faults, each marked; as an adapter it behaves (`python -m streamproof.subjects.naive`)."""

from __future__ import annotations

import http.client
import json
import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

Json = Any

ATTEMPTS: Final = 3


class Naive:
    """One run.  `text` and `calls` are all that it understands of an answer."""

    def __init__(self, run: Mapping[str, Json], hand_out: Callable[[str], None]) -> None:
        self.text = ""
        self.calls: dict[int, Json] = {}
        self._run = run
        self._hand_out = hand_out

    def play(self) -> None:
        """The whole run, sent again when it fails."""
        for attempt in range(ATTEMPTS):
            try:
                self._request()
            except (OSError, http.client.HTTPException, UnicodeError):
                # FAULT: sends again even after text has been handed out, which then comes twice.
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                return

    def _request(self) -> None:
        url = urlsplit(self._run["url"])
        connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        # FAULT: no time limit at all, so a silent server hangs it for ever.
        connection = connect(url.netloc)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._run['api_key']}"}
        try:
            connection.request("POST", url.path, json.dumps(self._run["request"]).encode(), headers)
            response = connection.getresponse()
            if response.status >= 400:
                # FAULT: the reason in the body is not read.
                raise http.client.HTTPException(f"HTTP {response.status}")
            while piece := response.read1(65536):
                # FAULT: a character cut in two by the network becomes two replacement characters.
                self._read(piece.decode("utf-8", errors="replace"))
            # FAULT: the end of the body is taken for the end of the answer, with or without [DONE].
        finally:
            connection.close()

    def _read(self, piece: str) -> None:
        # FAULT: each read is taken for whole events; what it cuts off is lost, and CRLF never separates.
        for block in piece.split("\n\n"):
            # FAULT: the space after the colon is optional, and data may have several lines.
            if not block.startswith("data: "):
                continue
            try:
                chunk = json.loads(block.removeprefix("data: "))
                # FAULT: only the first choice of a chunk is read, whatever its index.
                delta = chunk["choices"][0]["delta"]
            except (ValueError, LookupError, TypeError):
                # FAULT: whatever it does not understand is passed over in silence: errors, damaged chunks, [DONE].
                continue
            if isinstance(delta, dict):
                self._take(delta)

    def _take(self, delta: dict[str, Json]) -> None:
        content = delta.get("content")
        if content:
            self.text += str(content)
            self._hand_out(str(content))
        for call in delta.get("tool_calls") or []:
            # FAULT: pieces of a call are not joined: the last one wins.
            self.calls[call.get("index") or 0] = call

    def choices(self) -> list[Json]:
        """The `choices` of a result."""
        functions = [(call.get("id"), call.get("function") or {}) for call in self.calls.values()]
        calls = [
            {"id": id_, "name": function.get("name"), "arguments_raw": str(function.get("arguments") or "")}
            for id_, function in functions
        ]
        # FAULT: every answer is said to have stopped by itself.
        return [{"index": 0, "text": self.text, "finish_reason": "stop", "tool_calls": calls}]


def say(type_: str, **fields: Json) -> None:
    """Writes one line and flushes it."""
    sys.stdout.write(json.dumps({"type": type_, **fields}) + "\n")
    sys.stdout.flush()


def play(run: Mapping[str, Json]) -> None:
    """One run, from the request to its result."""
    client = Naive(run, lambda text: say("delta", id=run["id"], choice=0, text=text))
    error = None
    try:
        client.play()
    except Exception as raised:  # noqa: BLE001  # whatever it is, the client's user would get it
        error = {"type": type(raised).__name__, "message": str(raised), "phase": "stream", "raised": "thrown"}
    say("result", id=run["id"], choices=client.choices(), usage=None, error=error, stopped=False, extra_output="")


def main() -> None:
    """Speaks the protocol until it is told to stop or nobody is left to tell."""
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            say(
                "hello",
                protocol=1,
                client="naive",
                version="1.0",
                language="python",
                runtime=f"{platform.python_implementation()} {platform.python_version()}",
                dialects=["openai-chat"],
                reports="message",
                capabilities=["finish_reason", "tools", "n"],
            )
        elif message["type"] == "run":
            play(message)
        else:
            break


if __name__ == "__main__":
    main()
