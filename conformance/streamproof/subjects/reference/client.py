"""The client: a request, its answer as deltas, sent again only where that can repeat nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from streamproof.subjects.reference.coding import decoded
from streamproof.subjects.reference.connection import Connection
from streamproof.subjects.reference.dialects import DIALECTS
from streamproof.subjects.reference.error import ClientError, excerpt
from streamproof.subjects.reference.framing import Head, Request
from streamproof.subjects.reference.message import Delta
from streamproof.subjects.reference.reader import error_in
from streamproof.subjects.reference.stream import ChatStream

Json = Any

IDLE_TIMEOUT_S: Final = 300.0
"""How long the client waits for any byte where the user has not said."""
RETRY_WAIT_S: Final = 0.2
"""Wait before the first request sent again, doubled each time, where the server has not said."""
LONGEST_WAIT_S: Final = 60.0
"""A server that asks for more is not waited for: its error is handed on."""
SETTLE_S: Final = 0.05
"""How long the end of the HTTP body may lag behind `[DONE]` for the connection to be used again."""
RETRIED_STATUSES: Final = frozenset({408, 409, 429, *range(500, 600)})
BODY_LIMIT: Final = 1 << 16
"""Bytes read of an error's body, at most."""
BODY_WAIT_S: Final = 2.0
"""Time given to an error's body: the status is known, and the reason is not worth a long wait."""


class Client:
    """Keeps one idle connection per origin."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str], Connection] = {}

    def close(self) -> None:
        """Closes what is idle."""
        while self._idle:
            self._idle.popitem()[1].close()

    def stream(self, run: Mapping[str, Json]) -> Session:
        """Begins one run of the protocol's `run` message; nothing is sent before its deltas are asked for."""
        return Session(run, self._idle)


class Session:
    """One run: iterate over `deltas`, then take `report`."""

    def __init__(self, run: Mapping[str, Json], idle: dict[tuple[str, str], Connection]) -> None:
        self._run = run
        self._url = urlsplit(run["url"])
        self._idle = idle
        self._idle_timeout_s = float(run.get("idle_timeout_s") or IDLE_TIMEOUT_S)
        self._request = _request(run)
        self._content_type = DIALECTS[run["dialect"]].content_type
        self._chat = ChatStream(run["dialect"], run["request"])

    def deltas(self) -> Generator[Delta, None, None]:
        """Text as it arrives.  Raises `ClientError`; closing the iterator closes the connection at once."""
        retries_left = self._run.get("max_retries") or 0
        wait_s = RETRY_WAIT_S
        while True:
            try:
                yield from self._exchange()
            except ClientError as fault:
                asked_s = fault.wait_s if fault.wait_s is not None else wait_s
                if not fault.retryable or retries_left <= 0 or asked_s > LONGEST_WAIT_S:
                    raise
            else:
                return
            retries_left -= 1
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            time.sleep(asked_s)

    def flush(self) -> Iterator[Delta]:
        """What the end of the stream, good or bad, leaves to be handed out."""
        return self._chat.flush()

    def report(self) -> dict[str, Json]:
        """`choices` and `usage` of the result."""
        return self._chat.report()

    def _exchange(self) -> Iterator[Delta]:
        connection = self._connected()
        can_go_on = False
        try:
            connection.send(self._request, self._idle_timeout_s)
            head = connection.head()
            _check(head, connection, self._content_type)
            for piece in decoded(connection.body()) if _coding(head) == "gzip" else connection.body():
                yield from self._chat.receive(piece)
                if self._chat.done:
                    break
            yield from self._chat.end()
            can_go_on = connection.settle(SETTLE_S)
        finally:
            if can_go_on:
                self._idle[self._origin] = connection
            else:
                connection.close()

    @property
    def _origin(self) -> tuple[str, str]:
        return (self._url.scheme, self._url.netloc)

    def _connected(self) -> Connection:
        kept = self._idle.pop(self._origin, None)
        if kept is not None:
            if kept.is_idle():
                return kept
            kept.close()
        return Connection(self._url, self._idle_timeout_s, self._run.get("ca_file"))


def _request(run: Mapping[str, Json]) -> Request:
    url, dialect = urlsplit(run["url"]), DIALECTS[run["dialect"]]
    key = run.get("api_key")
    own = [line.replace("{key}", key or "") for line in dialect.headers if key or "{key}" not in line]
    return Request(
        scheme=url.scheme,
        authority=url.netloc.rpartition("@")[2],
        target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
        headers=(
            ("Accept", dialect.content_type),
            ("Accept-Encoding", "gzip"),
            ("Content-Type", "application/json"),
            ("User-Agent", "streamproof-reference"),
            *((name, value.strip()) for name, _, value in (line.partition(":") for line in own)),
        ),
        body=json.dumps(run["request"], ensure_ascii=False).encode("utf-8", "replace"),
    )


def _check(head: Head, connection: Connection, content_type: str) -> None:
    """Raises `ClientError` for an answer that is not a stream of this type, with what its body says of the reason."""
    kind = (head.header("content-type") or "").partition(";")[0].strip().lower()
    coding = _coding(head)
    if head.status == 200 and kind == content_type and coding in {"identity", "gzip"}:
        return
    if head.status == 200 and kind == content_type:
        raise ClientError("content_encoding", f"the body is encoded as {coding}, which was not asked for", phase="open")
    text = _explanation(head, connection).decode("utf-8", "replace")
    try:
        said = error_in(json.loads(text))
    except (ValueError, RecursionError):
        said = None
    if head.status == 200:
        reason = said.message if said else excerpt(text)
        message = f"expected an answer of type {content_type}, found {kind or 'none'}: {reason}"
        raise ClientError("content_type", message, status=200, code=said.code if said else None, phase="open")
    raise ClientError(
        said.type if said and said.type != "stream_error" else "http_error",
        said.message if said else f"the server answered {head.status}: {_plain_reason(text)}",
        status=head.status,
        code=said.code if said else None,
        phase="open",
        retryable=head.status in RETRIED_STATUSES,
        wait_s=_asked_wait_s(head),
    )


def _coding(head: Head) -> str:
    coding = (head.header("content-encoding") or "identity").strip().lower()
    return "gzip" if coding == "x-gzip" else coding


def _explanation(head: Head, connection: Connection) -> bytes:
    read = connection.beginning(BODY_LIMIT, BODY_WAIT_S)
    if _coding(head) != "gzip":
        return read
    try:
        return next(decoded([read]), b"")
    except ClientError:
        return read


def _plain_reason(text: str) -> str:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return excerpt(text, 300) or "no reason given"
    if isinstance(told, dict):
        for key in ("message", "detail"):
            if isinstance(told.get(key), str):
                return excerpt(told[key], 300)
    return excerpt(text, 300)


def _asked_wait_s(head: Head) -> float | None:
    """Seconds until the server wants another request: `Retry-After-Ms`, or `Retry-After` as number or date."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = head.header(name)
        if value is None:
            continue
        try:
            wait_s = float(value) * scale
        except ValueError:
            from email.utils import parsedate_to_datetime  # noqa: PLC0415  # slow to import, and dates are rare

            try:
                wait_s = parsedate_to_datetime(value).timestamp() - time.time()
            except ValueError:
                continue
        if wait_s == wait_s:  # noqa: PLR0124  # not a NaN
            return max(0.0, wait_s)
    return None
