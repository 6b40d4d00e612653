"""The adapter protocol: JSON lines both ways, checked line by line.

`schema/adapter.schema.json` says the same for other tools; a test holds the two together.  The checks are written out
because a run may bring thousands of lines, and because each fault has to say how to mend the adapter.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, NoReturn

import attrs

from streamproof.adapters.said import CAPABILITIES, REPORTS, Hello, RunRequest

Json = Any
Sender = Literal["adapter", "one-shot", "harness"]
Check = Callable[[Json, str], None]

PROTOCOL: Final = 1
LINE_LIMIT: Final = 64 << 20
"""Bytes that one line may have."""


class AdapterFault(Exception):  # noqa: N818 - the protocol's word: the adapter's fault, not the client's
    """A line, or the lack of one, that the protocol does not allow: expected, found, where, the fix."""


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, path: str, expected: str, found: str, fix: str = "") -> None:
        super().__init__(path, expected, found, fix)
        self.path, self.expected, self.found, self.fix = path, expected, found, fix


def shown(found: Json, limit: int = 80) -> str:
    """Any JSON value or bytes on one line: escaped, in quotes where it is text, cut to about `limit` characters."""
    if isinstance(found, bytes):
        text = json.dumps(found[: limit * 4].decode("utf-8", "backslashreplace"))
        return text if len(found) <= limit and len(text) <= limit + 2 else f'{text[:limit]}..." ({len(found):,} bytes)'
    text = json.dumps(found)
    return text if len(text) <= limit else f"{text[:limit]}..."


def listed(keys: Iterable[str], limit: int = 120) -> str:
    """Keys as they came, escaped and cut."""
    return ", ".join(shown(key)[1:-1] for key in keys)[:limit] or "no fields"


def nearest(word: Json, known: Iterable[str]) -> str:
    """`; did you mean ...?`, or nothing."""
    close = difflib.get_close_matches(str(word), list(known), 1)
    return f"did you mean {json.dumps(close[0])}?" if close else ""


def _refuse(value: Json, path: str, expected: str, fix: str = "") -> NoReturn:
    raise _Wrong(path, expected, shown(value), fix)


def _text(value: Json, path: str) -> None:
    if not isinstance(value, str):
        _refuse(value, path, "text")


def _name(value: Json, path: str) -> None:
    if not isinstance(value, str) or not value:
        _refuse(value, path, "a text that is not empty")


def _integer(value: Json, path: str) -> None:
    # JSON knows one kind of number: 3.0 is the integer 3, as in JSON Schema.
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
        _refuse(value, path, "a whole number")


def _count(value: Json, path: str) -> None:
    _integer(value, path)
    if value < 0:
        _refuse(value, path, "a whole number from 0")


def _number(value: Json, path: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        _refuse(value, path, "a number from 0")


def _boolean(value: Json, path: str) -> None:
    if not isinstance(value, bool):
        _refuse(value, path, "true or false")


def _object(value: Json, path: str) -> None:
    if not isinstance(value, dict):
        _refuse(value, path, "an object")


def _anything(value: Json, path: str) -> None:
    pass


def _code(value: Json, path: str) -> None:
    if not isinstance(value, str):
        try:
            _integer(value, path)
        except _Wrong:
            _refuse(value, path, "text or a whole number")


def _one_of(*words: str) -> Check:
    def check(value: Json, path: str) -> None:
        if value not in words:
            _refuse(value, path, f"one of {', '.join(words)}", nearest(value, words))

    return check


def _or_null(inner: Check) -> Check:
    def check(value: Json, path: str) -> None:
        if value is not None:
            try:
                inner(value, path)
            except _Wrong as wrong:
                if wrong.path != path:
                    raise
                raise _Wrong(path, f"{wrong.expected} or null", wrong.found, wrong.fix) from None

    return check


def _list(inner: Check) -> Check:
    def check(value: Json, path: str) -> None:
        if not isinstance(value, list):
            _refuse(value, path, "a list")
        for number, entry in enumerate(value):
            inner(entry, f"{path}[{number}]")

    return check


def _fields(required: Mapping[str, Check], optional: Mapping[str, Check], then: Check = _anything) -> Check:
    """An object with these fields, checked further by `then`; other keys are tolerated."""
    known = {**optional, **required}

    def check(value: Json, path: str) -> None:
        if not isinstance(value, dict):
            _refuse(value, path, "an object")
        below = f"{path}." if path else ""
        for key in required:
            if key not in value:
                near = difflib.get_close_matches(key, [other for other in value if other not in known], 1)
                fix = f"it has {json.dumps(near[0])}: write {json.dumps(key)}" if near else ""
                raise _Wrong(f"{below}{key}", "this field", f"only {listed(value)}", fix)
        for key, inner in known.items():
            if key in value:
                inner(value[key], f"{below}{key}")
        then(value, path)

    return check


def _arguments_named(value: Json, path: str) -> None:
    # The field's obvious name is not the protocol's, and an unknown key is tolerated: say it, or arguments get lost.
    if "arguments" in value and "arguments_raw" not in value and "arguments_json" not in value:
        raise _Wrong(f"{path}.arguments", "arguments_raw or arguments_json", "arguments",
                     "give the text as it came in arguments_raw, or the parsed value in arguments_json")  # fmt: skip


def _says_something(value: Json, path: str) -> None:
    if not any(key in value for key in ("text", "reasoning", "refusal")):
        raise _Wrong(path, "text, reasoning or refusal in a delta", f"only {listed(value)}")


_ARGUMENTS: Final[Mapping[str, Check]] = {
    "name": _or_null(_text),
    "arguments_raw": _or_null(_text),
    "arguments_json": _anything,
}
_CHOICE: Final = _fields(
    {},
    {
        "index": _count,
        "text": _or_null(_text),
        "reasoning": _or_null(_text),
        "refusal": _or_null(_text),
        "finish_reason": _or_null(_text),
        "function_call": _or_null(_fields({}, _ARGUMENTS, _arguments_named)),
        "tool_calls": _or_null(_list(_fields({}, {"id": _or_null(_text), **_ARGUMENTS}, _arguments_named))),
    },
)
_ERROR: Final = _fields(
    {},
    {
        "type": _or_null(_text),
        "message": _or_null(_text),
        "status": _or_null(_integer),
        "code": _or_null(_code),
        "phase": _or_null(_one_of("open", "stream", "close")),
        "raised": _or_null(_one_of("thrown", "event")),
    },
)
_USAGE: Final = _fields({}, dict.fromkeys(("input", "output", "total"), _or_null(_integer)))
_STOP: Final = _fields({"after": _count, "how": _one_of("break", "abort")}, {})
_RESULT: Final[Mapping[str, Check]] = {
    "choices": _or_null(_list(_CHOICE)),
    "usage": _or_null(_USAGE),
    "error": _or_null(_ERROR),
    "stopped": _or_null(_boolean),
    "extra_output": _or_null(_text),
}

MESSAGES: Final[Mapping[Sender, Mapping[str, Check]]] = {
    "adapter": {
        "hello": _fields(
            {
                "protocol": _integer,
                "client": _name,
                "dialects": _list(_name),
                "reports": _one_of(*REPORTS),
            },
            {
                **dict.fromkeys(("version", "language", "runtime"), _or_null(_text)),
                "capabilities": _list(_one_of(*CAPABILITIES)),
            },
        ),
        "event": _fields({"id": _integer, "data": _text}, dict.fromkeys(("event", "last_event_id"), _or_null(_text))),
        "item": _fields({"id": _integer, "data": _object}, {}),
        "delta": _fields(
            {"id": _integer},
            {"choice": _count, "text": _text, "reasoning": _text, "refusal": _text},
            _says_something,
        ),
        "result": _fields({"id": _integer}, _RESULT),
        "adapter_error": _fields({"message": _text}, {"id": _or_null(_integer)}),
    },
    "one-shot": {
        "result": _fields({}, _RESULT),
        "adapter_error": _fields({"message": _text}, {}),
    },
    "harness": {
        "hello": _fields({"protocol": _integer}, {}),
        "run": _fields(
            {"id": _integer, "dialect": _name, "base_url": _name, "url": _name, "api_key": _text, "request": _object},
            {
                "client": _or_null(_text),
                "idle_timeout_s": _or_null(_number),
                "max_retries": _or_null(_count),
                "stop": _or_null(_STOP),
                "ca_file": _or_null(_text),
            },
        ),
        "bye": _fields({}, {}),
    },
}
"""Every message, by who sends it and its type."""


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant)


def _decode(line: bytes, where: str) -> Json:
    stdout = "only messages of the protocol may be written to standard output: print anything else to standard error"
    if not line.strip():
        raise AdapterFault(f"{where}: expected a message, a JSON object on one line, found an empty line; {stdout}")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AdapterFault(
            f"{where}: expected UTF-8, found {shown(line)} with an invalid byte at {error.start}; write "
            "UTF-8, or escape everything beyond ASCII as JSON does"
        ) from None
    try:
        return _DECODER.decode(text.strip())
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition("; use sys.")[0]
        fix = stdout if text.lstrip()[:1] != "{" else "write one JSON object on each line, and a line end after it"
        raise AdapterFault(f"{where}: expected a message, a JSON object, found {shown(line)} ({why}); {fix}") from None


def check(message: Json, where: str, sender: Sender = "adapter") -> Mapping[str, Any]:
    """The message, if it is one of the protocol.  AdapterFault else, which begins with `where`."""
    kinds = MESSAGES[sender]
    if sender == "one-shot" and isinstance(message, dict):
        message = {"type": "result", **message}
    if not isinstance(message, dict):
        raise AdapterFault(
            f"{where}: expected a message, a JSON object, found {shown(message)}; write an object with a type"
        )
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in kinds:
        found = shown(kind) if "type" in message else f"no type in {shown(message)}"
        fix = nearest(kind, kinds) or "see docs/adapters.md for the messages"
        raise AdapterFault(f"{where}: expected a type out of {', '.join(kinds)}, found {found}; {fix}")
    if kind == "hello" and message.get("protocol", PROTOCOL) != PROTOCOL:
        raise AdapterFault(
            f"{where}: expected version {PROTOCOL} of the protocol, found version {shown(message['protocol'])}; use an "
            "adapter and a streamproof that speak the same version"
        )
    try:
        kinds[kind](message, "")
        if kind == "result":
            _indexes_differ(message)
    except _Wrong as wrong:
        of = f"{wrong.path} of the message {kind}" if wrong.path else f"the message {kind}"
        fix = wrong.fix or "correct the adapter: docs/adapters.md shows every message"
        raise AdapterFault(f"{where}: {of}: expected {wrong.expected}, found {wrong.found}; {fix}") from None
    return message


def _indexes_differ(result: Mapping[str, Any]) -> None:
    seen = set()
    for number, choice in enumerate(result.get("choices") or ()):
        index = choice.get("index", 0)
        if index in seen:
            raise _Wrong(f"choices[{number}].index", "another index for each choice", f"{index} twice")
        seen.add(index)


def parse(line: bytes, where: str, sender: Sender = "adapter") -> Mapping[str, Any]:
    """Reads and checks one line.  AdapterFault, which begins with `where` (`line 3 of its output`), if it is none."""
    return check(_decode(line, where), where, sender)


def hello(message: Mapping[str, Any]) -> Hello:
    """The value of a checked `hello`."""
    return Hello(
        client=message["client"],
        version=message.get("version") or "",
        language=message.get("language") or "",
        runtime=message.get("runtime") or "",
        dialects=tuple(message["dialects"]),
        reports=message["reports"],
        capabilities=frozenset(message.get("capabilities", ())),
    )


def compact(value: Json) -> str:
    """JSON on one line, in ASCII."""
    return json.dumps(value, separators=(",", ":"))


def line(kind: str, **fields: Json) -> bytes:
    """One message as it is written."""
    return compact({"type": kind, **fields}).encode() + b"\n"


def run_line(number: int, request: RunRequest) -> bytes:
    """The message `run` with this id."""
    fields = attrs.asdict(request, recurse=False)
    stop = None if request.stop is None else dict(request.stop)
    return line("run", id=number, **{**fields, "request": dict(request.request), "stop": stop})


def without_envelope(message: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a message beside `type` and `id`."""
    return {key: value for key, value in message.items() if key not in ("type", "id")}
