"""Faults about the end: cuts, errors, answers that are no stream, and asking again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any, Final

from streamproof.subjects.broken.fault import Fault, Json, around, erring, finishing, reading, together, value
from streamproof.subjects.reference import client
from streamproof.subjects.reference.client import Session
from streamproof.subjects.reference.connection import Connection
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.events import Event
from streamproof.subjects.reference.message import Answer, Choice, Delta
from streamproof.subjects.reference.reader import Reader
from streamproof.subjects.reference.stream import ChatStream

WAITING: Final = ("lifecycle/**", "transport/**", "errors/**")


def _quiet_end(original: Any, stream: ChatStream) -> Iterator[Delta]:
    try:
        yield from original(stream)
    except ClientError:
        return


def _quiet_body(*types: str) -> Callable[..., Iterator[bytes]]:
    def body(original: Any, connection: Connection) -> Iterator[bytes]:
        try:
            yield from original(connection)
        except ClientError as error:
            if error.type not in types:
                raise

    return body


def _invented(original: Any, choice: Choice, *, ended: bool) -> dict[str, Json]:
    said: dict[str, Json] = original(choice, ended=ended)
    return {**said, "finish_reason": said["finish_reason"] or "stop"}


def _no_errors(original: Any, session: Session) -> Generator[Delta, None, None]:
    with suppress(ClientError):
        yield from original(session)


def _answers(original: Any, stream: ChatStream) -> dict[str, Json]:
    stream._reader.answer.choice(0)
    said: dict[str, Json] = original(stream)
    return said


def _needs_the_terminal(original: Any, stream: ChatStream) -> Iterator[Delta]:
    yield from original(stream)
    if not stream.done and stream._reader.mark is not None:
        raise ClientError("incomplete_stream", "no terminal came")


def _skips_broken(original: Any, stream: ChatStream, event: Event) -> Iterator[Delta]:
    try:
        yield from original(stream, event)
    except ClientError as error:
        if error.type != "malformed_event":
            raise


def _skips_errors(_original: Any, _reader: Reader, _chunk: Json, _kind: str) -> None:
    return None


def _error_is_the_end(original: Any, reader: Reader, chunk: Json, kind: str) -> None:
    if original(reader, chunk, kind) is not None:
        reader.done = True
        for choice in reader.answer.choices.values():
            choice.finish_reason = choice.finish_reason or "stop"


def _mute(original: Any, reader: Reader, chunk: Json, kind: str) -> ClientError | None:
    fault: ClientError | None = original(reader, chunk, kind)
    return fault and ClientError("stream_error", "the request failed")


def _only_an_object(original: Any, reader: Reader, chunk: Json, kind: str) -> ClientError | None:
    is_known = isinstance(chunk, dict) and isinstance(chunk.get("error"), dict)
    fault: ClientError | None = original(reader, chunk, kind)
    return fault if is_known else None


def _null_error(original: Any, reader: Reader, chunk: Json, kind: str) -> ClientError | None:
    if isinstance(chunk, dict) and "error" in chunk:
        return ClientError("stream_error", str(chunk["error"]))
    fault: ClientError | None = original(reader, chunk, kind)
    return fault


def _crashes(original: Any, stream: ChatStream, event: Event) -> Iterator[Delta]:
    try:
        yield from original(stream, event)
    except ClientError as error:
        if error.type == "malformed_event":
            os._exit(1)
        raise


def _any_answer(_original: Any, *_: Any) -> None:
    return None


def _any_type(original: Any, head: Any, connection: Connection, _content_type: str) -> None:
    kind = (head.header("content-type") or "").partition(";")[0].strip().lower()
    original(head, connection, kind)


def _lower_case_type(original: Any, head: Any, connection: Connection, content_type: str) -> None:
    original(head, connection, content_type)
    if not (head.header("content-type") or "").startswith(content_type):
        raise ClientError("content_type", f"expected {content_type}", phase="open")


def _mute_status(original: Any, head: Any, *rest: Any) -> None:
    try:
        original(head, *rest)
    except ClientError as error:
        if error.status is not None and error.status != 200:
            raise ClientError(
                "http_error",
                "the request failed",
                status=500,
                phase="open",
                retryable=error.retryable,
                wait_s=error.wait_s,
            ) from None
        raise


def _exact_mark(original: Any, stream: ChatStream, event: Event) -> Iterator[Delta]:
    if event.data.strip() == stream._reader.mark != event.data:
        raise ClientError("malformed_event", "not JSON")
    yield from original(stream, event)


def _mark_is_json(original: Any, stream: ChatStream, event: Event) -> Iterator[Delta]:
    if event.data.strip() == "[DONE]":
        raise ClientError("malformed_event", "not JSON: [DONE]")
    yield from original(stream, event)


def _mark_is_enough(_original: Any, reader: Reader) -> None:
    reader.done = True


def _reads_past_the_end(_original: Any, stream: ChatStream, events: list[Event]) -> Iterator[Delta]:
    for event in events:
        try:
            yield from stream._take(event)
        except ClientError:
            if not stream._reader.done:
                raise


def _notes_the_end(original: Any, stream: ChatStream) -> Iterator[Delta]:
    vars(stream)["body_ended"] = True
    yield from original(stream)


def _is_done_and_ended(stream: ChatStream) -> bool:
    return stream._reader.done and "body_ended" in vars(stream)


def _stops_at_the_reason(original: Any, reader: Reader, chunk: Json) -> Iterator[Delta]:
    yield from original(reader, chunk)
    if any(choice.finish_reason for choice in reader.answer.choices.values()):
        reader.done = True


def _marks_what_is_midway(original: Any, connection: Connection, *rest: Any, **named: Any) -> ClientError:
    fault: ClientError = original(connection, *rest, **named)
    vars(fault)["is_midway"] = connection._body_came
    return fault


def _again_midway(original: Any, session: Session) -> Generator[Delta, None, None]:
    try:
        yield from original(session)
    except ClientError as fault:
        if not vars(fault).get("is_midway"):
            raise
        yield from original(session)


def _at_once(original: Any, session: Session) -> Generator[Delta, None, None]:
    sleep, time.sleep = time.sleep, lambda _: None
    try:
        yield from original(session)
    finally:
        time.sleep = sleep


def _once_more(original: Any, session: Session) -> Generator[Delta, None, None]:
    session._run = {**session._run, "max_retries": (session._run.get("max_retries") or 0) + 1}
    yield from original(session)


def _never_again(original: Any, session: Session) -> Generator[Delta, None, None]:
    session._run = {**session._run, "max_retries": 0}
    yield from original(session)


def _twice(original: Any, session: Session) -> Iterator[Delta]:
    first = session._connected()
    first.send(session._request, 1.0)
    try:
        yield from original(session)
    finally:
        first.close()


def _keeps_open(original: Any, connection: Connection) -> None:
    _KEPT.append(connection)


_KEPT: Final[list[Connection]] = []


def _leaks_on_errors(original: Any, head: Any, connection: Connection, content_type: str) -> None:
    if len(_LEAKED) >= POOL_SIZE:
        # A pool that has no connection left lets its callers wait.
        time.sleep(3600)
    try:
        original(head, connection, content_type)
    except ClientError:
        _LEAKED.append(connection)
        raise


_LEAKED: Final[list[Connection]] = []
POOL_SIZE: Final = 100


def _no_limit(original: Any, session: Session, run: Any, idle: Any) -> None:
    original(session, {**run, "idle_timeout_s": None}, idle)


def _total_limit(original: Any, connection: Connection) -> None:
    limit_s = connection._idle_timeout_s
    began = vars(connection).setdefault("began", time.monotonic())
    if limit_s < 100 and time.monotonic() - began > limit_s:
        raise connection._fault("idle_timeout", "the answer took too long", retryable=False)
    original(connection)


def _at_the_end(original: Any, session: Session) -> Generator[Delta, None, None]:
    held: list[Delta] = []
    fault = None
    try:
        held.extend(original(session))
    except ClientError as error:
        fault = error
    yield from held
    if fault is not None:
        raise fault


def _whole_or_nothing(original: Any, session: Session) -> Generator[Delta, None, None]:
    try:
        held = list(original(session))
    except ClientError:
        session._chat._reader.answer = Answer()
        raise
    yield from held


def _dirty(_original: Any, _connection: Connection, _grace_s: float) -> bool:
    return True


def _dirty_idle(_original: Any, _connection: Connection) -> bool:
    return True


def _remembers(original: Any, session: Session, run: Any, idle: Any) -> None:
    original(session, run, idle)
    name = run.get("client")
    if name is not None:
        session._chat._reader.answer = _ANSWERS.setdefault(name, session._chat._reader.answer)


_ANSWERS: Final[dict[str, Any]] = {}

_QUIET: Final = together(
    around(ChatStream, "end", _quiet_end),
    around(Connection, "body", _quiet_body("truncated", "connection_failed", "bad_framing")),
)

ENDS: Final = (
    Fault("any-end-is-good", "takes whatever ends the body for the end of the answer", _QUIET),
    Fault(
        "invents-the-reason",
        "takes any end for the end of the answer, and says that it stopped",
        together(_QUIET, around(Choice, "report", _invented)),
    ),
    Fault(
        "anything-is-an-answer",
        "swallows every error, and says that it stopped",
        together(
            around(Session, "deltas", _no_errors),
            around(ChatStream, "report", _answers),
            around(Choice, "report", _invented),
        ),
    ),
    Fault(
        "needs-the-terminal",
        "refuses an answer that is whole but lacks its [DONE]",
        around(ChatStream, "end", _needs_the_terminal),
    ),
    Fault("skips-broken-events", "passes over events that it cannot read", around(ChatStream, "_take", _skips_broken)),
    Fault("crashes", "dies of an event that it cannot read", around(ChatStream, "_take", _crashes)),
    Fault("skips-errors", "passes over error events", erring(_skips_errors)),
    Fault("error-is-the-end", "takes an error event for the end, and says that it stopped", erring(_error_is_the_end)),
    Fault("error-says-nothing", "reports an error event without what it says", erring(_mute)),
    Fault("error-is-an-object", "knows an error only as an object under the key error", erring(_only_an_object)),
    Fault("null-is-an-error", "takes the key error for an error, null or not", erring(_null_error)),
    Fault(
        "whole-or-nothing",
        "hands an answer out when it is whole, and nothing of one that fails",
        around(Session, "deltas", _whole_or_nothing),
    ),
    Fault(
        "any-answer-is-a-stream",
        "reads any answer as a stream, whatever its status and type",
        value(client, "_check", _any_answer),
    ),
    Fault("any-type-is-a-stream", "does not look at the content type", around(client, "_check", _any_type)),
    Fault(
        "one-spelling-of-the-type",
        "knows the content type in lower case only",
        around(client, "_check", _lower_case_type),
    ),
    Fault(
        "status-is-500",
        "reports any error status as 500, without what the body says",
        around(client, "_check", _mute_status),
    ),
    Fault("exact-mark", "knows the terminal in one spelling only", around(ChatStream, "_take", _exact_mark)),
    Fault("mark-is-json", "reads [DONE] as JSON", around(ChatStream, "_take", _mark_is_json)),
    Fault("mark-is-enough", "takes the terminal for a whole answer, whatever is missing", finishing(_mark_is_enough)),
    Fault(
        "reads-past-the-end",
        "goes on reading after the terminal",
        together(
            around(ChatStream, "_take_all", _reads_past_the_end),
            around(ChatStream, "end", _notes_the_end),
            value(ChatStream, "done", property(_is_done_and_ended)),
        ),
    ),
    Fault("stops-at-the-reason", "stops reading at the first finish reason", reading(_stops_at_the_reason)),
    Fault(
        "resends-midway",
        "asks again when an answer breaks off midway",
        together(around(Connection, "_fault", _marks_what_is_midway), around(Session, "deltas", _again_midway)),
    ),
    Fault("resends-once-too-often", "asks once more than it was told", around(Session, "deltas", _once_more)),
    Fault("resends-at-once", "does not wait before it asks again", around(Session, "deltas", _at_once)),
    Fault("resends-never", "never asks again, and says that it does", around(Session, "deltas", _never_again)),
    Fault("asks-twice", "sends each request twice", around(Session, "_exchange", _twice)),
    Fault("keeps-connections", "never closes a connection", around(Connection, "close", _keeps_open), played=WAITING),
    Fault(
        "errors-keep-connections",
        "never gives the connection of an error back to a pool of a hundred",
        around(client, "_check", _leaks_on_errors),
        played=("lifecycle/errors-*",),
    ),
    Fault(
        "no-idle-limit",
        "waits for ever, whatever limit it is told",
        around(Session, "__init__", _no_limit),
        played=("lifecycle/*", "**/*stall*"),
    ),
    Fault(
        "limit-on-the-whole",
        "takes the limit between two bytes for one of the whole answer",
        around(Connection, "_receive", _total_limit),
    ),
    Fault("buffers-to-the-end", "hands out nothing before the end", around(Session, "deltas", _at_the_end)),
    Fault(
        "connection-not-cleared",
        "uses a connection again with an answer's rest in it",
        together(around(Connection, "settle", _dirty), around(Connection, "is_idle", _dirty_idle)),
    ),
    Fault("remembers", "adds the answer of a run to that of the run before", around(Session, "__init__", _remembers)),
)
