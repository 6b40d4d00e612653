"""Tool calls for dialects that send each call whole: pieces in, a call once its arguments are complete."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs

from streamproof_scenarios.words.speaker import Json, Unsayable


@attrs.frozen(kw_only=True)
class WholeCall:
    """One call.  `place` counts the calls of its choice from 0, in the order in which they are written."""

    place: int
    id: str | None
    name: str
    arguments: Mapping[str, Json]


@attrs.define
class _Pieces:
    id: str | None = None
    name: str | None = None
    text: str = ""

    def add(self, value: Mapping[str, Json]) -> None:
        self.id = value.get("id") or self.id
        self.name = value.get("name") or self.name
        self.text += value.get("arguments") or ""


class WholeCalls:
    """The calls of one choice.

    A call is written when its arguments are a whole JSON object; one without any is written with none, when the next
    call or the end of the answer shows that no more will come.
    """

    def __init__(self) -> None:
        self._open: _Pieces | None = None
        self._index: int | None = None
        self._written = 0

    def add(self, value: Mapping[str, Json]) -> list[WholeCall]:
        """Takes a `tool` word; gives the calls that it completes."""
        index = value.get("index")
        opens = self._open is None or (index is not None and index != self._index) or bool(value.get("id"))
        done = self.finish() if opens else []
        if self._open is None:
            self._open, self._index = _Pieces(), index
        self._open.add(value)
        arguments = _object(self._open.text)
        return done if arguments is None else [*done, self._write(self._open, arguments)]

    def finish(self) -> list[WholeCall]:
        """The call that is still open.  Raises Unsayable where its arguments are the beginning of some."""
        if self._open is None:
            return []
        if self._open.text:
            raise Unsayable(
                f"a tool call comes whole in this dialect, and {self._open.text[:40]!r} is no JSON object; "
                "give all its arguments before the next call or the end, or write a chunk"
            )
        return [self._write(self._open, {})]

    def _write(self, pieces: _Pieces, arguments: Mapping[str, Json]) -> WholeCall:
        if pieces.name is None:
            raise Unsayable("a tool call comes whole in this dialect, with its name; give it one, or write a chunk")
        self._open = None
        self._written += 1
        return WholeCall(place=self._written - 1, id=pieces.id, name=pieces.name, arguments=arguments)


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
