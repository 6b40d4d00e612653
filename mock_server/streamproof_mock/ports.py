"""The ports of a server: sockets that listen, what each of them speaks, and those for TLS, opened when first wanted."""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from ssl import SSLContext
from typing import Final

import trio
from hypercorn.config import Config, Sockets

from streamproof_mock.certificates import Certificates, NoCertificates
from streamproof_scenarios.transports import Transport

_BACKLOG: Final = 4096
GRACE_S: Final = 1.0
"""How long a stop waits for connections that do not end by themselves."""
_PROTOCOLS: Final[Mapping[Transport, tuple[str, ...]]] = {"h2": ("h2", "http/1.1"), "h1-tls": ("http/1.1",)}
"""What each port for TLS offers by ALPN, the best first."""


class CannotServe(Exception):  # noqa: N818
    """The server cannot start; the message says why and what to do."""


class PortInUse(CannotServe):
    """Another program listens on the address that was asked for."""


class NotLoopback(CannotServe):
    """The address can be reached from other machines, and nobody said that it may."""


class Port(Config):
    """Hypercorn's configuration for a socket that listens already, and for silence."""

    accesslog = None
    errorlog = None
    graceful_timeout = GRACE_S
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


class TlsPorts:
    """The ports for TLS of one server."""

    def __init__(self, stack: ExitStack, *, host: str, port: int, allow_remote: bool) -> None:
        """`stack` closes what they open; `port` is for the one that offers HTTP/2."""
        self._stack = stack
        self._host = host
        self._port = port
        self._allow_remote = allow_remote
        self._lock = trio.Lock()
        self.ca_file: str | None = None
        """Where the certificate lies that clients must trust; None while there is no port."""
        self.contexts: dict[Transport, SSLContext] = {}
        """What they listen with."""

    async def open(self, start: Callable[[Port], Awaitable[object]]) -> dict[Transport, str]:
        """The origin of each, served from now on by `start`.  Raises CannotServe; opening twice is once."""
        async with self._lock:
            if self.ca_file is not None:
                return {}
            try:
                certificates = self._stack.enter_context(Certificates(self._host))
            except NoCertificates as error:
                raise CannotServe(str(error)) from error
            origins = {}
            for transport, protocols in _PROTOCOLS.items():
                number = self._port if transport == "h2" else 0
                listener, _ = listen(self._host, number, allow_remote=self._allow_remote)
                self._stack.callback(listener.close)
                self.contexts[transport] = certificates.context(protocols)
                await start(Port(listener, self.contexts[transport]))
                origins[transport] = origin_of(listener, "https")
            self.ca_file = certificates.ca_file
            return origins


def listen(host: str, port: int, *, allow_remote: bool, reuse_port: bool = False) -> tuple[socket.socket, str | None]:
    """A socket that listens, and what a user must be told of it.  Raises CannotServe."""
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


def origin_of(listener: socket.socket, scheme: str = "http") -> str:
    """Where clients find this socket: `http://127.0.0.1:41873`."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
