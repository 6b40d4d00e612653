"""Content encodings: a track in, the same track compressed out, barriers in their places."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from typing import Final, Literal, Protocol

from streamproof_scenarios.problem import NotPlayable
from streamproof_scenarios.track import Flat, Piece

EncodingName = Literal["gzip", "br"]


class Compressor(Protocol):
    """Compresses one body."""

    def add(self, data: bytes, *, flush: bool) -> bytes:
        """What is ready after these bytes; with `flush` all of them."""

    def finish(self) -> bytes:
        """The rest, and the end of the format."""


class Gzip:
    """RFC 1952, by zlib."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(wbits=31)

    def add(self, data: bytes, *, flush: bool) -> bytes:
        """See Compressor."""
        return self._zlib.compress(data) + (self._zlib.flush(zlib.Z_SYNC_FLUSH) if flush else b"")

    def finish(self) -> bytes:
        """See Compressor."""
        return self._zlib.flush()


class Brotli:
    """RFC 7932, by the brotli package, which is an extra."""

    def __init__(self) -> None:
        import brotli  # noqa: PLC0415 - an extra

        self._brotli = brotli.Compressor(quality=5)

    def add(self, data: bytes, *, flush: bool) -> bytes:
        """See Compressor."""
        return bytes(self._brotli.process(data) + (self._brotli.flush() if flush else b""))

    def finish(self) -> bytes:
        """See Compressor."""
        return bytes(self._brotli.finish())


_COMPRESSORS: Final[dict[EncodingName, Callable[[], Compressor]]] = {"gzip": Gzip, "br": Brotli}


def compressor(name: EncodingName) -> Callable[[], Compressor]:
    """What makes a compressor; raises NotPlayable where its package is not installed."""
    if name == "br" and find_spec("brotli") is None:
        raise NotPlayable("encoding: br needs the brotli package; install streamproof[brotli]")
    return _COMPRESSORS[name]


def encoded(track: Iterable[Flat], make: Callable[[], Compressor], *, flush: bool, whole: bool) -> Iterator[Flat]:
    """The track with its bytes compressed.  `whole`: the format's end is written, as part of the last piece."""
    coder = make()
    held: Flat | None = None
    step = 0
    for item in track:
        if held is not None:
            yield held
            held = None
        if not isinstance(item, Piece):
            yield item
            continue
        step = item.step
        data = coder.add(item.data, flush=flush)
        if data:
            held = Piece(data=data, step=step, cut=item.cut, keep=item.keep, mark=item.mark)
    rest = coder.finish() if whole else b""
    if isinstance(held, Piece):
        yield Piece(data=held.data + rest, step=step, cut=held.cut, keep=held.keep, mark=held.mark)
    elif rest:
        yield Piece(data=rest, step=step)
