"""Iterates over a recorded body with the `openai` SDK, to warm up, then measured.  `sdk_body.py BODY PIECE_BYTES`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import openai

path, piece_bytes = Path(sys.argv[1]), int(sys.argv[2])
body = path.read_bytes()
pieces = [body[start : start + piece_bytes] for start in range(0, len(body), piece_bytes)]


class Memory(httpx2.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        return iter(pieces)


def answer(_: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Memory())


client = openai.OpenAI(
    api_key="sk-test",
    base_url="http://127.0.0.1/v1",
    http_client=openai.DefaultHttpx2Client(transport=httpx2.MockTransport(answer)),
)


def opened() -> openai.Stream:
    return client.chat.completions.create(model="bench", messages=[{"role": "user", "content": "hi"}], stream=True)


text = "".join(chunk.choices[0].delta.content or "" for chunk in opened() if chunk.choices)
stream = opened()
begun_ns = time.process_time_ns()
events = sum(1 for _ in stream)
cpu_ns = time.process_time_ns() - begun_ns
print(json.dumps({"cpu_ns": cpu_ns, "events": events, "text": text}))
