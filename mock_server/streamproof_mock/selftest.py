"""Tries the wire once, against the Hypercorn that is installed, before anybody relies on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import trio
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset

from streamproof_mock.stage import Stage
from streamproof_mock.wire import WireUnreachable
from streamproof_scenarios.plan import AnswerPlan, Ending, Operation, Plan, Write

_LIMIT_S: Final = 5.0
_HEAD: Final = b"HTTP/1.1 299 \r\nx-wire: tried\r\ntransfer-encoding: chunked\r\n\r\n"
_WHOLE: Final = _HEAD + b"5\r\nwhole\r\n0\r\n\r\n"
_CUT: Final = _HEAD + b"3\r\ncut\r\n"

_FRAMES: Final = (299, b"whole", "end", 299, b"cut", "reset")

_tried: set[tuple[str, str]] = set()


def _answer(text: bytes, ending: Ending, **fields: Any) -> AnswerPlan:
    def operations() -> Iterator[Operation]:
        yield Write(text)

    return AnswerPlan(status=299, headers=(("x-wire", "tried"),), operations=operations, ending=ending, **fields)


def _plan(*answers: AnswerPlan) -> Plan:
    return Plan(
        case="streamproof/self-test", delivery="as-written", hash="00000000", dialect="sse", answers=tuple(answers)
    )


_H1: Final = _plan(_answer(b"whole", Ending()), _answer(b"cut", Ending(kind="fin")))
_H2: Final = _plan(
    _answer(b"whole", Ending(), http="h2", framing="h2"),
    _answer(b"cut", Ending(kind="rst-stream", code="CANCEL"), http="h2", framing="h2"),
)


@cache
def _versions() -> tuple[str, str]:
    return version("hypercorn"), version("h2")


async def try_wire(stage: Stage, host: str, port: int) -> None:
    """Has a whole answer and one that is cut played on one connection, over HTTP/1.1 and HTTP/2, and reads them.

    Raises WireUnreachable with the reason.  Once in a process is enough.
    """
    versions = _versions()
    if versions in _tried:
        return
    for plan, read, expected in ((_H1, _read_h1, _WHOLE + _CUT), (_H2, _read_h2, _FRAMES)):
        session = stage.play(plan)
        heard: list[Any] = []
        try:
            with trio.fail_after(_LIMIT_S):
                async with await trio.open_tcp_stream(host, port) as stream:
                    await read(stream, f"/r/{session.nonce}/", heard)
        except (OSError, trio.BrokenResourceError, trio.TooSlowError):
            pass  # what was heard until then tells more
        finally:
            session.close()
        found = b"".join(heard) if plan is _H1 else tuple(heard)
        if found != expected:
            reason = stage.trouble or f"expected {expected!r} on the wire, found {found!r}"
            message = f"cannot reach the connections of hypercorn {versions[0]} with h2 {versions[1]}: {reason}"
            raise WireUnreachable(message)
    _tried.add(versions)
    stage.reset()


async def _read_h1(stream: trio.SocketStream, path: str, heard: list[Any]) -> None:
    # Each is like no other: what is known goes the short way, and the long one is to be tried.
    requests = (
        f"POST {path} HTTP/1.1\r\nHost: streamproof\r\nX-Turn: {turn}\r\nContent-Length: 0\r\n\r\n".encode()
        for turn in (1, 2)
    )
    await stream.send_all(next(requests))
    async for data in stream:
        heard.append(bytes(data))
        if b"".join(heard) == _WHOLE:
            await stream.send_all(next(requests))


async def _read_h2(stream: trio.SocketStream, path: str, heard: list[Any]) -> None:
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    for number in (1, 3):
        fields = [(":method", "POST"), (":path", path), (":scheme", "http"), (":authority", "streamproof")]
        client.send_headers(number, fields, end_stream=True)
        await stream.send_all(client.data_to_send())
        while heard[-1:] not in (["end"], ["reset"]) or len(heard) <= number:
            data = await stream.receive_some()
            if not data:
                return
            heard += [said for event in client.receive_data(bytes(data)) for said in _said(event)]
            await stream.send_all(client.data_to_send())


def _said(event: Event) -> Iterator[int | bytes | str]:
    match event:
        case ResponseReceived():
            yield int(dict(event.headers)[b":status"])
        case DataReceived():
            yield event.data
        case StreamEnded():
            yield "end"
        case StreamReset():
            yield "reset"
