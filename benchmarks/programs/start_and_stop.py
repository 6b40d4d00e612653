"""Starts and stops our server and a bare Hypercorn in threads, in turn, and says how long each took, in seconds.

`start_and_stop.py TIMES`: so many times each, idle, and again while a client hears a stream that stalls.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from typing import Any, Self

import trio
from hypercorn.config import Config
from hypercorn.trio import serve

from streamproof_mock.thread import ServerThread
from streamproof_scenarios.plan import AnswerPlan, Ending, Plan, Write

PIECE = b"data: stalls\n\n"
HEADERS = [(b"content-type", b"text/event-stream")]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Begins a stream and says no more."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await trio.sleep_forever()


class Bare:
    """Hypercorn on trio in a thread, and nothing else: it is told to wait for nobody when it stops."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._serve,))

    def start(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def stop(self) -> None:
        self._token.run_sync_soon(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        config = Config()
        config.bind = ["127.0.0.1:0"]
        config.accesslog = None
        config.loglevel = "ERROR"
        config.graceful_timeout = 0
        self._token, self._stop = trio.lowlevel.current_trio_token(), trio.Event()
        async with trio.open_nursery() as nursery:
            [self.url] = await nursery.start(
                lambda **told: serve(app, config, shutdown_trigger=self._stop.wait, **told)
            )
            self._ready.set()


def stalled_in(server: Bare | ServerThread) -> socket.socket:
    """A client that has heard the first event."""
    url, path = server.url, "/"
    if isinstance(server, ServerThread):
        answer = AnswerPlan(
            headers=(("content-type", "text/event-stream"),), operations=begun, ending=Ending(kind="stall")
        )
        plan = Plan(
            case="bench/stall", delivery="as-written", hash="00000000", dialect="openai-chat", answers=(answer,)
        )
        path = f"/r/{server.play(plan).nonce}/v1/chat/completions"
    host, _, port = url.removeprefix("http://").rpartition(":")
    client = socket.create_connection((host, int(port)))
    client.sendall(f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    heard = b""
    while PIECE not in heard:
        data = client.recv(65536)
        assert data, "the server closed the stream"
        heard += data
    return client


def begun() -> Any:
    return iter([Write(PIECE)])


def measured_s(make: type[Bare | ServerThread], *, stalls: bool) -> float:
    """What the start and the stop took together."""
    server = make()
    begun_s = time.perf_counter()
    server.start()
    started_s = time.perf_counter() - begun_s
    client = stalled_in(server) if stalls else None
    begun_s = time.perf_counter()
    server.stop()
    stopped_s = time.perf_counter() - begun_s
    if client is not None:
        client.close()
    return started_s + stopped_s


def main(times: int) -> None:
    found: dict[str, dict[str, list[float]]] = {}
    for name, stalls in (("idle", False), ("stalls", True)):
        kept: dict[str, list[float]] = {"ours": [], "bare": []}
        for number in range(-1, times):
            for whose in ("ours", "bare") if number % 2 else ("bare", "ours"):
                took_s = measured_s(ServerThread if whose == "ours" else Bare, stalls=stalls)
                if number >= 0:  # what is imported and tried once in a process is not counted
                    kept[whose].append(took_s)
        found[name] = kept
    print(json.dumps(found))


main(int(sys.argv[1]))
