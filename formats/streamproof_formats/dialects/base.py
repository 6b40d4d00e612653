"""What the machines of all dialects share: the state of a stream, fields it has no use for, text in the making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from streamproof_formats.dialects.breaches import Breaches
from streamproof_formats.event import LimitError
from streamproof_formats.message import Ended, StreamError

if TYPE_CHECKING:
    from streamproof_formats.note import Note
    from streamproof_formats.profiles import Profile
    from streamproof_formats.response import BodyEnd, ResponseHead

ENDS: Final[Mapping[BodyEnd, Ended]] = {
    "clean": "clean",
    "fin": "cut",
    "reset": "cut",
    "bad-framing": "cut",
    "timeout": "stalled",
}
"""How a stream ended that reached neither its terminator nor an error, by how its body ended."""


EVENT_STREAM: Final = "text/event-stream"

_BLOCK: Final = 1024  # pieces of a text that are joined at a time


class StreamState:
    """The state that every machine keeps of its stream."""

    def __init__(self, profile: Profile, *, once: frozenset[str] = frozenset()) -> None:
        self.breaches: Final = Breaches(profile.allows, once)
        self.error: StreamError | None = None
        self.done = False
        """True once the terminator has come."""
        self.end: BodyEnd | None = None

    @property
    def ended(self) -> Ended:
        """How the stream ended so far; an error counts before a terminator that follows it."""
        if self.error is not None:
            return "error"
        if self.done:
            return "terminal"
        return "open" if self.end is None else ENDS[self.end]

    def judge_fields(self, notes: Sequence[Note], rules: Mapping[str, tuple[str, str]]) -> None:
        """Judges SSE fields that the dialect has no use for: by kind of note, the field and the rule against it."""
        for note in notes:
            if note.kind in rules:
                field, rule = rules[note.kind]
                message = f"expected data lines only, found the field {field}"
                self.breaches.add(rule, message, about=note.kind, place=(note.event, note.start, note.end))


def media_type(head: ResponseHead) -> str:
    """The content type of an answer, without parameters, in lower case; "" if it has none."""
    return (head.header("content-type") or "").split(";")[0].strip().lower()


def is_no_stream(head: ResponseHead, content_type: str = EVENT_STREAM) -> bool:
    """True of an answer that says itself that it is no stream: its order and its end break no rule of one."""
    return media_type(head) not in (content_type, "")


def integer(value: Any) -> int | None:
    """An integer as JSON Schema has it: 1.0 is one, true is none."""
    if type(value) is int:
        return value
    return int(value) if type(value) is float and value.is_integer() else None


def text_of(value: Any) -> str:
    """A piece of text; anything else is none."""
    return value if isinstance(value, str) else ""


class Joined:
    """Text in the making: absent until the first piece, be it empty."""

    def __init__(self) -> None:
        self._pieces: list[str] | None = None
        self._blocks: list[str] = []  # pieces joined, so that a stream of small ones takes little more than its text

    def add(self, piece: str) -> None:
        """Appends a piece."""
        pieces = self._pieces
        if pieces is None:
            self._pieces = [piece]
        elif piece:
            pieces.append(piece)
            if len(pieces) == _BLOCK:
                self._blocks.append("".join(pieces))
                pieces.clear()

    @property
    def text(self) -> str | None:
        """All pieces, joined; None if there was none."""
        if self._pieces is None:
            return None
        if len(self._pieces) != 1 or self._blocks:
            self._pieces = ["".join([*self._blocks, *self._pieces])]
            self._blocks = []
        return self._pieces[0]


def refuse_more(most: int, what: str) -> NoReturn:
    """Raises LimitError: the stream has more of something than is kept, and what follows cannot be judged by it."""
    raise LimitError(f"the stream has more than {most} {what}, and no more are kept")


def error_of(value: Any) -> StreamError:
    """The error that an object with `message`, `type`, `code` and `param` tells of, or a text."""
    if not isinstance(value, dict):
        return StreamError(message=value if isinstance(value, str) else None)
    code = value.get("code")
    return StreamError(
        message=text_of(value.get("message")) or None,
        type=text_of(value.get("type")) or None,
        code=None if code is None or isinstance(code, dict | list) else str(code),
        param=text_of(value.get("param")) or None,
    )
