"""A small endpoint on a raw socket, well behaved unless a test says otherwise: it writes the bytes that it is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import attrs
import trio

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
CHUNKED = STREAM + b"Transfer-Encoding: chunked\r\n\r\n"
DONE = b"data: [DONE]\n\n"
LAST = b"0\r\n\r\n"


@attrs.frozen
class Request:
    """One request, read."""

    head: bytes
    body: Any
    """None where it is no JSON."""

    @property
    def field(self) -> Callable[[str], str | None]:
        lines = [line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:]]
        return {name.lower(): value.strip() for name, _, value in lines}.get

    @property
    def key(self) -> str:
        return (self.field("authorization") or "").removeprefix("Bearer ")


Behaviour = Callable[[trio.SocketStream, Request], Awaitable[None]]


def chunk(data: bytes) -> bytes:
    """One HTTP chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(value: Any) -> bytes:
    """One event with a JSON payload."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def answer(body: bytes, *, status: bytes = b"200 OK", kind: bytes = b"application/json", more: bytes = b"") -> bytes:
    """A whole answer that is no stream."""
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n%b\r\n" % (status, kind, len(body), more)
    return head + body


def error(status: bytes, message: str = "No.", more: bytes = b"") -> bytes:
    """An answer of the documented form of errors."""
    fields = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return answer(json.dumps({"error": fields}).encode(), status=status, more=more)


def entry(delta: Any, index: int = 0, finish: str | None = None) -> dict[str, Any]:
    """What a chunk has for one choice."""
    return {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}


def envelope(*choices: Any, **more: Any) -> dict[str, Any]:
    """A chunk."""
    return {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1764000000, "model": "m",
        "choices": list(choices), **more,
    }  # fmt: skip


def chunks_for(body: Any) -> list[dict[str, Any]]:
    """The chunks that a well-behaved endpoint streams to this request."""
    asks_usage = (body.get("stream_options") or {}).get("include_usage") is True
    null = {"usage": None} if asks_usage else {}
    n, most = body.get("n", 1), body["max_completion_tokens"]
    chunks = [envelope(entry({"role": "assistant", "content": ""}, index), **null) for index in range(n)]
    tokens = min(most, 3)
    for index in range(n):
        if body.get("tool_choice"):
            call = {
                "index": 0,
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_weather", "arguments": ""},
            }
            chunks.append(envelope(entry({"tool_calls": [call]}, index), **null))
            piece = {"index": 0, "function": {"arguments": '{"city": "Oslo"}'}}
            chunks.append(envelope(entry({"tool_calls": [piece]}, index), **null))
        else:
            chunks += [envelope(entry({"content": f"{number} "}, index), **null) for number in range(tokens)]
        finish = "tool_calls" if body.get("tool_choice") == "required" else "length" if most < 3 else "stop"
        chunks.append(envelope(entry({}, index, finish), **null))
    if asks_usage:
        usage = {"prompt_tokens": 5, "completion_tokens": n * tokens, "total_tokens": 5 + n * tokens}
        chunks.append(envelope(usage=usage))
    return chunks


def stream_of(chunks: list[dict[str, Any]], end: bytes = DONE) -> bytes:
    """A whole answer that streams these chunks, each event in a chunk of HTTP."""
    return CHUNKED + b"".join(chunk(event(value)) for value in chunks) + (chunk(end) if end else b"") + LAST


def refusal(request: Request, key: str | None) -> bytes | None:
    """The error that a well-behaved endpoint answers this request with, if it does."""
    if key is not None and request.key != key:
        return error(b"401 Unauthorized", "Incorrect API key provided.")
    if request.body is None or not request.body.get("messages"):
        return error(b"400 Bad Request", "The request could not be read.")
    return None


def well_behaved(key: str | None = None, change: Callable[[Request, bytes], bytes] | None = None) -> Behaviour:
    """An endpoint as it should be; `change` may spoil an answer."""

    async def behave(stream: trio.SocketStream, request: Request) -> None:
        whole = refusal(request, key) or stream_of(chunks_for(request.body))
        if is_long(request):
            # Long enough to be left: the rest comes once the client has had the chance to.
            await stream.send_all(whole[:300])
            await stream.receive_some()
            return
        await stream.send_all(change(request, whole) if change else whole)

    return behave


def is_long(request: Request) -> bool:
    """True for the request whose answer is to be left early."""
    return request.body is not None and "hundred" in json.dumps(request.body)


@attrs.define
class Served:
    """A running endpoint."""

    url: str = ""
    requests: list[Request] = attrs.field(factory=list)


@asynccontextmanager
async def serving(behaviour: Behaviour, ssl_context: Any = None) -> AsyncIterator[Served]:
    """Runs an endpoint on a free port of 127.0.0.1; a request to a connection."""
    served = Served()

    async def serve(raw: trio.SocketStream) -> None:
        stream: Any = (
            raw if ssl_context is None else trio.SSLStream(raw, ssl_context, server_side=True, https_compatible=True)
        )
        try:
            request = await receive(stream)
            if request is not None:
                served.requests.append(request)
                await behaviour(stream, request)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            with trio.CancelScope(shield=True), suppress(trio.BrokenResourceError):
                await stream.aclose()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        served.url = f"{'http' if ssl_context is None else 'https'}://127.0.0.1:{port}/v1"
        yield served
        nursery.cancel_scope.cancel()


async def receive(stream: Any) -> Request | None:
    """Reads one request; None where the client left before it had sent one."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = await stream.receive_some()
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    size = int(Request(head, None).field("content-length") or 0)
    while len(body) < size:
        body += await stream.receive_some()
    try:
        return Request(head, json.loads(body))
    except ValueError:
        return Request(head, None)
