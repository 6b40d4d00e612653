"""Bytes as docs/faults.md writes them: what of a head, which chunks or frames, how many bytes, and the end."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from .stranger import Heard

_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")
_KINDS = {0: "DATA", 1: "HEADERS", 3: "RST_STREAM", 7: "GOAWAY"}
_QUIET = {4, 6, 8}
"""SETTINGS, PING and WINDOW_UPDATE: housekeeping of the connection."""
_CODES = {0: "NO_ERROR", 2: "INTERNAL_ERROR", 8: "CANCEL"}


def written(heard: Heard, http: str) -> str:
    """One cell of the table."""
    parts = list(_of_http2(heard.data) if http == "2" else _of_http1(heard.data))
    return f"{', '.join(parts) or 'nothing'}; {heard.end}"


def _of_http1(data: bytes) -> Iterator[str]:
    if not data:
        return
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        yield "a part of the head"
        return
    status, *fields = head.split(b"\r\n")
    if not re.match(rb"HTTP/1\.[01] [1-5][0-9][0-9] ", status):
        yield "bad status line" + (f", {len(body)}" if body else "")
        return
    if not all(_FIELD.match(field) for field in fields):
        yield "bad header line" + (f", {len(body)}" if body else "")
        return
    yield "head"
    named = {name.lower(): value.strip() for name, _, value in (field.partition(b":") for field in fields)}
    if b"transfer-encoding" in named:
        yield from _of_chunks(body)
    elif b"content-length" in named:
        length = int(named[b"content-length"])
        yield f"{min(len(body), length)} of {length}" + (f", {len(body) - length} more" if len(body) > length else "")
    else:
        yield f"{len(body)}"


def _of_chunks(body: bytes) -> Iterator[str]:
    while body:
        size, _, rest = body.partition(b"\r\n")
        if not re.fullmatch(rb"[0-9a-f]+", size):
            yield f"chunk size `{size.decode()}`"
            return
        due = int(size, 16)
        if due == 0:
            yield "last chunk"
            return
        whole = rest[due : due + 2] == b"\r\n"
        yield f"chunk {due}" if whole else f"{len(rest)} of chunk {due}"
        body = rest[due + 2 :]


def _of_http2(data: bytes) -> Iterator[str]:
    while data:
        size, (kind, flags) = int.from_bytes(data[:3], "big"), data[3:5]
        payload, whole = data[9 : 9 + size], len(data) >= 9 + size
        ends = " END_STREAM" if kind < 2 and flags & 1 else ""
        match kind:
            case _ if kind in _QUIET:
                pass
            case _ if not whole:
                yield f"a part of {_KINDS[kind]}"
            case 0:
                yield f"DATA {size}{ends}"
            case 1:
                yield f"{_told(payload)}{ends}"
            case 3:
                yield f"RST_STREAM {_CODES[struct.unpack('!I', payload)[0]]}"
            case _:
                yield f"GOAWAY {_CODES[struct.unpack('!II', payload)[1]]}"
        data = data[9 + size :]


def _told(block: bytes) -> str:
    import hpack  # noqa: PLC0415  the rest of this file needs none

    fields = hpack.Decoder().decode(block)
    status = dict(fields)[":status"]
    if not re.fullmatch(r"[1-5][0-9][0-9]", status):
        return "bad `:status` in HEADERS"
    if not all(re.fullmatch(r":?[a-z0-9-]+", name) for name, _ in fields):
        return "bad field name in HEADERS"
    length = dict(fields).get("content-length")
    return "HEADERS" if length is None else f"HEADERS with length {length}"
