"""What a contestant sent, held against what it was to send."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256

from streamproof_bench.material import Stream

END = b"\r\n0\r\n\r\n"
"""The last chunk.  Bodies of JSON in events have no line end of this kind, so it stands nowhere else."""

Check = Callable[[bytes], None]
"""Takes a whole raw answer; raises WrongAnswer."""


class WrongAnswer(Exception):  # noqa: N818  shown in words
    """A contestant did not send what it was to send: its figures would mean nothing."""


def dechunked(raw: bytes) -> bytes:
    """The body of a raw answer in chunks (RFC 9112, section 7.1)."""
    head, gap, rest = raw.partition(b"\r\n\r\n")
    status = head.partition(b"\r\n")[0]
    if not gap or b" 200" not in status or b"transfer-encoding: chunked" not in head.lower():
        raise WrongAnswer(f"expected 200 with a body in chunks, found {raw[:300]!r}")
    pieces: list[bytes] = []
    while True:
        size_line, _, rest = rest.partition(b"\r\n")
        try:
            size = int(size_line, 16)
        except ValueError:
            raise WrongAnswer(f"expected the size of a chunk, found {size_line[:40]!r}") from None
        if size == 0:
            return b"".join(pieces)
        pieces.append(rest[:size])
        if rest[size : size + 2] != b"\r\n":
            raise WrongAnswer(f"a chunk of {size} bytes does not end with a line end")
        rest = rest[size + 2 :]


def exact(stream: Stream) -> Check:
    """The body must be the stream's, byte for byte; what an answer differs in from the last good one is its framing."""
    wanted, good = stream.digest, b""

    def check(raw: bytes) -> None:
        nonlocal good
        framed = raw[raw.find(b"\r\n\r\n") :]
        if framed == good:
            return
        found = sha256(dechunked(raw)).hexdigest()
        if found != wanted:
            raise WrongAnswer(f"expected a body with the SHA-256 {wanted}, found {found}")
        good = framed

    return check


def same_text(stream: Stream) -> Check:
    """For a server that writes events of its own: as many of them, and the same text; after three answers the count."""
    wanted, checked = len(stream.pieces), 0

    def check(raw: bytes) -> None:
        nonlocal checked
        found = raw.count(b"\n\n")
        if found != wanted:
            raise WrongAnswer(f"expected {wanted} events, found {found}")
        checked += 1
        if checked > 3:
            return
        events = dechunked(raw).decode().split("\n\n")
        chunks = [json.loads(event[len("data: ") :]) for event in events if event.startswith("data: {")]
        text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
        if text != stream.text:
            raise WrongAnswer(f"expected a text of {len(stream.text)} characters, found another one: {text[:80]!r}")

    return check
