"""A raw client that knows nothing of our code, and plans made by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable

import attrs
import pytest
import trio

from streamproof_mock.server import MockServer, serving
from streamproof_scenarios.plan import AnswerPlan, Ending, Operation, Plan

SSE = (("content-type", "text/event-stream"),)


@attrs.define
class Heard:
    """What a client heard until the end."""

    reads: list[bytes]
    end: str
    """`eof`, `reset` or `open` (nothing came for the time it listened)."""

    @property
    def data(self) -> bytes:
        return b"".join(self.reads)

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    def json(self) -> object:
        return json.loads(self.body)


class Raw:
    """One TCP connection."""

    def __init__(self, sock: trio.socket.SocketType) -> None:
        self.socket = sock

    async def post(
        self, path: str, body: bytes = b"{}", *headers: str, method: str = "POST", http: str = "1.1"
    ) -> None:
        lines = [f"{method} {path} HTTP/{http}", "Host: 127.0.0.1", f"Content-Length: {len(body)}", *headers]
        await self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def send(self, data: bytes) -> None:
        while data:
            data = data[await self.socket.send(data) :]

    async def hear(self, *, until: bytes | None = None, for_s: float = 5.0, pause_s: float = 0.0) -> Heard:
        """Reads until the data end with `until`, the connection ends, or nothing comes any more."""
        heard = Heard([], "open")
        with trio.move_on_after(for_s):
            while until is None or not heard.data.endswith(until):
                if pause_s:
                    await trio.sleep(pause_s)
                try:
                    data = await self.socket.recv(65536)
                except ConnectionResetError:
                    heard.end = "reset"
                    break
                if not data:
                    heard.end = "eof"
                    break
                heard.reads.append(data)
        return heard

    def reset(self) -> None:
        self.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


@pytest.fixture
def eventually() -> Callable[..., object]:
    """Waits until something holds, for 2 s at most where nothing else is said."""

    async def wait(holds: Callable[[], object], limit_s: float = 2) -> None:
        with trio.fail_after(limit_s):
            while not holds():  # noqa: ASYNC110  what holds is not always ours to signal
                await trio.sleep(0.001)

    return wait


@pytest.fixture
def plan_of() -> Callable[..., Plan]:
    def make(*operations: Operation, end: str = "clean", answers: Iterable[AnswerPlan] = (), **fields: object) -> Plan:
        fields.setdefault("headers", SSE)
        one = AnswerPlan(operations=lambda: iter(operations), ending=Ending(kind=end), **fields)
        return Plan(
            case="made/by-hand",
            delivery="as-written",
            hash="0badcafe",
            dialect="openai-chat",
            answers=tuple(answers) or (one,),
        )

    return make


@pytest.fixture
async def server() -> AsyncIterator[MockServer]:
    async with serving() as running:
        yield running


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., object]]:
    opened: list[Raw] = []

    async def open_raw(running: MockServer) -> Raw:
        host, _, port = running.url.removeprefix("http://").rpartition(":")
        is_v6 = host.startswith("[")
        sock = trio.socket.socket(trio.socket.AF_INET6 if is_v6 else trio.socket.AF_INET)
        await sock.connect((host.strip("[]"), int(port)))
        opened.append(Raw(sock))
        return opened[-1]

    yield open_raw
    for raw in opened:
        raw.socket.close()
