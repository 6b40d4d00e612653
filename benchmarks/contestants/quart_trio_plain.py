"""A stream as anyone would write it with Quart on trio: an async generator.  `quart_trio_plain.py MATERIAL`."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import trio
from hypercorn.config import Config
from hypercorn.trio import serve
from quart import request
from quart_trio import QuartTrio

HEADERS = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
STREAMS = json.loads(Path(sys.argv[1]).read_text("utf-8"))
PIECES = {name: [piece.encode() for piece in stream["pieces"]] for name, stream in STREAMS.items()}

app = QuartTrio(__name__)
app.config["RESPONSE_TIMEOUT"] = None


@app.post("/<way>/<name>")
async def stream(way: str, name: str) -> tuple[AsyncIterator[bytes], dict[str, str]]:
    assert (await request.get_json())["stream"]

    async def paced() -> AsyncIterator[bytes]:
        for number, piece in enumerate(PIECES[name]):
            if number:
                await trio.sleep(STREAMS[name]["gap_s"])
            yield piece

    async def at_once() -> AsyncIterator[bytes]:
        for piece in PIECES[name]:
            yield piece

    return (paced() if way == "paced" else at_once()), HEADERS


async def main() -> None:
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.accesslog = None
    config.loglevel = "ERROR"
    config.backlog = 4096
    config.keep_alive_max_requests = sys.maxsize
    async with trio.open_nursery() as nursery:
        (address,) = await nursery.start(serve, app, config)
        print(f"listening on {address}", flush=True)


trio.run(main)
