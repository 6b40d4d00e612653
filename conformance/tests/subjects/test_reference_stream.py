"""What the reference client makes of which stream: a table, each stream under every cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.reader import error_in
from streamproof.subjects.reference.stream import ChatStream

Json = Any
DONE = "data: [DONE]\n\n"


def chunk(delta: Json = None, finish: Json = None, index: Json = 0, **more: Json) -> str:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return event(
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}
    )


def event(data: Json, name: str = "") -> str:
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"


def text(content: Json, **more: Json) -> str:
    return chunk({"content": content}, **more)


def call(index: Json, id_: Json = None, name: Json = None, arguments: Json = None) -> str:
    inner = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    piece = {"index": index, "id": id_, "function": inner}
    return chunk({"tool_calls": [{key: value for key, value in piece.items() if value is not None}]})


STOP = chunk(finish="stop")
CALLS = chunk(finish="tool_calls")
END = STOP + DONE
USAGE = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
WHOLE = {"text": "Hello", "finish_reason": "stop"}
ASKED = {"stream_options": {"include_usage": True}}


def a_call(id_: str | None, name: str | None, raw: str, parsed: Json) -> Json:
    return {"id": id_, "name": name, "arguments_raw": raw, "arguments_json": parsed}


# name: (stream, expectation of choice 0 or of the whole, error type or None)
TABLE: dict[str, tuple[str, Json, str | None]] = {
    "text in pieces": (text("Hel") + text("lo") + END, WHOLE, None),
    "text beside the finish reason": (text("Hel") + text("lo", finish="stop") + DONE, WHOLE, None),
    "text after the finish reason": (text("Hel") + STOP + text("lo") + DONE, WHOLE, None),
    "null, empty and absent content": (text(None) + text("") + text("Hello") + chunk() + END, WHOLE, None),
    "repeats are kept": (text("ha") + text("ha") + END, {"text": "haha"}, None),
    "all characters": (text("é你😀\u2028\x85") + END, {"text": "é你😀\u2028\x85"}, None),
    "surrogates over two deltas": (text("a\ud83d") + text("\ude00b") + END, {"text": "a😀b"}, None),
    "half a pair": (text("a\ud83d") + text("b\ude00") + END, {"text": "a\ufffdb\ufffd"}, None),
    "half a pair at the end": (text("a\ud83d") + END, {"text": "a\ufffd"}, None),
    "a role on each chunk": (
        chunk({"role": "assistant", "content": "Hello"}) + chunk({"role": None}) + END,
        WHOLE,
        None,
    ),
    "unknown fields": (chunk({"content": "Hello", "x": 1}, y=[2], obfuscation="z") + END, WHOLE, None),
    "no text": (chunk({"role": "assistant"}) + END, {"text": None, "finish_reason": "stop"}, None),
    "empty text": (text("") + END, {"text": "", "finish_reason": "stop"}, None),
    "comments, ids and blocks without data": (
        ": hi\n\nid: 1\n\nretry: 5\n\n" + text("Hello") + ": ping\n\nevent: ping\n\n" + END,
        WHOLE,
        None,
    ),
    "empty data": (text("Hel") + "data:\n\ndata\n\n" + text("lo") + END, WHOLE, None),
    "error null": (text("Hello", error=None) + END, WHOLE, None),
    "Azure's chunks": (
        event({"choices": [], "prompt_filter_results": []})
        + text("Hello")
        + event({"choices": [{"index": 0, "content_filter_results": {}}]})
        + chunk(finish="stop", usage=None)
        + DONE,
        WHOLE,
        None,
    ),
    "choices null or absent": (text("Hello") + event({"choices": None}) + event({"id": "c"}) + END, WHOLE, None),
    "no index": (event({"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}) + DONE, WHOLE, None),
    "a chunk of another kind with a message too": (
        event(
            {
                "object": "chat.completion",
                "choices": [{"index": 0, "message": {"content": "x"}, "delta": {"content": "Hello"}}],
            }
        )
        + END,
        WHOLE,
        None,
    ),
    "events after the mark are not read": (text("Hello") + END + text("x") + "data: {\n\n", WHOLE, None),
    "a mark with a space": (text("Hello") + STOP + "data: [DONE] \n\n", WHOLE, None),
    "a mark with more": (text("Hello") + STOP + "data: [DONE]x\n\n", WHOLE, "malformed_event"),
    "other finish reasons": (
        text("Hello") + chunk(finish="eos") + DONE,
        {"text": "Hello", "finish_reason": "eos"},
        None,
    ),
    "finish reasons that say nothing": (
        text("Hel", finish="") + text("lo", finish="null") + END,
        WHOLE,
        None,
    ),
    "no finish reason": (text("Hello") + DONE, {"text": "Hello", "finish_reason": None}, None),
    "reasoning under one name": (
        chunk({"reasoning_content": "hm"}) + text("Hello") + END,
        {"text": "Hello", "reasoning": "hm"},
        None,
    ),
    "reasoning under the other": (chunk({"reasoning": "hm"}) + text("Hello") + END, {"reasoning": "hm"}, None),
    "reasoning under both, once": (
        chunk({"reasoning": "hm", "reasoning_content": "hm"}) + END,
        {"text": None, "reasoning": "hm"},
        None,
    ),
    "a refusal": (chunk({"refusal": "No"}) + chunk({"refusal": "."}) + END, {"text": None, "refusal": "No."}, None),
    "usage, the last one": (
        text("Hello", usage={"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}) + STOP + USAGE + DONE,
        {"usage": {"input": 3, "output": 2, "total": 5}, "choices": [WHOLE]},
        None,
    ),
    "usage without a part": (
        text("Hello") + STOP + event({"usage": {"prompt_tokens": 3}}) + DONE,
        {"usage": {"input": 3, "output": None, "total": None}},
        None,
    ),
    "two choices, interleaved": (
        text("A") + text("B", index=1) + text("a") + chunk(finish="stop", index=1) + chunk(finish="length") + DONE,
        {"choices": [{"text": "Aa", "finish_reason": "length"}, {"text": "B", "finish_reason": "stop"}]},
        None,
    ),
    # Tool calls
    "a call in pieces": (
        call(0, "a", "f", "") + call(0, None, None, '{"x":') + call(0, None, None, "1}") + CALLS + DONE,
        {"tool_calls": [a_call("a", "f", '{"x":1}', {"x": 1})], "finish_reason": "tool_calls"},
        None,
    ),
    "calls interleaved": (
        call(0, "a", "f", '{"x"')
        + call(1, "b", "g", '{"y"')
        + call(0, None, None, ":1}")
        + call(1, None, None, ":2}")
        + CALLS
        + DONE,
        {"tool_calls": [a_call("a", "f", '{"x":1}', {"x": 1}), a_call("b", "g", '{"y":2}', {"y": 2})]},
        None,
    ),
    "indexes are labels": (
        call(4, "a", "f", "{}") + call(1, "b", "g", "{}") + CALLS + DONE,
        {"tool_calls": [a_call("a", "f", "{}", {}), a_call("b", "g", "{}", {})]},
        None,
    ),
    "id and name repeated": (
        call(0, "a", "f", "{") + call(0, "a", "f", "}") + CALLS + DONE,
        {"tool_calls": [a_call("a", "f", "{}", {})]},
        None,
    ),
    "a name in pieces": (
        call(0, "a", "edit_", "") + call(0, None, "file", "{}") + CALLS + DONE,
        {"tool_calls": [a_call("a", "edit_file", "{}", {})]},
        None,
    ),
    "nulls and empty names later": (
        call(0, "a", "f", "{")
        + chunk({"tool_calls": [{"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "}"}}]})
        + call(0, "", "", "")
        + CALLS
        + DONE,
        {"tool_calls": [a_call("a", "f", "{}", {})]},
        None,
    ),
    "no arguments at all": (
        call(0, "a", "f") + CALLS + DONE,
        {"tool_calls": [a_call("a", "f", "", None)], "finish_reason": "tool_calls"},
        None,
    ),
    "two ids on one index are two calls": (
        call(0, "a", "f", '{"p":1}') + call(0, "b", "g", '{"q"') + call(0, None, None, ":2}") + CALLS + DONE,
        {"tool_calls": [a_call("a", "f", '{"p":1}', {"p": 1}), a_call("b", "g", '{"q":2}', {"q": 2})]},
        None,
    ),
    "without indexes an id opens a call": (
        call(None, "a", "f", "{") + call(None, None, None, "}") + call(None, "b", "g", "{}") + CALLS + DONE,
        {"tool_calls": [a_call("a", "f", "{}", {}), a_call("b", "g", "{}", {})]},
        None,
    ),
    "two whole calls in one chunk, with text": (
        chunk(
            {
                "content": "Hello",
                "tool_calls": [
                    {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}},
                    {"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}},
                ],
            }
        )
        + CALLS
        + DONE,
        {"text": "Hello", "tool_calls": [a_call("a", "f", "{}", {}), a_call("b", "g", "{}", {})]},
        None,
    ),
    "empty lists of calls": (
        chunk({"content": "Hello", "tool_calls": []}) + chunk({"tool_calls": None}) + END,
        {**WHOLE, "tool_calls": []},
        None,
    ),
    "a custom tool": (
        chunk({"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}]})
        + CALLS
        + DONE,
        {"tool_calls": [a_call("a", "f", "x", None)]},
        None,
    ),
    "a call cut by the length": (
        call(0, "a", "f", '{"x":') + chunk(finish="length") + DONE,
        {"tool_calls": [a_call("a", "f", '{"x":', None)], "finish_reason": "length"},
        None,
    ),
    "a call cut by the end": (
        call(0, "a", "f", "{}"),
        {"tool_calls": [a_call("a", "f", "{}", None)], "finish_reason": None},
        "incomplete_stream",
    ),
    "arguments that cannot be written again": (
        call(0, "a", "f", "[1e999]") + call(1, "b", "g", "NaN") + CALLS + DONE,
        {"tool_calls": [a_call("a", "f", "[1e999]", None), a_call("b", "g", "NaN", None)]},
        None,
    ),
    "the older function call": (
        chunk({"function_call": {"name": "f", "arguments": ""}})
        + chunk({"function_call": {"arguments": "{}"}})
        + chunk(finish="function_call")
        + DONE,
        {"function_call": {"name": "f", "arguments_raw": "{}", "arguments_json": {}}},
        None,
    ),
    "arguments that are no text": (text("Hello") + call(0, "a", "f", {"x": 1}), {"text": "Hello"}, "malformed_event"),
    "a call's index that is no number": (text("Hello") + call("0", "a", "f", ""), {"text": "Hello"}, "malformed_event"),
    # Ends
    "nothing": ("", {"choices": []}, "incomplete_stream"),
    "only the mark": (DONE, {"choices": []}, "empty_stream"),
    "no mark and no reason": (text("Hello"), {"text": "Hello", "finish_reason": None}, "incomplete_stream"),
    "a reason without the mark": (text("Hello") + STOP, WHOLE, None),
    "a mark without its blank line": (text("Hello") + STOP + "data: [DONE]\n", WHOLE, None),
    "a mark cut off": (text("Hello") + STOP + "data: [DON", WHOLE, "incomplete_stream"),
    "an event cut off": (text("Hello") + text("x")[:30], {"text": "Hello"}, "incomplete_stream"),
    "an event cut off after the reason": (text("Hello") + STOP + USAGE[:-1], WHOLE, "incomplete_stream"),
    "an event without its blank line": (
        text("Hello") + STOP[:-1],
        {"text": "Hello", "finish_reason": None},
        "incomplete_stream",
    ),
    "half a pair before a broken end": (text("a\ud83d"), {"text": "a\ufffd"}, "incomplete_stream"),
    # Errors
    "an error after text": (
        text("Hello") + event({"error": {"message": "m", "type": "server_error", "code": 5}}) + DONE,
        {"text": "Hello"},
        "server_error",
    ),
    "an error as text": (event({"error": "no"}), {"choices": []}, "stream_error"),
    "an error beside choices": (text("x", error={"message": "m"}), {"choices": []}, "stream_error"),
    "a flat error": (text("Hello") + event({"object": "error", "message": "m"}), {"text": "Hello"}, "stream_error"),
    "an event named error": (text("Hello") + event({"message": "m"}, "error"), {"text": "Hello"}, "stream_error"),
    "an event named error that is no JSON": ("event: error\ndata: oh no\n\n", {"choices": []}, "stream_error"),
    "a list of errors": (event({"errors": [{"code": 1, "message": "m"}]}), {"choices": []}, "stream_error"),
    "broken JSON": (text("Hello") + 'data: {"id":\n\n' + END, {"text": "Hello"}, "malformed_event"),
    "a comment as data": (text("Hello") + "data: : ping\n\n" + END, {"text": "Hello"}, "malformed_event"),
    "two events in one": (text("Hello")[:-1] + text("x"), {"choices": []}, "malformed_event"),
    "a number that JSON has not": ('data: {"choices":[],"x":-Infinity}\n\n', {"choices": []}, "malformed_event"),
    "JSON that is no object": (text("Hello") + "data: [1]\n\n", {"text": "Hello"}, "malformed_event"),
    "JSON that is nested too deeply": ("data: " + "[" * 100_000 + "\n\n", {"choices": []}, "malformed_event"),
    "a number as content": (text("Hello") + text(5) + END, {"text": "Hello"}, "malformed_event"),
    "parts as content": (text([{"type": "text"}]) + END, {"text": None}, "malformed_event"),
    "a choice that is no object": (event({"choices": ["x"]}), {"choices": []}, "malformed_event"),
    "choices that are no list": (event({"choices": {}}), {"choices": []}, "malformed_event"),
    "a negative index": (text("x", index=-1), {"choices": []}, "malformed_event"),
    "a delta that is no object": (event({"choices": [{"index": 0, "delta": "x"}]}), {"text": None}, "malformed_event"),
    "a finish reason that is no text": (text("Hello", finish=1), {"text": "Hello"}, "malformed_event"),
}

WORKERS: dict[str, tuple[str, Json, str | None]] = {
    "text": (event({"response": "Hel", "p": "x"}) + event({"response": "lo"}) + DONE, {"text": "Hello"}, None),
    "null and absent": (
        event({"response": None}) + event({"response": "Hello"}) + event({"p": ""}) + DONE,
        {"text": "Hello"},
        None,
    ),
    "usage": (
        event({"response": "Hello"})
        + event({"response": "", "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
        + DONE,
        {"choices": [{"text": "Hello"}], "usage": {"input": 3, "output": 2, "total": 5}},
        None,
    ),
    "no answer": (DONE, {"choices": []}, None),
    "no mark": (event({"response": "Hello"}), {"text": "Hello"}, "incomplete_stream"),
    "a reason without the mark": (event({"response": "Hello", "finish_reason": "stop"}), {**WHOLE}, None),
    "a number": (event({"response": "Hello"}) + event({"response": 5}) + DONE, {"text": "Hello"}, "malformed_event"),
    "an older call": (
        event({"tool_calls": [{"name": "f", "arguments": {"x": 1}}, {"name": "f", "arguments": {"x": 2}}]}) + DONE,
        {"tool_calls": [a_call(None, "f", '{"x":1}', {"x": 1}), a_call(None, "f", '{"x":2}', {"x": 2})]},
        None,
    ),
    "a call in OpenAI's shape, and the delta of nulls that closes it": (
        event({"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{"}}]})
        + event({"tool_calls": [{"index": 0, "id": None, "type": None, "function": {"name": None, "arguments": "}"}}]})
        + event({"tool_calls": [{"id": None, "type": None, "function": {"name": None, "arguments": ""}}]})
        + DONE,
        {"tool_calls": [a_call("a", "f", "{}", {})]},
        None,
    ),
    "chunks in OpenAI's shape": (text("Hello") + END, WHOLE, None),
    "an error": (event({"response": "Hello"}) + event({"error": "no"}), {"text": "Hello"}, "stream_error"),
    "errors": (event({"success": False, "errors": [{"code": 7, "message": "no"}]}), {"choices": []}, "stream_error"),
}


def named(kind: str, **fields: Json) -> str:
    return event({"type": kind, **fields}, kind)


def opened(index: int, kind: str, **fields: Json) -> str:
    return named("content_block_start", index=index, content_block={"type": kind, **fields})


def piece(index: int, kind: str, **fields: Json) -> str:
    return named("content_block_delta", index=index, delta={"type": kind, **fields})


def said(content: Json, index: int = 0) -> str:
    return piece(index, "text_delta", text=content)


def closed(index: int = 0) -> str:
    return named("content_block_stop", index=index)


def ended(reason: Json = "end_turn", **counts: Json) -> str:
    return named("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": 5, **counts}) + LAST


LAST = named("message_stop")
FIRST = named("message_start", message={"id": "m", "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}})
BLOCK = opened(0, "text", text="")
TOOL = opened(0, "tool_use", id="a", name="f", input={})
THINKING = opened(0, "thinking", thinking="", signature="")
OVERLOADED = event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error")
ALL = {"text": "Hello", "finish_reason": "end_turn"}

ANTHROPIC: dict[str, tuple[str, Json, str | None]] = {
    "text in pieces": (FIRST + BLOCK + said("Hel") + said("lo") + closed() + ended(), ALL, None),
    "nothing but its ends": (FIRST + ended(), {"text": None, "finish_reason": "end_turn"}, None),
    "the last counts": (
        FIRST + named("message_delta", delta={"stop_reason": None}, usage={"output_tokens": 9}) + ended(input_tokens=7),
        {"usage": {"input": 7, "output": 5, "total": None}},
        None,
    ),
    "text in the start": (FIRST + opened(0, "text", text="Hel") + said("lo") + closed() + ended(), ALL, None),
    "two texts at once": (
        FIRST + BLOCK + opened(1, "text", text="") + said("Hel") + said("lo", 1) + closed() + closed(1) + ended(),
        ALL,
        None,
    ),
    "pings and types unknown": (
        event({"type": "ping"}, "ping") + FIRST + event({}, "ping") + BLOCK + named("vertex_event", x=1) + said("Hello")
        + piece(0, "new_delta", text="XXX") + closed() + opened(1, "new", text="XXX") + said("XXX", 1) + closed(1)
        + ended(),
        ALL,
        None,
    ),
    "no names": (
        "".join(line for line in (FIRST + BLOCK + said("Hello") + closed() + ended()).splitlines(keepends=True)
                if not line.startswith("event:")),
        ALL,
        None,
    ),
    "thinking": (
        FIRST + THINKING + piece(0, "thinking_delta", thinking="hm") + piece(0, "signature_delta", signature="x")
        + closed() + opened(1, "text", text="") + said("Hello", 1) + closed(1) + ended(),
        {"text": "Hello", "reasoning": "hm"},
        None,
    ),
    "input in pieces": (
        FIRST + TOOL + piece(0, "input_json_delta", partial_json='{"a":') + piece(0, "input_json_delta", partial_json="1}")
        + closed() + ended("tool_use"),
        {"tool_calls": [a_call("a", "f", '{"a":1}', {"a": 1})], "finish_reason": "tool_use"},
        None,
    ),
    "no input": (
        FIRST + TOOL + piece(0, "input_json_delta", partial_json="") + closed() + ended("tool_use"),
        {"tool_calls": [a_call("a", "f", "{}", {})]},
        None,
    ),
    "input in the start": (
        FIRST + opened(0, "tool_use", id="a", name="f", input={"a": 1}) + closed() + ended("tool_use"),
        {"tool_calls": [a_call("a", "f", '{"a":1}', {"a": 1})]},
        None,
    ),
    "input cut by the limit": (
        FIRST + TOOL + piece(0, "input_json_delta", partial_json='{"a"') + closed() + ended("max_tokens"),
        {"tool_calls": [a_call("a", "f", '{"a"', None)], "finish_reason": "max_tokens"},
        None,
    ),
    "a call cut off": (
        FIRST + TOOL + piece(0, "input_json_delta", partial_json="{}"),
        {"tool_calls": [a_call("a", "f", "{}", None)]},
        "incomplete_stream",
    ),
    "an error": (FIRST + BLOCK + said("Hel") + OVERLOADED, {"text": "Hel", "finish_reason": None}, "overloaded_error"),
    "an error without a name": (FIRST + OVERLOADED.removeprefix("event: error\n"), {"text": None}, "overloaded_error"),
    "an error without its object": (FIRST + event({"type": "error", "message": "no"}), {"text": None}, "error"),
    "no end": (FIRST + BLOCK + said("Hello") + closed() + ended().removesuffix(LAST), ALL, "incomplete_stream"),
    "an end and nothing before": (LAST, {}, "empty_stream"),
    "a delta without a start": (FIRST + said("Hello"), {"text": None}, "malformed_event"),
    "a number as text": (FIRST + BLOCK + said("Hel") + said(5), {"text": "Hel"}, "malformed_event"),
    "after the end": (FIRST + BLOCK + said("Hello") + closed() + ended() + said("XXX") + OVERLOADED, ALL, None),
}  # fmt: skip


def played(pieces: list[bytes], dialect: str, request: Json) -> tuple[Json, dict[Any, str], ClientError | None]:
    stream = ChatStream(dialect, request)
    deltas: dict[Any, str] = {}
    error = None

    def take(found: Any) -> None:
        for delta in found:
            key = (delta.choice, delta.kind)
            deltas[key] = deltas.get(key, "") + delta.text

    try:
        for piece in pieces:
            take(stream.receive(piece))
            if stream.done:
                break
        take(stream.end())
    except ClientError as raised:
        error = raised
    take(stream.flush())
    return stream.report(), deltas, error


def holds(expected: Json, found: Json) -> bool:
    if isinstance(expected, dict):
        return all(holds(value, found.get(key)) for key, value in expected.items())
    if isinstance(expected, list):
        return len(expected) == len(found) and all(map(holds, expected, found))
    return expected == found


CASES = [("openai-chat", name, *row) for name, row in TABLE.items()]
CASES += [("anthropic-messages", name, *row) for name, row in ANTHROPIC.items()]
CASES += [("workers-ai", name, *row) for name, row in WORKERS.items()]


@pytest.mark.parametrize(
    ("dialect", "name", "stream", "expected", "error_type"), CASES, ids=[f"{c[0]}: {c[1]}" for c in CASES]
)
def test_what_a_stream_comes_to(dialect: str, name: str, stream: str, expected: Json, error_type: str | None) -> None:
    request = {"n": 2} if "two choices" in name else {}
    data = stream.encode()
    report, deltas, error = played([data], dialect, request)
    assert (error.type if error else None) == error_type, error and error.message
    whole = report if {"choices", "usage"} & expected.keys() else (report["choices"] or [{}])[0]
    assert holds(expected, whole), report
    for (choice, kind), joined in deltas.items():
        assert next(one for one in report["choices"] if one["index"] == choice)[kind] == joined

    said = error and (error.type, error.message, error.code)
    pieces = [[data[i : i + 1] for i in range(len(data))]] if len(data) < 10_000 else []
    step = 1 + len(data) // 150
    pieces += [[data[:i], data[i:]] for i in range(1, len(data), step)]
    for cut in pieces:
        again, texts, other = played(cut, dialect, request)
        assert (again, texts, other and (other.type, other.message, other.code)) == (report, deltas, said)


@pytest.mark.parametrize(
    ("stream", "request_", "is_whole"),
    [
        (text("a") + STOP, {"n": 2}, False),
        (text("a") + STOP + text("b", index=1), {"n": 2}, False),
        (text("a") + STOP + text("b", index=1, finish="stop"), {"n": 2}, True),
        (text("a") + STOP, ASKED, False),
        (text("a") + STOP + USAGE, ASKED, True),
        (text("a") + STOP, {"stream_options": {"include_usage": False}}, True),
    ],
)
def test_without_its_mark_a_stream_is_whole_only_if_all_that_was_asked_for_came(
    stream: str, request_: Json, is_whole: bool
) -> None:
    _, _, error = played([stream.encode()], "openai-chat", request_)
    assert (error is None) == is_whole


def test_deltas_are_read_one_by_one() -> None:
    stream = ChatStream("openai-chat", {})
    deltas = stream.receive((text("a") + text("b") + text("c")).encode())
    assert next(deltas).text == "a"
    assert next(deltas).text == "b"
    # Who stops here has an answer of what was taken, and no more.
    assert stream.report()["choices"][0]["text"] == "ab"


def test_an_error_keeps_what_the_server_said() -> None:
    _, _, error = played(
        [event({"error": {"message": "slow down", "type": "rate", "code": 429}}).encode()], "openai-chat", {}
    )
    assert error is not None
    assert (error.message, error.type, error.code) == ("slow down", "rate", "429")


def test_a_malformed_event_is_named() -> None:
    _, _, error = played([(text("a") + text(5)).encode()], "openai-chat", {})
    assert error is not None
    assert error.message == "event 1: choices[0].delta.content must be a string or null, found 5"


@pytest.mark.parametrize("chunk_", [{}, {"error": None}, {"error": {}}, {"errors": []}, [], 5, None, {"object": "x"}])
def test_no_error_is_found_where_none_is(chunk_: Json) -> None:
    assert error_in(chunk_) is None


def test_two_megabytes_in_small_pieces_take_no_longer_than_their_size() -> None:
    data = text("y" * 2_000_000).encode() + END.encode()
    for size in (1024, 7):
        report, _, error = played([data[i : i + size] for i in range(0, len(data), size)], "openai-chat", {})
        assert error is None
        assert len(report["choices"][0]["text"]) == 2_000_000
