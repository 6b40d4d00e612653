"""Places in the bytes of a step: where to cut it, break it, leave it off."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from streamproof_scenarios.model import Place

_CONTINUATION: Final = re.compile(rb"[\x80-\xbf]")
_CRLF: Final = re.compile(rb"\r\n")


def offsets(data: bytes, places: Iterable[Place]) -> tuple[int, ...]:
    """The places as offsets, ascending, each once.  Raises ValueError in words for one that is not there."""
    return tuple(sorted({offset for place in places for offset in _offsets(data, place)}))


def _offsets(data: bytes, place: Place) -> list[int]:
    if isinstance(place, int):
        offset = place if place >= 0 else len(data) + place
        if not 0 <= offset <= len(data):
            raise ValueError(f"place {place} is outside of the step, which has {len(data)} bytes")
        return [offset]
    if place == "inside-utf8":
        found = [match.start() for match in _CONTINUATION.finditer(data) if match.start()]
    elif place == "inside-crlf":
        found = [match.start() + 1 for match in _CRLF.finditer(data)]
    else:
        wanted = place.encode("utf-8", "surrogatepass")
        at = data.find(wanted)
        found = [at + len(wanted)] if at >= 0 else []
    if not found:
        what = {"inside-utf8": "no character of several bytes", "inside-crlf": "no CRLF"}
        shown = data[:60].decode("utf-8", "replace")
        raise ValueError(f"the step has {what.get(place, f'no {place!r}')}: its bytes begin {shown!r}")
    return found
