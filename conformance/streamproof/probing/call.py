"""One call of an endpoint: bounded in time and bytes, recorded read by read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from time import perf_counter_ns
from typing import Any, Final, Literal

import attrs
import httpcore
import trio

from streamproof.probing.tap import Recording, TapBackend
from streamproof_formats.dialect import Dialect

Stopped = Literal["time", "bytes", "asked"]

WRONG_KEY: Final = "sk-streamproof-not-a-valid-key"


class Unreachable(Exception):  # noqa: N818 - a state of the endpoint
    """No connection, or no answer at all; the text says what happened."""


@attrs.frozen(kw_only=True)
class Endpoint:
    """Where to call, and with which key.  The key is in no representation of it."""

    url: str
    """The whole address of the call."""
    key: str | None = attrs.field(default=None, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    dialect: Dialect
    timeout_s: float = 30.0
    max_bytes: int = 8 << 20


@attrs.frozen(kw_only=True)
class Called:
    """What came back."""

    recording: Recording
    status: int | None
    stopped: Stopped | None = None
    """Why reading stopped before the end: a bound, or because it was asked for."""
    started_ns: int
    request: Any
    """The body that was sent."""


async def call(endpoint: Endpoint, body: Any, *, wrong_key: bool = False, leave_after_data: bool = False) -> Called:
    """Sends one request and reads its answer to the end, to a bound, or to its first data.

    `body` is a mapping, or bytes that are sent as they are.  Raises `Unreachable` if there is no answer at all.
    """
    backend = TapBackend()
    recording = backend.recording
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    status: int | None = None
    stopped: Stopped | None = None
    failure: Exception | None = None
    started_ns = perf_counter_ns()
    with trio.move_on_after(endpoint.timeout_s) as scope:
        try:
            async with (
                httpcore.AsyncConnectionPool(network_backend=backend, http2=False, retries=0) as pool,
                pool.stream(
                    "POST", endpoint.url, headers=_headers(endpoint, wrong_key=wrong_key), content=content
                ) as response,
            ):
                status = response.status
                size = 0
                async for data in response.aiter_stream():
                    size += len(data)
                    if leave_after_data and data.strip():
                        stopped = "asked"
                        break
                    if size > endpoint.max_bytes:
                        stopped = "bytes"
                        break
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, ValueError) as error:
            failure = error
    if scope.cancelled_caught:
        stopped = "time"
    if failure is not None and not recording.reads:
        raise Unreachable(f"{endpoint.url} gave no answer: {_words(failure)}") from failure
    if stopped == "time" and not recording.reads:
        raise Unreachable(f"{endpoint.url} gave no answer within {endpoint.timeout_s:g} s")
    return Called(recording=recording, status=status, stopped=stopped, started_ns=started_ns, request=body)


def _headers(endpoint: Endpoint, *, wrong_key: bool) -> list[tuple[bytes, bytes]]:
    dialect = endpoint.dialect
    named = {"content-type": "application/json", "accept": dialect.content_type, "user-agent": "streamproof"}
    named |= dialect.headers
    named |= {name.lower(): value for name, value in endpoint.headers.items()}
    key = WRONG_KEY if wrong_key else endpoint.key
    if key is not None:
        named[dialect.auth.header] = f"{dialect.auth.scheme}{key}"
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
