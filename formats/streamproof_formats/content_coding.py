"""Undoes a Content-Encoding piece by piece, never beyond a given size."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final, Protocol

try:
    import brotli
except ImportError:  # the extra `brotli` is not installed
    brotli = None

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE: Final = 1 << 18  # bytes decoded at a time, so that a small input cannot fill the memory at one blow
_GZIP: Final = 16 + zlib.MAX_WBITS


class CodingError(ValueError):
    """The bytes are not of the encoding that the head names, or decode to more than is allowed."""


class Coding(Protocol):
    """Decodes one body."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Gives what `data` decodes to, in pieces of bounded size."""

    def finish(self) -> None:
        """Raises CodingError if the encoded data breaks off."""


class Gzip:
    """RFC 1952: one member after the other."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._fresh = True  # nothing of the member has come

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Gives what `data` decodes to, in pieces of bounded size."""
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            self._fresh = False
            before = self._member.copy()
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error:
                self._member = before
                yield from self._decode_to_fault(data)
                return
            if piece:
                yield piece
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def _decode_to_fault(self, data: bytes) -> Iterator[bytes]:
        """All that `data` decodes to before its first bad byte: zlib drops what came before a fault in one call."""
        for place in range(len(data)):
            try:
                piece = self._member.decompress(data[place : place + 1])
            except zlib.error as error:
                raise CodingError(f"expected gzip as Content-Encoding says, found other bytes ({error})") from None
            if piece:
                yield piece

    def finish(self) -> None:
        """Raises CodingError if the encoded data breaks off."""
        if not self._fresh and not self._member.eof:
            raise CodingError("expected the end of the gzip data, found the end of the body")


class Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        # Releases before 1.2 give all that their input decodes to at once, however much that is.
        if brotli is None or not hasattr(brotli.Decompressor, "can_accept_more_data"):
            raise CodingError(
                "the body is encoded with br: install brotli 1.2 or newer (streamproof[brotli]) to read it"
            )
        self._decoder: Any = brotli.Decompressor()
        self._fresh = True

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Gives what `data` decodes to, in pieces of bounded size."""
        # Byte by byte: of a call that meets a fault, brotli gives nothing, and its state cannot be copied before.
        for place in range(len(data)):
            if self._decoder.is_finished():
                raise CodingError("expected nothing behind the brotli data, found more bytes")
            self._fresh = False
            yield from self._decode_byte(data[place : place + 1])

    def _decode_byte(self, data: bytes) -> Iterator[bytes]:
        more = True
        while more:
            try:
                piece = self._decoder.process(data, output_buffer_limit=_PIECE)
            except brotli.error:
                raise CodingError("expected br as Content-Encoding says, found other bytes") from None
            if piece:
                yield piece
            data = b""
            more = not self._decoder.is_finished() and not self._decoder.can_accept_more_data()

    def finish(self) -> None:
        """Raises CodingError if the encoded data breaks off."""
        if not self._fresh and not self._decoder.is_finished():
            raise CodingError("expected the end of the brotli data, found the end of the body")


def coding_of(content_encoding: str | None) -> Coding | None:
    """The coding that a Content-Encoding names; None where the body is not encoded.

    Raises CodingError for one that is not known, and for several.
    """
    match (content_encoding or "").strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return Gzip()
        case "br":
            return Brotli()
        case other:
            raise CodingError(f"expected a Content-Encoding of gzip, br or identity, found {other[:40]}")
