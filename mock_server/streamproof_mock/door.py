"""A door of its own for a plan whose first answers end before a request: refused, reset on accept, a silent handshake.

On the server's own port nobody can tell whose attempt a connection is until its request has come.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from time import perf_counter_ns
from typing import Any, Final

import trio

from streamproof_mock.journal import Exchange, Journal
from streamproof_mock.performer import Bounds
from streamproof_mock.session import Session
from streamproof_mock.wire import Connections
from streamproof_scenarios.plan import BEFORE_REQUEST, AnswerPlan, Plan
from streamproof_scenarios.transports import Transport

Ordinary = Callable[[socket.socket, Transport, trio.Event], Awaitable[None]]
"""Serves all that comes to a socket as the server's own port for that transport, until the event is set."""

# A linger of no seconds makes close(2) send a RST: socket(7).
_RESET_ON_CLOSE: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_BACKLOG: Final = 128
_TIRED_S: Final = 0.1
"""How long a door rests that cannot take a connection, for want of file descriptors."""


def is_needed(plan: Plan) -> bool:
    """True for a plan that cannot be played on the server's own port."""
    return plan.answers[0].ending.kind in BEFORE_REQUEST


class Door:
    """One port, for one session.  Closing the session closes it."""

    def __init__(self, plan: Plan, transport: Transport, near: socket.socket) -> None:
        """Takes a free port on the address that the socket `near` listens on; raises OSError when there is none."""
        self._plan = plan
        self._transport = transport
        self._listener = socket.socket(near.family, socket.SOCK_STREAM)
        self._open = trio.CancelScope()
        self._closed = trio.Event()
        try:
            self._listener.bind((near.getsockname()[0], 0, *near.getsockname()[2:]))
            # A port that is bound and does not listen refuses, and nobody else can take it meanwhile.
            if plan.answers[0].ending.kind != "refuse":
                self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._listener.listen(_BACKLOG)
            self._listener.setblocking(False)
        except OSError:
            self._listener.close()
            raise

    @property
    def url(self) -> str:
        """The origin: `http://127.0.0.1:41874`; `https:` over TLS, and for a handshake that stalls."""
        host, port = self._listener.getsockname()[:2]
        is_tls = self._transport in {"h1-tls", "h2"} or self._plan.answers[0].ending.kind == "tls-stall"
        scheme = "https" if is_tls else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    def close(self) -> None:
        """Frees the port; what is held there is broken off."""
        self._closed.set()
        self._open.cancel()

    async def run(
        self,
        session: Session,
        *,
        journal: Journal,
        connections: Connections,
        bounds: Bounds,
        finish: Callable[[Exchange], None],
        ordinary: Ordinary,
    ) -> None:
        """Meets each attempt with the session's next answer, until `close`."""
        with self._listener:
            with self._open:
                if self._plan.answers[0].ending.kind == "refuse":
                    await trio.sleep_forever()
                async with trio.open_nursery() as nursery:
                    while (answer := self._plan.answer(session.requests)).ending.kind in BEFORE_REQUEST:
                        connection = await _accepted(self._listener)
                        exchange = _exchange(self._plan, session, connections.number())
                        session.admit(exchange)
                        journal.open(exchange)
                        attempt = Attempt(connection, answer, exchange, bounds)
                        nursery.start_soon(session.perform, attempt, partial(finish, exchange))
            if not self._closed.is_set():
                # Cancelled, it would leave connections open: it ends by the event alone.
                with trio.CancelScope(shield=True):
                    await ordinary(self._listener, self._transport, self._closed)


class Attempt:
    """One connection that ends before a request."""

    def __init__(
        self, connection: trio.socket.SocketType, answer: AnswerPlan, exchange: Exchange, bounds: Bounds
    ) -> None:
        self._socket = connection
        self._answer = answer
        self._exchange = exchange
        self._bounds = bounds
        self._scope = trio.CancelScope()

    def stop(self) -> None:
        """Breaks it off at once."""
        self._scope.cancel()

    async def run(self) -> None:
        """Performs the ending, or waits for the client to leave it."""
        exchange, resets = self._exchange, True
        try:
            with self._scope:
                await trio.sleep(self._answer.delay_s)
                exchange.complete = True
                if self._answer.ending.kind == "tls-stall":
                    with trio.move_on_after(self._bounds.stall_s):
                        await self._stall()
                    resets = False
        finally:
            if resets:
                with suppress(OSError):  # the client was faster
                    self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._socket.close()
            exchange.left = exchange.left or "server-closed"
            exchange.ended_ns = perf_counter_ns()

    async def _stall(self) -> None:
        """Takes what the client says and answers nothing, until it leaves."""
        try:
            while await self._socket.recv(4096):
                pass
            self._exchange.left = "fin"
        except OSError:
            self._exchange.left = "reset"
        self._exchange.left_ns = perf_counter_ns()


class Doors:
    """Opens the doors of one server."""

    def __init__(self, nursery: trio.Nursery, near: socket.socket, ordinary: Ordinary) -> None:
        self._nursery = nursery
        self._near = near
        self._ordinary = ordinary
        self._open: set[Door] = set()

    def opened(self, plan: Plan, transport: Transport) -> Door:
        """A door that takes connections from now on; `attend` meets them."""
        return Door(plan, transport, self._near)

    def attend(self, door: Door, session: Session, **shared: Any) -> None:
        """Starts to meet those who come."""
        self._open.add(door)

        async def run() -> None:
            try:
                await door.run(session, ordinary=self._ordinary, **shared)
            finally:
                self._open.discard(door)

        self._nursery.start_soon(run)

    def close(self) -> None:
        """Closes them all."""
        for door in tuple(self._open):
            door.close()


async def _accepted(listener: socket.socket) -> trio.socket.SocketType:
    while True:
        try:
            return (await trio.SocketListener(trio.socket.from_stdlib_socket(listener)).accept()).socket
        except OSError:
            await trio.sleep(_TIRED_S)


def _exchange(plan: Plan, session: Session, connection: int) -> Exchange:
    return Exchange(
        nonce=session.nonce,
        case=f"{plan.case} {plan.delivery}",
        number=0,
        connection=connection,
        method="",
        path="",
        http="",
        headers=(),
        body=None,
        arrived_ns=perf_counter_ns(),
    )
