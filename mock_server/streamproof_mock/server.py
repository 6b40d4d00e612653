"""The mock server as a value: started, asked to play, stopped."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from ssl import SSLContext
from typing import Final

import trio
from hypercorn.config import Config, Sockets
from hypercorn.trio import serve

from streamproof_mock.app import MockApp
from streamproof_mock.certificates import Certificates, NoCertificates
from streamproof_mock.choice import EmptyBook, PlanBook
from streamproof_mock.door import Doors
from streamproof_mock.journal import Journal
from streamproof_mock.player import AwaitHook, Bounds
from streamproof_mock.selftest import try_wire
from streamproof_mock.session import Session
from streamproof_mock.stage import Stage
from streamproof_mock.wire import Connections, WireUnreachable
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.transports import NAMES, Transport

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

    def __init__(self, stage: Stage, warning: str | None, ca_file: str | None = None) -> None:
        self._stage = stage
        self.ca_file = ca_file
        """Where the certificate lies that clients must trust, None without TLS."""
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

    def __init__(self, listener: socket.socket, context: SSLContext | None = None) -> None:
        self.listener = listener
        self._context = context

    def create_sockets(self) -> Sockets:
        """The one socket."""
        return Sockets([], [self.listener], []) if self._context is None else Sockets([self.listener], [], [])

    def create_ssl_context(self) -> SSLContext | None:
        """The context of a socket for TLS."""
        return self._context


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
) -> AsyncIterator[MockServer]:
    """Runs a mock server for as long as the context lasts; stopping breaks off whatever is still played.

    `port` 0 takes a free one.  `api_key` makes keys matter for the well-behaved endpoint.  `ask_kernel` False keeps
    boundaries by waiting.  `control_token` opens the control API to other machines; so does nothing else.
    The port speaks HTTP/1.1 and HTTP/2 in the clear.  `tls` opens two more for TLS: `tls_port` offers HTTP/2 and
    HTTP/1.1 by ALPN, the other HTTP/1.1 alone; it needs the extra `streamproof[tls]`.
    Raises CannotServe, of which PortInUse and NotLoopback are two kinds.
    """
    kernel = None
    if sys.platform == "linux" and ask_kernel:
        kernel = Kernel.opened()
    with ExitStack() as stack:
        if kernel is not None:
            stack.callback(kernel.close)
        listener, warning = _listen(host, port, allow_remote=allow_remote)
        stack.callback(listener.close)
        stage = Stage(
            journal=Journal(journal_limit),
            book=book or EmptyBook(),
            connections=Connections(kernel),
            bounds=bounds or Bounds(),
            api_key=api_key,
            cors=warning is None,
        )
        doors: dict[Transport, _Bound] = dict.fromkeys(("h1", "h2c"), _Bound(listener))
        stage.urls = dict.fromkeys(("h1", "h2c"), _url(listener))
        ca_file = None
        if tls:
            certificates = stack.enter_context(_certified(host))
            ca_file = certificates.ca_file
            for transport, (protocols, its_port) in _secure(tls_port).items():
                secured, _ = _listen(host, its_port, allow_remote=allow_remote)
                stack.callback(secured.close)
                doors[transport] = _Bound(secured, certificates.context(protocols))
                stage.urls[transport] = _url(secured, "https")
        async with _running(stage, doors, control_token):
            await _try(stage, listener)
            yield MockServer(stage, warning, ca_file)


def _secure(port: int) -> Mapping[Transport, tuple[Sequence[str], int]]:
    """The doors for TLS: what they offer by ALPN, and their ports."""
    return {"h2": (("h2", "http/1.1"), port), "h1-tls": (("http/1.1",), 0)}


def _certified(host: str) -> Certificates:
    try:
        return Certificates(host)
    except NoCertificates as error:
        raise CannotServe(str(error)) from error


@asynccontextmanager
async def _running(stage: Stage, doors: Mapping[Transport, _Bound], token: str | None) -> AsyncIterator[None]:
    stop, stopped = trio.Event(), trio.Event()
    shield = trio.CancelScope(shield=True)
    app = MockApp(stage, token)

    async def run_app(
        door: _Bound, stop: trio.Event, task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED
    ) -> None:
        await serve(app, door, shutdown_trigger=stop.wait, task_status=task_status)

    async def run_alone(listener: socket.socket, transport: Transport, stop: trio.Event) -> None:
        await run_app(_Bound(listener, doors[transport].create_ssl_context()), stop)

    async def run(task_status: trio.TaskStatus[None]) -> None:
        # Hypercorn leaves sockets open when it is cancelled: it is stopped by its own means, whatever ends the context.
        with shield:
            async with trio.open_nursery() as nursery:
                for door in set(doors.values()):
                    await nursery.start(run_app, door, stop)
                task_status.started()
        stopped.set()

    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(run)
            stage.doors = Doors(nursery, doors["h1"].listener, run_alone)
            try:
                yield
            finally:
                stop.set()
                stage.shut_down()
                with trio.move_on_after(2 * _GRACE_S, shield=True):
                    await stopped.wait()
                shield.cancel()
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


def _listen(host: str, port: int, *, allow_remote: bool) -> tuple[socket.socket, str | None]:
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
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        message = f"cannot listen on {host} port {port}: {error.strerror}; choose another port, or 0 for a free one"
        raise PortInUse(message) from error
    return listener, warning


def _url(listener: socket.socket, scheme: str = "http") -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
