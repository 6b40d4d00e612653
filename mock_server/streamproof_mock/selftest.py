"""Tries the wire once, against the Hypercorn that is installed, before anybody relies on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Final

import trio

from streamproof_mock.stage import Stage
from streamproof_mock.wire import WireUnreachable
from streamproof_scenarios.plan import AnswerPlan, Ending, Operation, Plan, Write

_LIMIT_S: Final = 5.0
_HEAD: Final = b"HTTP/1.1 299 \r\nx-wire: tried\r\ntransfer-encoding: chunked\r\n\r\n"
_WHOLE: Final = _HEAD + b"5\r\nwhole\r\n0\r\n\r\n"
_CUT: Final = _HEAD + b"3\r\ncut\r\n"

_tried: set[str] = set()


def _answer(text: bytes, ending: Ending) -> AnswerPlan:
    def operations() -> Iterator[Operation]:
        yield Write(text)

    return AnswerPlan(status=299, headers=(("x-wire", "tried"),), operations=operations, ending=ending)


_PLAN: Final = Plan(
    case="streamproof/self-test",
    delivery="as-written",
    hash="00000000",
    dialect="sse",
    answers=(_answer(b"whole", Ending()), _answer(b"cut", Ending(kind="fin"))),
)


@cache
def _version() -> str:
    return version("hypercorn")


async def try_wire(stage: Stage, host: str, port: int) -> None:
    """Has two answers played on one connection, a whole one and one that is cut, and reads them byte by byte.

    Raises WireUnreachable with the reason.  Once in a process is enough.
    """
    hypercorn = _version()
    if hypercorn in _tried:
        return
    session = stage.play(_PLAN)
    request = f"POST /r/{session.nonce}/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode()
    heard = bytearray()
    try:
        with trio.fail_after(_LIMIT_S):
            async with await trio.open_tcp_stream(host, port) as stream:
                await stream.send_all(request)
                async for data in stream:
                    heard.extend(data)
                    if heard == _WHOLE:
                        await stream.send_all(request)
    except (OSError, trio.BrokenResourceError, trio.TooSlowError):
        pass  # what was heard until then tells more
    finally:
        session.close()
    if heard != _WHOLE + _CUT:
        reason = stage.trouble or f"expected {_WHOLE + _CUT!r} on the wire, found {bytes(heard)!r}"
        message = f"cannot reach the connections of hypercorn {hypercorn}: {reason}"
        raise WireUnreachable(message)
    _tried.add(hypercorn)
    stage.reset()
