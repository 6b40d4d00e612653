"""The answers of a stream: status, headers, framing, steps, ending."""

from __future__ import annotations

from typing import Any, Final

from streamproof_scenarios.language.document import Mapping, Node, Scalar, Sequence
from streamproof_scenarios.language.steps import steps
from streamproof_scenarios.language.values import (
    Desk,
    Reader,
    Wrong,
    duration,
    flag,
    found,
    integer,
    line,
    matching,
    one_of,
    text,
)
from streamproof_scenarios.model import Answer
from streamproof_scenarios.plan import Ending
from streamproof_scenarios.problem import suggestion

# The error codes of RFC 9113, section 7.
H2_CODES: Final = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip
ENDINGS: Final = (
    "clean", "fin", "reset", "stall", "in-chunk", "bad-chunk", "bad-head", "bad-header", "no-close-notify", "goaway",
    "refuse", "reset-on-accept", "tls-stall",
)  # fmt: skip

PLACES: Final = ("before-head", "in-head")
_ENDING: Final[dict[str, Reader]] = {
    "rst-stream": one_of(*H2_CODES),
    **dict.fromkeys(("fin", "reset", "stall"), one_of(*PLACES)),
}


def ending(node: Node, what: str, desk: Desk) -> Ending:
    """A word, `{rst-stream: CODE}`, or `{stall: in-head}` and its like."""
    if isinstance(node, Mapping):
        if len(node.pairs) != 1:
            raise Wrong(node.mark, f"{what} must be a word or a mapping of one key, found {len(node.pairs)} keys")
        fields = desk.fields(node, what, _ENDING)
        kind: Any
        (kind,) = fields or ("clean",)  # a wrong one is taken down already
        value: Any = fields.get(kind)
        return Ending(kind="rst-stream", code=value) if kind == "rst-stream" else Ending(kind=kind, place=value)
    if isinstance(node, Scalar) and node.value == "rst-stream":
        raise Wrong(node.mark, f"{what} rst-stream needs a code, found none; write {{rst-stream: INTERNAL_ERROR}}")
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value not in ENDINGS:
        known = (*ENDINGS, "rst-stream")
        raise Wrong(node.mark, f"{what} must be an ending, {found(node)}{suggestion(node.value, known)}")
    word: Any = one_of(*ENDINGS)(node, what, desk)
    return Ending(kind=word)


# A field name is a token, and case says nothing in it -- RFC 9110, sections 5.1 and 5.6.2
_HEADER_NAME: Final = matching(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", "letters, digits and hyphens")


def headers(node: Node, what: str, desk: Desk) -> dict[str, str | None]:
    """Header values by name; a number is written as it stands, null takes a default header away."""
    if not isinstance(node, Mapping):
        raise Wrong(node.mark, f"{what} must be a mapping of names and values, {found(node)}")
    values: dict[str, str | None] = {}
    for key, value in node.pairs:
        name = str(key.value)
        if not desk.read(_HEADER_NAME, key, "the name of a header"):
            continue
        if name.lower() in {known.lower() for known in values}:
            desk.note(key.mark, f"{what} must name each once, found {name} again; leave one")
            continue
        for read in desk.read(header_value, value, name):
            values[name] = read
    return values


def header_value(node: Node, what: str, desk: Desk) -> str | None:
    """A text of one line, a number, or null."""
    match node:
        case Scalar(value=None):
            return None
        case Scalar(value=bool()):
            return text(node, what, desk)
        case Scalar(value=int() | float(), source=source):
            return source.removeprefix("+")
        case _:
            value = line(node, what, desk)
            if not all(" " <= character <= "\xff" or character == "\t" for character in value):
                raise Wrong(node.mark, f"{what} must be text that a header can hold (Latin-1), {found(node)}")
            return value


def lines(node: Node, what: str, desk: Desk) -> tuple[str, ...]:
    """Lines, in order."""
    return desk.each(node, what, line)


ANSWER: Final[dict[str, Reader]] = {
    "status": integer(200, 599),
    "headers": headers,
    "delay": duration,
    "http": one_of("h1", "h1.0", "h2"),
    "connection": one_of("keep-alive", "close"),
    "framing": one_of("chunked", "length", "close"),
    "length_off_by": integer(-(1 << 31), 1 << 31),
    "encoding": one_of("gzip", "br"),
    "flush": one_of("each", "never"),
    "eol": one_of("lf", "crlf", "cr"),
    "space": flag,
    "before": lines,
    "steps": steps,
    "end": ending,
}
_FIELD: Final = {"delay": "delay_s"}


def answer(node: Node, what: str, desk: Desk) -> Answer:
    """One answer of the server."""
    values = desk.fields(node, what, ANSWER, ("steps",))
    return Answer(**changes(values), stated=frozenset(values), mark=node.mark)


def answers(node: Node, what: str, desk: Desk) -> tuple[Answer, ...]:
    """One answer, or a list of them."""
    if isinstance(node, Sequence):
        if not node.items:
            raise Wrong(node.mark, f"{what} must hold at least one answer, found an empty list")
        return desk.each(node, what, answer)
    return (answer(node, what, desk),)


def changes(values: dict[str, Any]) -> dict[str, Any]:
    """Values by key, as fields of `Answer`."""
    return {_FIELD.get(name, name): value for name, value in values.items()}


def label(node: Node, number: int) -> str:
    """The name of a varied value in a case id."""
    match node:
        case Scalar(value=None):
            return "null"
        case Scalar(source=source) if source and not set(source) & set("[],=@/ "):
            return source.removeprefix("+")
        case Mapping(pairs=((key, Scalar(source=source)),)):
            return f"{key.source}:{source}"
        case _:
            return f"{number + 1}"
