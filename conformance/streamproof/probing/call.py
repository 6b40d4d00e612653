"""One call of an endpoint: bounded in time and bytes, recorded read by read."""

from __future__ import annotations

import errno
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from time import perf_counter_ns
from typing import Any, Final, Literal
from urllib.parse import SplitResult, urlsplit

import attrs
import httpcore
import trio

from streamproof.probing.tap import Recording, Tap, connect
from streamproof_formats.http import ResponseReader

Stopped = Literal["time", "bytes", "asked"]

WRONG_KEY: Final = "sk-streamproof-not-a-valid-key"

MOST_HEAD: Final = 1 << 16
"""Bytes of a head that are read."""

LINGER_S: Final = 0.1
"""How long bytes are waited for that a Content-Length did not announce."""

FIRST_PIECE: Final = 1 << 10
"""Bytes of one read where the answer is to be left early."""


class Unreachable(Exception):  # noqa: N818 - a state of the endpoint
    """No connection, or not one byte of an answer; the text says what happened."""


@attrs.frozen(kw_only=True)
class Endpoint:
    """Where to call, and with which key.  The key is in no representation of it."""

    url: str
    """The whole address of the call."""
    key: str | None = attrs.field(default=None, repr=False)
    key_header: str = "authorization"
    """The header that holds the key: behind `Bearer` in Authorization, bare in any other."""
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    tls: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    """None trusts what the system trusts."""
    timeout_s: float = 30.0
    """For one call, from the connection to the last byte."""
    max_bytes: int = 1 << 20
    """Of one answer, as it came and decoded."""


@attrs.frozen(kw_only=True)
class Called:
    """What came back, at least one byte of it."""

    recording: Recording
    stopped: Stopped | None = None
    """Why reading stopped before the end: a bound, or because it was asked for."""
    started_ns: int
    stopped_ns: int
    request: Any
    """The body that was sent."""

    @property
    def quiet_s(self) -> float:
        """Seconds between the last byte and the end of reading."""
        return (self.stopped_ns - self.recording.reads[-1][0]) / 1e9


@attrs.frozen(kw_only=True)
class Manner:
    """What of a call is not its body."""

    accept: str = "text/event-stream"
    wrong_key: bool = False
    leave_early: bool = False
    """True to leave at the first data of the body."""


async def call(endpoint: Endpoint, body: Any, manner: Manner) -> Called:
    """Sends one request and reads its answer to the end, to a bound, or to its first data.

    `body` is a JSON value, or bytes that are sent as they are.  Raises `Unreachable` if not one byte came.
    """
    url = urlsplit(endpoint.url)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = head_of(endpoint, url, manner, len(content)) + content
    recording = Recording()
    started_ns = perf_counter_ns()
    stopped: Stopped | None = None
    connected = False
    with trio.move_on_after(endpoint.timeout_s) as scope:
        try:
            tap = await connect(url, endpoint.tls, recording)
        except httpcore.ConnectError as error:
            raise Unreachable(f"no connection to {url.netloc}: {_cause(error)}") from error
        connected = True
        try:
            await tap.write(request)
            stopped = await _read(tap, endpoint, recording, leave_early=manner.leave_early)
        finally:
            await tap.aclose()
    if scope.cancelled_caught and stopped is None:
        stopped = "time"
    if not recording.reads:
        raise Unreachable(_silence(url, endpoint, recording, connected=connected))
    return Called(
        recording=recording, stopped=stopped, started_ns=started_ns, stopped_ns=perf_counter_ns(), request=body
    )


async def _read(tap: Tap, endpoint: Endpoint, recording: Recording, *, leave_early: bool) -> Stopped | None:
    """Reads until the framing or the connection ends; gives the reason for which it stopped before."""
    reader = ResponseReader(max_head=MOST_HEAD, max_decoded=endpoint.max_bytes + 1)
    decoded = 0
    while reader.end is None:
        data = await (tap.read(FIRST_PIECE) if leave_early else tap.read())
        if not data:
            return None
        body = reader.receive_data(data)
        decoded += len(body)
        if leave_early and body.strip() and reader.end is None:
            return "asked"
        if max(recording.size, decoded) > endpoint.max_bytes:
            return "bytes"
    if reader.head is not None and reader.head.framing == "length":
        # A Content-Length that is too small shows only in what follows it.
        with trio.move_on_after(LINGER_S):
            await tap.read()
    return None


def head_of(endpoint: Endpoint, url: SplitResult, manner: Manner, size: int) -> bytes:
    """The head of the request."""
    named = {
        "host": url.netloc,
        "content-type": "application/json",
        "accept": manner.accept,
        # Without this field a server may encode as it likes (RFC 9110, section 12.5.3).
        "accept-encoding": "identity",
        "user-agent": "streamproof",
        **{name.lower(): value for name, value in endpoint.headers.items()},
        "content-length": str(size),
    }
    key = WRONG_KEY if manner.wrong_key else endpoint.key
    if key is not None:
        named[endpoint.key_header.lower()] = f"Bearer {key}" if endpoint.key_header.lower() == "authorization" else key
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _silence(url: SplitResult, endpoint: Endpoint, recording: Recording, *, connected: bool) -> str:
    match recording.end:
        case "eof":
            return f"{url.netloc} took the request and closed the connection without a byte"
        case "reset":
            return f"{url.netloc} reset the connection without a byte"
        case _ if connected:
            return f"{url.netloc} took the request and sent nothing within {endpoint.timeout_s:g} s"
        case _:
            return f"no connection to {url.netloc} within {endpoint.timeout_s:g} s"


def _cause(error: BaseException) -> str:
    """The words of the error at the bottom."""
    for cause in _causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted: {cause.verify_message}"
            case ssl.SSLError():
                return f"TLS failed: {cause.reason or cause}"
            case socket.gaierror():
                return f"the name is not known ({cause.strerror})"
            case OSError(errno=errno.ECONNREFUSED):
                return "it was refused"
            case OSError() if cause.strerror:
                return cause.strerror.lower()
    return str(error) or type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error's causes, the deepest first, then itself."""
    within = [*error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    for cause in (*within, error.__cause__ or error.__context__):
        if cause is not None:
            yield from _causes(cause)
    yield error
