"""The floor: a bare trio socket that answers without reading HTTP.  `trio_socket.py MATERIAL`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import trio

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
STREAMS = json.loads(Path(sys.argv[1]).read_text("utf-8"))


def framed(pieces: list[str]) -> list[bytes]:
    chunks = [b"%x\r\n%b\r\n" % (len(piece.encode()), piece.encode()) for piece in pieces]
    return [HEAD + chunks[0], *chunks[1:-1], chunks[-1] + END]


WRITES = {name: framed(stream["pieces"]) for name, stream in STREAMS.items()}
JOINED = {name: b"".join(writes) for name, writes in WRITES.items()}


async def answer(stream: trio.SocketStream) -> None:
    try:
        while data := await stream.receive_some(65536):
            _, way, name = data.split(b" ", 2)[1].decode().split("/")
            if way == "joined":
                await stream.send_all(JOINED[name])
                continue
            due_s = trio.current_time()
            for write in WRITES[name]:
                if way == "paced":
                    await trio.sleep_until(due_s)
                    due_s += STREAMS[name]["gap_s"]
                await stream.send_all(write)
    except trio.BrokenResourceError:
        pass  # the client has left


async def main() -> None:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=4096)
    print(f"listening on http://127.0.0.1:{listener.socket.getsockname()[1]}", flush=True)
    await trio.serve_listeners(answer, [listener])


trio.run(main)
