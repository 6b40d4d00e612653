"""Asks the kernel about the client's end of a connection on this machine (Linux 4.19 and newer, sock_diag).

The server imports this module on Linux only.  One question costs some 5 microseconds.
Layouts: `struct inet_diag_req_v2` and `struct inet_diag_msg` in linux/inet_diag.h, `struct tcp_info` in linux/tcp.h;
manual page sock_diag(7).

What was acknowledged says little: a client's kernel may keep an acknowledgement back for 40 ms.  What its socket has
received, and what lies unread in it, is exact.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from typing import ClassVar, Final, Protocol, Self

import attrs

_NETLINK_SOCK_DIAG: Final = 4
_SOCK_DIAG_BY_FAMILY: Final = 20
_NLM_F_REQUEST: Final = 1
_NLMSG_ERROR: Final = 2
_INET_DIAG_INFO: Final = 2
_WITH_INFO: Final = 1 << (_INET_DIAG_INFO - 1)
_ANY_STATE: Final = 0xFFFFFFFF
_NO_COOKIE: Final = 0xFFFFFFFF

_HEADER: Final = struct.Struct("=IHHII")
_REQUEST: Final = struct.Struct("=BBBBI")
_PORTS: Final = struct.Struct("!HH")
_INTERFACE_AND_COOKIE: Final = struct.Struct("=III")
_ATTRIBUTE: Final = struct.Struct("=HH")
_U16, _U32, _U64, _INT = struct.Struct("=H"), struct.Struct("=I"), struct.Struct("=Q"), struct.Struct("=i")
_QUEUES: Final = struct.Struct("=I8xI")
"""What is unread, the queue of what is sent and the user left out, the inode."""

_AT_TYPE, _AT_QUEUES, _AT_ATTRIBUTES = 4, 72, 88
"""Offsets in a reply: header 16 bytes, family to retransmits 4, socket id 48, expires 4; then the queues."""
_AT_RECEIVED, _AT_NOT_SENT, _AT_SENT, _AT_SENT_AGAIN = 128, 144, 200, 208
"""Offsets in `struct tcp_info`; the last two since Linux 4.19."""
_INFO_SIZE: Final = 216

_TCP_CLOSE: Final = 7
"""The first byte of `struct tcp_info` is the state (linux/tcp_states.h)."""

_SIOCOUTQ: Final = 0x5411
"""Bytes written that the other end has not acknowledged: tcp(7)."""

Address = tuple[str, int]


class _Socket(Protocol):
    def getsockopt(self, level: int, option: int, size: int, /) -> bytes: ...


@attrs.frozen
class PeerState:
    """The client's socket as the kernel sees it.  All but `open` count bytes, since the connection was made."""

    received: int
    unread: int
    """Of those, what its application has not read."""
    open: bool
    """False once no process holds the socket: closed, where a half-close leaves it open."""


class Kernel:
    """A connection to the kernel's socket statistics.  Belongs to one thread; close it."""

    _has_answered: ClassVar[bool] = False

    def __init__(self) -> None:
        self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG)
        self._netlink.setblocking(False)
        # Replies of one kernel are laid out alike: where the last one had its `tcp_info`, and how it was found there.
        self._size, self._at, self._mark = 0, 0, b""

    @classmethod
    def opened(cls) -> Self | None:
        """A kernel that is known to answer rightly, or None where it does not (old kernel, sealed container).

        One that has answered rightly once in a process is not tried again.
        """
        try:
            kernel = cls()
        except OSError:
            return None
        if cls._has_answered or kernel._answers():
            cls._has_answered = True
            return kernel
        kernel.close()
        return None

    def _answers(self) -> bool:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            with socket.create_connection(listener.getsockname()) as client, listener.accept()[0] as server:
                server.sendall(b"?????")
                if client.recv(2) != b"??":
                    return False
                query = question(server.getsockname(), server.getpeername())
                return self.ask(query) == PeerState(received=5, unread=3, open=True) and written(server) == 5

    def ask(self, query: bytes) -> PeerState | None:
        """The state of the socket that `query` names; None when this machine has no such socket (any more)."""
        try:
            self._netlink.send(query)
            reply = self._netlink.recv(4096)
        except OSError:
            return None
        if len(reply) < _AT_ATTRIBUTES or _U16.unpack_from(reply, _AT_TYPE)[0] == _NLMSG_ERROR:
            return None
        unread, inode = _QUEUES.unpack_from(reply, _AT_QUEUES)
        return PeerState(self._received(reply), unread, inode != 0)

    def has_read(self, query: bytes, total: int) -> bool:
        """True when the application behind the socket that `query` names has read `total` bytes, all there were."""
        # The kernel counts what is unread before it counts what was received; the second answer leaves no gap.
        for _ in range(2):
            try:
                self._netlink.send(query)
                reply = self._netlink.recv(4096)
            except OSError:
                return False
            if len(reply) < _AT_ATTRIBUTES or _U32.unpack_from(reply, _AT_QUEUES)[0] or self._received(reply) < total:
                return False
        return True

    def _received(self, reply: bytes) -> int:
        """What `tcp_info` of a reply says was received; -1 where there is none, for a socket that waits out its end."""
        if len(reply) != self._size or not reply.startswith(self._mark, self._at):
            at = _info(reply)
            if at is None:
                return -1
            self._size, self._at, self._mark = len(reply), at, reply[at : at + _ATTRIBUTE.size]
        count: int = _U64.unpack_from(reply, self._at + _ATTRIBUTE.size + _AT_RECEIVED)[0]
        return count

    def close(self) -> None:
        """Gives the netlink socket back."""
        self._netlink.close()


def _info(reply: bytes) -> int | None:
    """The offset of the attribute `tcp_info` in a reply, if it has one."""
    at = _AT_ATTRIBUTES
    while at + _ATTRIBUTE.size <= len(reply):
        size, kind = _ATTRIBUTE.unpack_from(reply, at)
        if kind == _INET_DIAG_INFO and size >= _ATTRIBUTE.size + _AT_RECEIVED + _U64.size:
            return at
        at += max((size + 3) & ~3, _ATTRIBUTE.size)
    return None


def written(ours: _Socket) -> int:
    """All bytes that were ever written to this socket, sent or not; -1 where the kernel does not tell.

    Raises OSError when the socket is closed.
    """
    info = ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    if len(info) < _INFO_SIZE:
        return -1
    (waiting,) = _U32.unpack_from(info, _AT_NOT_SENT)
    (sent,), (again,) = _U64.unpack_from(info, _AT_SENT), _U64.unpack_from(info, _AT_SENT_AGAIN)
    count: int = sent - again + waiting
    return count


def has_been_reset(ours: _Socket) -> bool:
    """True when this connection is over without a FIN of the other end's: it was reset."""
    try:
        return ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)[0] == _TCP_CLOSE
    except OSError:
        return False


def question(ours: Address, theirs: Address) -> bytes:
    """What to send to ask about the socket at `theirs` that is connected to `ours`, as `getsockname()` gives them."""
    family = socket.AF_INET6 if ":" in ours[0] else socket.AF_INET
    body = (
        _REQUEST.pack(family, socket.IPPROTO_TCP, _WITH_INFO, 0, _ANY_STATE)
        + _PORTS.pack(theirs[1], ours[1])
        + _packed(family, theirs)
        + _packed(family, ours)
        + _INTERFACE_AND_COOKIE.pack(0, _NO_COOKIE, _NO_COOKIE)
    )
    return _HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0) + body


def _packed(family: int, address: Address) -> bytes:
    return socket.inet_pton(family, address[0].partition("%")[0]).ljust(16, b"\0")


def unacknowledged(descriptor: int) -> int:
    """Bytes written to this socket that the other end's kernel has not acknowledged.  Raises OSError when closed."""
    count: int = _INT.unpack(fcntl.ioctl(descriptor, _SIOCOUTQ, bytes(_INT.size)))[0]
    return count
