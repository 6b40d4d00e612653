"""Faults in reading text."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import Any, Final

from streamproof.subjects.broken.fault import Fault, Json, around, reading, rewriting, together
from streamproof.subjects.reference import client, message
from streamproof.subjects.reference.connection import Connection
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.events import Event, EventDecoder
from streamproof.subjects.reference.framing import Head
from streamproof.subjects.reference.lines import LineDecoder
from streamproof.subjects.reference.message import Choice, Delta, Kind
from streamproof.subjects.reference.stream import ChatStream


def _decoding(make: Callable[[bytes], bytes]) -> Callable[[], None]:
    def feed(original: Any, decoder: Any, data: bytes) -> list[Event]:
        found: list[Event] = original(decoder, make(data))
        return found

    return together(around(EventDecoder, "feed", feed), around(LineDecoder, "feed", feed))


def _each_read(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode()


def _as_latin_1(data: bytes) -> bytes:
    return data.decode("latin-1").encode()


def _refuse_bad_bytes(original: Any, decoder: EventDecoder, line: bytes) -> None:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise ClientError("bad_text", str(error)) from None
    original(decoder, line)


def _notes_the_charset(original: Any, head: Head, *rest: Any) -> None:
    kind = (head.header("content-type") or "").lower()
    # RFC 2616 made ISO-8859-1 the charset of text without one, and HTTP libraries still do.
    name = kind.partition("charset=")[2].strip("\"' ") or ("latin-1" if kind.startswith("text/") else "utf-8")
    try:
        _CHARSET[:] = [codecs.getincrementaldecoder(name)("replace")]
    except LookupError:
        raise ClientError("charset", f"unknown charset {name}") from None
    original(head, *rest)


_CHARSET: Final[list[codecs.IncrementalDecoder]] = []


def _as_noted(original: Any, stream: ChatStream, data: bytes) -> Iterator[Delta]:
    yield from original(stream, _CHARSET[0].decode(data).encode())


def _named_charset_only(original: Any, connection: Connection) -> Iterator[bytes]:
    kind = (connection.head().header("content-type") or "").lower()
    if "charset=" in kind and kind.partition("charset=")[2] != "utf-8":
        raise ClientError("charset", f"expected charset=utf-8, found {kind}")
    yield from original(connection)


def _halves_at_once(_original: Any, choice: Choice, kind: Kind, text: str) -> Iterator[Delta]:
    whole = message.paired(text)
    choice._texts.setdefault(kind, []).append(whole)
    yield Delta(choice.index, kind, whole)


def _adding(change: Callable[[Choice, Kind, str], str | None]) -> Callable[[], None]:
    def add_text(original: Any, choice: Choice, kind: Kind, text: str) -> Iterator[Delta]:
        made = change(choice, kind, text)
        if made is not None:
            yield from original(choice, kind, made)

    return around(Choice, "add_text", add_text)


def _no_repeats(choice: Choice, kind: Kind, text: str) -> str | None:
    said = choice._texts.get(kind) or [""]
    return None if text and text == said[-1] else text


def _first_lost(original: Any, reader: Any, chunk: dict[str, Json]) -> Iterator[Delta]:
    deltas = original(reader, chunk)
    for delta in deltas:
        if vars(reader).setdefault("heard", False):
            yield delta
        elif delta.text:
            reader.heard = True
            reader.answer.choices[delta.choice]._texts[delta.kind].clear()


def _not_beside_a_reason(chunk: dict[str, Json]) -> dict[str, Json]:
    choices = chunk.get("choices")
    if isinstance(choices, list):
        chunk["choices"] = [
            {key: part[key] for key in part if key not in {"delta", "text"}}
            if isinstance(part, dict) and part.get("finish_reason")
            else part
            for part in choices
        ]
    candidates = chunk.get("candidates")
    if isinstance(candidates, list):
        chunk["candidates"] = [
            {key: part[key] for key in part if key != "content"}
            if isinstance(part, dict) and part.get("finishReason")
            else part
            for part in candidates
        ]
    if chunk.get("done") is True:
        chunk["message"] = {}
    return chunk


def _not_beside_a_role(chunk: dict[str, Json]) -> dict[str, Json]:
    choices = chunk.get("choices")
    if isinstance(choices, list):
        chunk["choices"] = [
            {**part, "delta": {}} if isinstance(part, dict) and (part.get("delta") or {}).get("role") else part
            for part in choices
        ]
    return chunk


def _null_is_text(value: Json) -> Json:
    if isinstance(value, dict):
        spoken = {"content", "text", "response", "thinking", "reasoning_content", "refusal"}
        return {key: "None" if key in spoken and one is None else _null_is_text(one) for key, one in value.items()}
    return [_null_is_text(one) for one in value] if isinstance(value, list) else value


def _number_is_text(value: Json) -> Json:
    if isinstance(value, dict):
        spoken = {"content", "text", "response"}
        return {
            key: str(one) if key in spoken and type(one) in {int, float} else _number_is_text(one)
            for key, one in value.items()
        }
    return [_number_is_text(one) for one in value] if isinstance(value, list) else value


def _needs_text(chunk: dict[str, Json]) -> dict[str, Json]:
    for part in chunk.get("choices") or ():
        delta = part.get("delta") if isinstance(part, dict) else None
        if isinstance(delta, dict) and delta and "content" not in delta:
            raise ClientError("no_content", "a delta without content")
    return chunk


def _kinds(kept: Callable[[Any, Choice, Kind, str], Iterator[Delta]]) -> Callable[[], None]:
    return around(Choice, "add_text", kept)


def _reasoning_is_text(original: Any, choice: Choice, kind: Kind, text: str) -> Iterator[Delta]:
    yield from original(choice, "text" if kind == "reasoning" else kind, text)


def _placeholder(original: Any, choice: Choice, *, ended: bool) -> dict[str, Json]:
    said: dict[str, Json] = original(choice, ended=ended)
    return {**said, "text": said["text"] or "(no answer)"}


def _dropping(kind: Kind) -> Callable[[], None]:
    return _adding(lambda _, of, text: None if of == kind else text)


TEXT: Final = (
    Fault("decodes-each-read", "decodes the bytes of each read on their own", _decoding(_each_read), is_timed=True),
    Fault("decodes-as-latin-1", "takes each byte for a character", _decoding(_as_latin_1)),
    Fault(
        "obeys-the-charset",
        "decodes as the head says, and as ISO-8859-1 where it does not",
        together(around(client, "_check", _notes_the_charset), around(ChatStream, "receive", _as_noted)),
    ),
    Fault(
        "knows-one-charset",
        "refuses any spelling of the charset but utf-8",
        around(Connection, "body", _named_charset_only),
    ),
    Fault("bad-bytes-are-fatal", "refuses bytes that are not UTF-8", around(EventDecoder, "_field", _refuse_bad_bytes)),
    Fault("halves-at-once", "writes half a surrogate pair without waiting for the other", _kinds(_halves_at_once)),
    Fault("trims-deltas", "takes the spaces off each piece of text", _adding(lambda _c, _k, text: text.strip(" "))),
    Fault(
        "trims-line-ends",
        "takes the line ends off each piece of text",
        _adding(lambda _c, _k, text: text.strip("\r\n")),
    ),
    Fault("drops-repeats", "takes a piece that equals the one before for a repetition", _adding(_no_repeats)),
    Fault("first-text-lost", "loses the first piece of text", reading(_first_lost)),
    Fault(
        "delta-beside-reason-lost",
        "loses the delta, text or call, of the chunk that has the finish reason",
        rewriting(_not_beside_a_reason),
    ),
    Fault(
        "delta-beside-role-lost",
        "loses what else a delta says that has a role, text or call",
        rewriting(_not_beside_a_role),
    ),
    Fault("null-is-text", "writes None where a text is null", rewriting(_null_is_text)),
    Fault("number-is-text", "reads a number where text is due, as it is written", rewriting(_number_is_text)),
    Fault("needs-content", "refuses a delta without content", rewriting(_needs_text)),
    Fault("reasoning-is-text", "hands out reasoning as text", _kinds(_reasoning_is_text)),
    Fault("reasoning-dropped", "drops reasoning, and says that it can tell it", _dropping("reasoning")),
    Fault("refusal-dropped", "drops refusals", _dropping("refusal")),
    Fault("text-dropped", "drops all text", _dropping("text"), meets_waiting=True),
    Fault(
        "fills-the-empty",
        "says that there is no answer where the text is empty",
        around(Choice, "report", _placeholder),
        meets_waiting=True,
    ),
)
