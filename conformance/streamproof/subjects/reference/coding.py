"""A body that came as gzip, decoded as it comes (RFC 1952; RFC 9110, 8.4.1.3)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from streamproof.subjects.reference.error import ClientError

GZIP: Final = 16 + zlib.MAX_WBITS
PIECE: Final = 1 << 16
"""Bytes decoded at a time: a small body may decode to a very large one."""


def decoded(body: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a gzip body.  Raises `ClientError` for what is not gzip, and where its end is missing."""
    member = zlib.decompressobj(GZIP)
    begun = False
    for piece in body:
        left, made = piece, b""
        # A full piece may have more behind it, though no input is left.
        while left or (len(made) == PIECE and not member.eof):
            if member.eof:
                # A file of several members is the members' contents one after the other.
                member = zlib.decompressobj(GZIP)
            begun = True
            try:
                made = member.decompress(left, PIECE)
            except zlib.error as error:
                raise ClientError("content_encoding", f"expected gzip, found other bytes ({error})") from None
            left = member.unused_data if member.eof else member.unconsumed_tail
            if made:
                yield made
    if begun and not member.eof:
        raise ClientError("truncated", "the body ends inside its gzip coding")
