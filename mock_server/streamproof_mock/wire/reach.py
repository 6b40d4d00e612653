"""From an ASGI `send` to the connection below it.

Hypercorn calls the app with the bound method `HTTPStream.app_send`; the rest is reached from it by attributes alone:

    send.__self__              HTTPStream                 .app_put .closed .send .state .stream_id
    ....send.__self__          H11Protocol | H2Protocol   .connection .can_read .closed .priority .send
                                                          .stream_buffers .streams ._window_updated
    ....send.__self__          TCPServer                  .stream .send_lock
    H2Protocol.connection      H2Connection of h2         ._frame_dispatch_table

Nothing is patched or subclassed.  It fails in words when Hypercorn changes, and `selftest.py` tries it when a server
starts.  Known to fit hypercorn 0.18.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.trio.tcp_server import TCPServer

from streamproof_mock.wire.h1 import H1Wire
from streamproof_mock.wire.h2 import H2Wire
from streamproof_mock.wire.muffled import Connections, Muffled

_FRAMES: Final = "_frame_dispatch_table"


class WireUnreachable(RuntimeError):  # noqa: N818
    """Hypercorn does not expose its connections the way the tested versions do."""


def wire_of(send: Callable[[Any], Awaitable[None]], shared: Connections) -> H1Wire | H2Wire:
    """The wire below an ASGI `send`.  Raises WireUnreachable when this is not the Hypercorn that it knows."""
    http = getattr(send, "__self__", None)
    protocol = getattr(getattr(http, "send", None), "__self__", None)
    server: Any = getattr(getattr(protocol, "send", None), "__self__", None)
    if (
        not isinstance(http, HTTPStream)
        or not isinstance(protocol, (H11Protocol, H2Protocol))
        or not isinstance(server, TCPServer)
    ):
        found = " > ".join(type(part).__name__ for part in (http, protocol, server))
        message = (
            "expected HTTPStream > H11Protocol or H2Protocol > TCPServer behind the ASGI send of hypercorn, "
            f"found {found}; install hypercorn>=0.18,<0.19"
        )
        raise WireUnreachable(message)
    stream = _muffled(server, shared)
    if isinstance(protocol, H11Protocol):
        return H1Wire(protocol, send, http, stream, shared)
    for part, name in (
        (protocol, "_window_updated"),
        (protocol, "stream_buffers"),
        (protocol, "priority"),
        (server, "send_lock"),
        (protocol.connection, _FRAMES),
    ):
        if not hasattr(part, name):
            message = f"expected {type(part).__name__} to have {name}; install hypercorn>=0.18,<0.19 and h2>=4.1,<5"
            raise WireUnreachable(message)
    return H2Wire(protocol, server.send_lock, send, http, stream, shared)


def _muffled(server: Any, shared: Connections) -> Muffled:
    """The stand-in for the connection's stream, put there by the first request."""
    stream = server.stream
    if not isinstance(stream, Muffled):
        stream = server.stream = Muffled(stream, shared.number())
    return stream
