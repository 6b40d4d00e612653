"""The same with Starlette on uvicorn, with httptools and uvloop.  `starlette_uvicorn.py MATERIAL`."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

HEADERS = {"cache-control": "no-cache"}
STREAMS = json.loads(Path(sys.argv[1]).read_text("utf-8"))
PIECES = {name: [piece.encode() for piece in stream["pieces"]] for name, stream in STREAMS.items()}


async def stream(request: Request) -> StreamingResponse:
    assert (await request.json())["stream"]
    way, name = request.path_params["way"], request.path_params["name"]

    async def paced() -> AsyncIterator[bytes]:
        for number, piece in enumerate(PIECES[name]):
            if number:
                await asyncio.sleep(STREAMS[name]["gap_s"])
            yield piece

    async def at_once() -> AsyncIterator[bytes]:
        for piece in PIECES[name]:
            yield piece

    body = paced() if way == "paced" else at_once()
    return StreamingResponse(body, media_type="text/event-stream", headers=HEADERS)


listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
app = Starlette(routes=[Route("/{way}/{name}", stream, methods=["POST"])])
config = uvicorn.Config(
    app, loop="uvloop", http="httptools", access_log=False, log_level="error", lifespan="off", timeout_keep_alive=600
)
uvicorn.Server(config).run(sockets=[listener])
