"""Faults in joining tool calls."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

from streamproof.subjects.broken.fault import Fault, Json, around, rewriting, together
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.message import Call, Choice

_LISTS: Final = ("tool_calls", "toolCalls")


def _each_call(change: Any) -> Any:
    """Installs: `change(position, call)` makes each entry of a list of calls; None leaves it out."""

    def rewrite(value: Json) -> Json:
        if isinstance(value, list):
            return [rewrite(one) for one in value]
        if not isinstance(value, dict):
            return value
        made = {key: rewrite(one) for key, one in value.items()}
        for key in _LISTS:
            if isinstance(made.get(key), list):
                entries = [change(place, one) if isinstance(one, dict) else one for place, one in enumerate(made[key])]
                made[key] = [one for one in entries if one is not None]
        return made

    return rewriting(rewrite)


def _no_index(_place: int, call: dict[str, Json]) -> Json:
    return {**call, "index": 0} if "index" in call else call


def _position(place: int, call: dict[str, Json]) -> Json:
    return {**call, "index": place}


def _needs_an_index(_place: int, call: dict[str, Json]) -> Json:
    if not isinstance(call.get("index"), int):
        raise ClientError("no_index", "a tool call without an index")
    return call


def _needs_a_type(_place: int, call: dict[str, Json]) -> Json:
    return call if call.get("type") or not call.get("id") else None


def _one_in_a_list(place: int, call: dict[str, Json]) -> Json:
    return None if place else call


def _opens_on_each_id(original: Any, choice: Choice, index: int | None, id_: str | None) -> Call:
    if id_ and choice.calls and index in choice._by_index:
        del choice._by_index[index]
    call: Call = original(choice, index, id_)
    return call


def _appends_names(_original: Any, call: Call, name: str) -> None:
    call.name = (call.name or "") + name


_GIVEN: Final = "\0"
"""Stands before a name that a delta has, so that an empty one can be told from one that is not there."""


def _marks_the_name(_place: int, call: dict[str, Json]) -> Json:
    function = call.get("function")
    if isinstance(function, dict) and isinstance(function.get("name"), str):
        return {**call, "function": {**function, "name": _GIVEN + function["name"]}}
    return call


def _keeps_the_last_name(original: Any, call: Call, name: str) -> None:
    if name.startswith(_GIVEN):
        call.name = name.removeprefix(_GIVEN)
    else:
        original(call, name)


class _LastPiece(list[str]):
    """Keeps what was appended last."""

    def append(self, piece: str) -> None:
        self[:] = [piece]


class _FirstPiece(list[str]):
    """Keeps what was appended first."""

    def append(self, piece: str) -> None:
        if not any(self):
            super().append(piece)


class _NoEmptyPieces(list[str]):
    """Refuses a piece that is empty."""

    def append(self, piece: str) -> None:
        if not piece:
            raise ClientError("empty_arguments", "a piece of arguments is empty")
        super().append(piece)


class _JsonPieces(list[str]):
    """Refuses a piece that is no JSON by itself."""

    def append(self, piece: str) -> None:
        try:
            json.loads(piece or "{}")
        except ValueError:
            raise ClientError("bad_arguments", "the arguments are not JSON") from None
        super().append(piece)


def _pieces(kind: type[list[str]]) -> Any:
    def init(original: Any, call: Call, *rest: Any) -> None:
        original(call, *rest)
        call.arguments = kind()

    return around(Call, "__init__", init)


def _always_whole(original: Any, call: Call, *, whole: bool) -> dict[str, Json]:
    said: dict[str, Json] = original(call, whole=True)
    if said["arguments_json"] is None and said["arguments_raw"].startswith("{"):
        # Half a call "repaired": what JSON menders of streaming clients make of it.
        said["arguments_json"] = {}
    return said


def _no_ids(original: Any, call: Call, *, whole: bool) -> dict[str, Json]:
    said: dict[str, Json] = original(call, whole=whole)
    return {**said, "id": f"call_{id(call)}"}


def _choice_report(change: Any) -> Any:
    def report(original: Any, choice: Choice, *, ended: bool) -> dict[str, Json]:
        said: dict[str, Json] = original(choice, ended=ended)
        return {**said, **change(said)}

    return around(Choice, "report", report)


def _by_reason(said: dict[str, Json]) -> dict[str, Json]:
    return {} if said["finish_reason"] in {"tool_calls", "tool_use", "TOOL_CALL"} else {"tool_calls": []}


def _by_reason_only(said: dict[str, Json]) -> dict[str, Json]:
    return {"text": ""} if said["tool_calls"] else {}


def _needs_a_call(said: dict[str, Json]) -> dict[str, Json]:
    if said["finish_reason"] in {"tool_calls", "tool_use"} and not said["tool_calls"]:
        return {"finish_reason": None}
    return {}


def _list_hides_text(chunk: Json) -> Json:
    for part in chunk.get("choices") or ():
        delta = part.get("delta") if isinstance(part, dict) else None
        if isinstance(delta, dict) and "tool_calls" in delta:
            delta.pop("content", None)
    return chunk


def _list_is_a_call(chunk: dict[str, Json]) -> dict[str, Json]:
    for part in chunk.get("choices") or ():
        delta = part.get("delta") if isinstance(part, dict) else None
        if isinstance(delta, dict) and delta.get("tool_calls") == []:
            delta["tool_calls"] = [{"index": 0, "id": "call_0", "function": {"name": "none", "arguments": "{}"}}]
    return chunk


def _either_way(chunk: dict[str, Json]) -> dict[str, Json]:
    """Texts where objects are due are parsed, and the other way round."""
    for part in chunk.get("choices") or ():
        delta = (part.get("delta") if isinstance(part, dict) else None) or {}
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            if isinstance(function.get("arguments"), dict):
                function["arguments"] = json.dumps(function["arguments"])
    message = chunk.get("message")
    for call in (message.get("tool_calls") if isinstance(message, dict) else None) or ():
        _parse(call.get("function") or {}, "arguments")
    for candidate in chunk.get("candidates") or ():
        for part in (candidate.get("content") or {}).get("parts") or ():
            _parse(part.get("functionCall") or {}, "args")
    return chunk


def _parse(holder: dict[str, Json], key: str) -> None:
    if isinstance(holder.get(key), str):
        with suppress(ValueError):
            holder[key] = json.loads(holder[key])


def _null_pieces(_place: int, call: dict[str, Json]) -> Json:
    function = call.get("function")
    if isinstance(function, dict) and function.get("arguments", "") is None:
        return {**call, "function": {**function, "arguments": "null"}}
    return call


CALLS: Final = (
    Fault("index-ignored", "adds every piece to the first call", _each_call(_no_index)),
    Fault("index-is-the-position", "takes a call's place in the list for its index", _each_call(_position)),
    Fault("needs-an-index", "refuses calls without an index", _each_call(_needs_an_index)),
    Fault("needs-a-type", "drops calls without a type", _each_call(_needs_a_type)),
    Fault("one-call-a-delta", "reads the first call of a delta only", _each_call(_one_in_a_list)),
    Fault("each-id-is-a-call", "opens a call for each id, new or not", around(Choice, "call", _opens_on_each_id)),
    Fault("appends-names", "appends a name that is repeated", around(Call, "add_name", _appends_names)),
    Fault(
        "last-name",
        "keeps the last name of a call, though empty or a piece",
        together(_each_call(_marks_the_name), around(Call, "add_name", _keeps_the_last_name)),
    ),
    Fault("last-arguments", "keeps the last piece of arguments only", _pieces(_LastPiece)),
    Fault("first-arguments", "keeps the first piece of arguments only", _pieces(_FirstPiece)),
    Fault("arguments-either-way", "reads arguments as text or object, whatever is due", rewriting(_either_way)),
    Fault("empty-list-is-a-call", "takes an empty list of calls for a call", rewriting(_list_is_a_call)),
    Fault("empty-arguments-are-fatal", "refuses an empty piece of arguments", _pieces(_NoEmptyPieces)),
    Fault("arguments-are-json", "reads each piece of arguments as JSON", _pieces(_JsonPieces)),
    Fault("null-arguments-are-text", "adds null arguments as a text", _each_call(_null_pieces)),
    Fault(
        "half-a-call-is-whole",
        "hands on a call that was cut, with what arguments it has",
        around(Call, "report", _always_whole),
    ),
    Fault("own-ids", "makes up the ids of calls", around(Call, "report", _no_ids)),
    Fault(
        "calls-by-the-reason",
        "drops calls unless the finish reason says that there are some",
        _choice_report(_by_reason),
    ),
    Fault(
        "reason-by-the-calls",
        "drops a finish reason that speaks of calls where there are none",
        _choice_report(_needs_a_call),
    ),
    Fault("calls-hide-text", "drops the text of an answer that has calls", _choice_report(_by_reason_only)),
    Fault(
        "list-hides-text",
        "drops the text of a delta that has a list of calls, empty or not",
        rewriting(_list_hides_text),
    ),
    Fault(
        "function-call-dropped",
        "does not know the older function_call",
        _choice_report(lambda _: {"function_call": None}),
    ),
    Fault("calls-dropped", "drops all calls", _choice_report(lambda _: {"tool_calls": []})),
)
