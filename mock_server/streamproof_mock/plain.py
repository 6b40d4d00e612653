"""Performs the server's own answers where HTTP/1 bytes have no place: over HTTP/2, by ASGI alone."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Final

import trio

from streamproof_mock.framing import RequestFacts
from streamproof_mock.journal import Exchange
from streamproof_mock.wire import Departure, Wire
from streamproof_scenarios.plan import AnswerPlan, Write

# "An endpoint MUST NOT generate an HTTP/2 message containing connection-specific header fields." -- RFC 9113, 8.2.2
_OF_THE_CONNECTION: Final = frozenset({"connection", "transfer-encoding", "keep-alive", "upgrade", "proxy-connection"})


class PlainPlayer:
    """One answer of writes and a clean end.  Bytes, boundaries and faults are Hypercorn's: no scenario is played so."""

    def __init__(self, plan: AnswerPlan, wire: Wire, exchange: Exchange, *, request: RequestFacts) -> None:
        self._plan = plan
        self._wire = wire
        self._exchange = exchange
        self._request = request
        self._scope = trio.CancelScope()

    def stop(self) -> None:
        """Breaks the answer off at once."""
        self._scope.cancel()

    async def run(self) -> None:
        """Performs the answer to its end, or until the client leaves or `stop` is called."""
        exchange = self._exchange
        with self._scope:
            await self._wire.watch(self._depart)
            await self._perform()
        if exchange.left is None:
            exchange.left = "stayed"
        exchange.ended_ns = perf_counter_ns()

    async def _perform(self) -> None:
        exchange, send = self._exchange, self._wire.send
        exchange.status = self._plan.status
        await send({"type": "http.response.start", "status": self._plan.status, "headers": self._headers()})
        for operation in self._plan.operations():
            if isinstance(operation, Write) and self._request.method != "HEAD":
                await send({"type": "http.response.body", "body": operation.data, "more_body": True})
                exchange.last_byte_ns = perf_counter_ns()
                exchange.first_byte_ns = exchange.first_byte_ns or exchange.last_byte_ns
                exchange.body_written += len(operation.data)
                exchange.writes.append((exchange.last_byte_ns, len(operation.data)))
        exchange.complete = exchange.fault is None
        with trio.CancelScope(shield=True):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _headers(self) -> list[tuple[bytes, bytes]]:
        headers = [(name.lower(), value) for name, value in self._plan.headers]
        if self._plan.content_length is not None:
            headers.append(("content-length", str(self._plan.content_length)))
        if self._request.cors:
            headers.append(("access-control-allow-origin", "*"))
        return [(name.encode(), value.encode()) for name, value in headers if name not in _OF_THE_CONNECTION]

    def _depart(self, how: Departure, at_ns: int) -> None:
        # Hypercorn says so of a stream that has ended, too.
        if not self._exchange.complete:
            self._exchange.left, self._exchange.left_ns = how, at_ns
            self._scope.cancel()
