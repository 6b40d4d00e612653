"""Cuts what a process writes into lines, and bounds them."""

from __future__ import annotations

from collections.abc import Iterator

from streamproof.adapters.messages import LINE_LIMIT, AdapterFault, shown


class Lines:
    """Bytes in, lines out, counted from 1."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._limit = limit
        self.number = 0
        """Of the line that was handed out last."""

    @property
    def where(self) -> str:
        """The line that was handed out last, in words."""
        return f"line {self.number} of its standard output"

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that are whole now, without their ends.  AdapterFault past the limit."""
        self._buffer += data
        if self._buffer.find(b"\n", self._searched) < 0:
            self._searched = len(self._buffer)
            self._bound(self._buffer)
            return
        *whole, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        self._searched = len(rest)
        for line in whole:
            self.number += 1
            self._bound(line)
            yield line

    def rest(self) -> bytes:
        """What came after the last line end, counted as a line if there is any."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        self.number += bool(rest)
        return rest

    def _bound(self, line: bytes | bytearray) -> None:
        if len(line) > self._limit:
            raise AdapterFault(
                f"{self.where}, or after it: expected at most {self._limit >> 20} MiB in one line, found more: "
                f"{shown(bytes(line[:400]))}; end each message with a line end"
            )
