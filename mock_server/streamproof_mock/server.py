"""The mock server as a value: started, asked to play, stopped."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import trio
from hypercorn.config import Config, Sockets

from streamproof_mock.app import MockApp
from streamproof_mock.choice import EmptyBook, PlanBook
from streamproof_mock.connection import serve
from streamproof_mock.journal import Journal
from streamproof_mock.player import AwaitHook, Bounds
from streamproof_mock.selftest import try_wire
from streamproof_mock.session import Session
from streamproof_mock.stage import FinishHook, Stage
from streamproof_mock.wire import Connections, WireUnreachable
from streamproof_scenarios.plan import Plan

if sys.platform == "linux":
    from streamproof_mock.peer import Kernel

_BACKLOG: Final = 4096
_GRACE_S: Final = 1.0
"""How long a stop waits for connections that do not end by themselves."""


class CannotServe(Exception):  # noqa: N818
    """The server cannot start; the message says why and what to do."""


class PortInUse(CannotServe):
    """Another program listens on the address that was asked for."""


class NotLoopback(CannotServe):
    """The address can be reached from other machines, and nobody said that it may."""


class MockServer:
    """A running server."""

    def __init__(self, stage: Stage, warning: str | None) -> None:
        self._stage = stage
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

    def play(self, plan: Plan, *, on_await: AwaitHook | None = None) -> Session:
        """Lays a plan out under a new nonce; `on_await` says when the client has handed on what was sent to it."""
        return self._stage.play(plan, on_await)

    def reset(self) -> None:
        """Forgets sessions and journal; what is played is broken off."""
        self._stage.reset()


class _Bound(Config):
    """Hypercorn's configuration for a socket that is bound already, and for silence."""

    accesslog = None
    errorlog = None
    graceful_timeout = _GRACE_S
    keep_alive_timeout = 75.0
    keep_alive_max_requests = sys.maxsize
    h11_max_incomplete_size = 64 * 1024
    backlog = _BACKLOG
    include_server_header = False

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    def create_sockets(self) -> Sockets:
        """The one socket."""
        return Sockets([], [self._listener], [])


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
    shortcuts: bool = True,
    reuse_port: bool = False,
    on_finish: FinishHook | None = None,
) -> AsyncIterator[MockServer]:
    """Runs a mock server for as long as the context lasts; stopping breaks off whatever is still played.

    `port` 0 takes a free one.  `api_key` makes keys matter for the well-behaved endpoint.  `ask_kernel` False keeps
    boundaries by waiting.  `control_token` opens the control API to other machines; so does nothing else.
    `shortcuts` False has each request go all the way through Hypercorn.  `reuse_port` lets other processes listen on
    the same port.  `on_finish` is told of each exchange once its answer has ended.
    Raises CannotServe, of which PortInUse and NotLoopback are two kinds.
    """
    listener, warning = _listen(host, port, allow_remote=allow_remote, reuse_port=reuse_port)
    kernel = None
    if sys.platform == "linux" and ask_kernel:
        kernel = Kernel.opened()
    stage = Stage(
        journal=Journal(journal_limit),
        book=book or EmptyBook(),
        connections=Connections(kernel),
        bounds=bounds or Bounds(),
        api_key=api_key,
        cors=warning is None,
        shortcuts=shortcuts,
    )
    stage.url = _url(listener)
    try:
        async with _running(stage, listener, control_token):
            await _try(stage, listener)
            stage.on_finish = on_finish
            yield MockServer(stage, warning)
    finally:
        listener.close()
        if kernel is not None:
            kernel.close()


@asynccontextmanager
async def _running(stage: Stage, listener: socket.socket, token: str | None) -> AsyncIterator[None]:
    stop, stopped = trio.Event(), trio.Event()
    shield = trio.CancelScope(shield=True)

    async def run(task_status: trio.TaskStatus[list[str]]) -> None:
        # Hypercorn leaves sockets open when it is cancelled: it is stopped by its own means, whatever ends the context.
        with shield:
            config: Any = _Bound(listener)
            await serve(MockApp(stage, token), config, shutdown_trigger=stop.wait, task_status=task_status)
        stopped.set()

    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(run)
            nursery.start_soon(stage.pacer.run)
            try:
                yield
            finally:
                stop.set()
                stage.shut_down()
                with trio.move_on_after(2 * _GRACE_S, shield=True):
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


def _listen(host: str, port: int, *, allow_remote: bool, reuse_port: bool) -> tuple[socket.socket, str | None]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        message = f"expected a host name or an address to listen on, found {host!r}: {error}"
        raise CannotServe(message) from error
    family, kind, protocol, _, address = found[0]
    warning = None
    if not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        warning = (
            f"{host} can be reached from other machines, and this server answers anyone: "
            "use it on networks that you trust, or listen on 127.0.0.1"
        )
        if not allow_remote:
            message = f"expected a loopback address, found {host}, which other machines can reach; allow it explicitly"
            raise NotLoopback(message)
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        message = f"cannot listen on {host} port {port}: {error.strerror}; choose another port, or 0 for a free one"
        raise PortInUse(message) from error
    return listener, warning


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
