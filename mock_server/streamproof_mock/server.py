"""The mock server as a value: started, asked to play, stopped."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager

import trio

from streamproof_mock.app import MockApp
from streamproof_mock.behaviour.temper import Temper
from streamproof_mock.choice import EmptyBook, PlanBook
from streamproof_mock.door import Doors
from streamproof_mock.journal import Journal
from streamproof_mock.listening import serve
from streamproof_mock.performer import AwaitHook, Bounds
from streamproof_mock.ports import GRACE_S, CannotServe, NotLoopback, Port, PortInUse, TlsPorts, listen, origin_of
from streamproof_mock.selftest import try_wire
from streamproof_mock.session import Session
from streamproof_mock.stage import FinishHook, Stage
from streamproof_mock.wire import Connections, WireUnreachable
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.transports import NAMES, Transport

if sys.platform == "linux":
    from streamproof_mock.peer import Kernel

__all__ = ["CannotServe", "MockServer", "NotLoopback", "PortInUse", "serving"]

Start = Callable[[Port], Awaitable[None]]
"""Serves one more port for as long as the server runs; returns once it does."""


class MockServer:
    """A running server."""

    def __init__(self, stage: Stage, warning: str | None, tls: TlsPorts, start: Start) -> None:
        self._stage = stage
        self._tls = tls
        self._start = start
        self.warning = warning
        """What a user must be told when the server can be reached from other machines."""

    @property
    def url(self) -> str:
        """The origin: `http://127.0.0.1:41873`."""
        return self._stage.url

    @property
    def journal(self) -> Journal:
        """What the server saw and did."""
        return self._stage.journal

    @property
    def asks_kernel(self) -> bool:
        """True when boundaries are kept by asking the kernel what clients have read."""
        return self._stage.connections.kernel is not None

    @property
    def shortcuts_taken(self) -> int:
        """How many requests were answered without Hypercorn."""
        return 0 if self._stage.shortcuts is None else self._stage.shortcuts.memo.taken

    @property
    def ca_file(self) -> str | None:
        """Where the certificate lies that clients must trust; None without TLS."""
        return self._tls.ca_file

    async def secure(self) -> None:
        """Opens the ports for TLS, unless they are open.  Raises CannotServe, where certificates cannot be made."""
        self._stage.urls.update(await self._tls.open(self._start))

    def url_over(self, transport: Transport) -> str:
        """The origin for a client that speaks this.  Raises CannotServe for TLS where the server has none."""
        try:
            return self._stage.urls[transport]
        except KeyError:
            raise _without(transport) from None

    def play(self, plan: Plan, *, on_await: AwaitHook | None = None, transport: Transport = "h1") -> Session:
        """Lays a plan out under a new nonce; `on_await` says when the client has handed on what was sent to it.

        The session's address is the one for `transport`.  Raises CannotServe as `url_over` does.
        """
        try:
            return self._stage.play(plan, on_await, transport)
        except KeyError:
            raise _without(transport) from None

    def reset(self) -> None:
        """Forgets sessions and journal; what is played is broken off."""
        self._stage.reset()


def _without(transport: Transport) -> CannotServe:
    return CannotServe(f"this server has no TLS, and {NAMES[transport]} was asked for; start it with TLS")


@asynccontextmanager
async def serving(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str | None = None,
    book: PlanBook | None = None,
    ask_kernel: bool = True,
    journal_limit: int = 10_000,
    bounds: Bounds | None = None,
    control_token: str | None = None,
    allow_remote: bool = False,
    tls: bool = False,
    tls_port: int = 0,
    shortcuts: bool = True,
    reuse_port: bool = False,
    on_finish: FinishHook | None = None,
    temper: Temper | None = None,
) -> AsyncIterator[MockServer]:
    """Runs a mock server for as long as the context lasts; stopping breaks off whatever is still played.

    `port` 0 takes a free one.  `api_key` makes keys matter for the well-behaved endpoint.  `ask_kernel` False keeps
    boundaries by waiting.  `control_token` opens the control API to other machines; so does nothing else.
    `shortcuts` False has each request go all the way through Hypercorn.  `reuse_port` lets other processes listen on
    the same port.  `on_finish` is told of each exchange once its answer has ended.
    The port speaks HTTP/1.1 and HTTP/2 in the clear.  `tls` opens two more for TLS: `tls_port` offers HTTP/2 and
    HTTP/1.1 by ALPN, the other HTTP/1.1 alone; it needs the extra `streamproof[tls]`.
    `temper` makes the well-behaved endpoint slow, or faulty by lot.
    Raises CannotServe, of which PortInUse and NotLoopback are two kinds.
    """
    kernel = None
    if sys.platform == "linux" and ask_kernel:
        kernel = Kernel.opened()
    with ExitStack() as stack:
        if kernel is not None:
            stack.callback(kernel.close)
        listener, warning = listen(host, port, allow_remote=allow_remote, reuse_port=reuse_port)
        stack.callback(listener.close)
        stage = Stage(
            journal=Journal(journal_limit),
            book=book or EmptyBook(),
            connections=Connections(kernel),
            bounds=bounds or Bounds(),
            api_key=api_key,
            cors=warning is None,
            shortcuts=shortcuts,
            temper=temper,
        )
        stage.urls = dict.fromkeys(("h1", "h2c"), origin_of(listener))
        ports = TlsPorts(stack, host=host, port=tls_port, allow_remote=allow_remote)
        async with _running(stage, listener, ports, control_token) as start:
            await _try(stage, listener)
            server = MockServer(stage, warning, ports, start)
            if tls:
                await server.secure()
            stage.on_finish = on_finish
            yield server


@asynccontextmanager
async def _running(stage: Stage, listener: socket.socket, ports: TlsPorts, token: str | None) -> AsyncIterator[Start]:
    stop, stopped = trio.Event(), trio.Event()
    shield = trio.CancelScope(shield=True)

    async def run_app(
        port: Port, stop: trio.Event, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        app = MockApp(stage, token)
        await serve(app, port, desk=stage.shortcuts, shutdown_trigger=stop.wait, task_status=task_status)

    async def run_alone(listener: socket.socket, transport: Transport, stop: trio.Event) -> None:
        await run_app(Port(listener, ports.contexts.get(transport)), stop)

    nursery_of_ports: list[trio.Nursery] = []
    listening = trio.Event()

    async def start(port: Port) -> None:
        await nursery_of_ports[0].start(run_app, port, stop)

    async def run() -> None:
        # Hypercorn leaves sockets open when it is cancelled: it is stopped by its own means, whatever ends the context.
        try:
            with shield:
                async with trio.open_nursery() as nursery:
                    nursery_of_ports.append(nursery)
                    await start(Port(listener))
                    listening.set()
        finally:
            stopped.set()

    try:
        async with trio.open_nursery() as nursery:
            # Not `nursery.start`, which waits for what it starts when it is cancelled: only `stop` ends this.
            nursery.start_soon(run)
            nursery.start_soon(stage.pacer.run)
            try:
                await listening.wait()
                stage.doors = Doors(nursery, listener, run_alone)
                yield start
            finally:
                stop.set()
                stage.shut_down()
                with trio.move_on_after(2 * GRACE_S, shield=True):
                    await stopped.wait()
                shield.cancel()
                nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # The nursery is ours, so what is raised in the caller's block leaves it as it came.
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


async def _try(stage: Stage, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where to connect, not where to listen
    try:
        await try_wire(stage, anywhere.get(host, host), port)
    except WireUnreachable as error:
        raise CannotServe(str(error)) from error
