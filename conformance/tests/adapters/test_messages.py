"""The messages, without processes: what is one, what is not and how that is told; and the schema says the same."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from typing import Any

import attrs
import hypothesis
import hypothesis.strategies as st
import jsonschema
import pytest

from streamproof.adapters import messages
from streamproof.adapters.lines import Lines
from streamproof.adapters.messages import AdapterFault, Sender
from streamproof.adapters.said import CAPABILITIES, Hello, RunRequest

SCHEMA = json.loads(files("streamproof.adapters").joinpath("schema/adapter.schema.json").read_text("utf-8"))
DEFINITION = {"adapter": "fromAdapter", "one-shot": "fromOneShot", "harness": "toAdapter"}

HELLO = {"type": "hello", "protocol": 1, "client": "c", "dialects": ["openai-chat"], "reports": "items"}
RUN = {"type": "run", "id": 1, "dialect": "d", "base_url": "b", "url": "u", "api_key": "k", "request": {}}
CALL = {"id": "call_a", "name": "f", "arguments_raw": "{}", "arguments_json": {}}

GOOD: list[tuple[Sender, dict[str, Any]]] = [
    ("adapter", HELLO),
    ("adapter", {**HELLO, "version": "1", "language": None, "runtime": "x", "capabilities": list(CAPABILITIES)}),
    ("adapter", {**HELLO, "colour": "an unknown key"}),
    ("adapter", {"type": "event", "id": 1, "event": "message", "data": "", "last_event_id": ""}),
    ("adapter", {"type": "event", "id": 1, "event": None, "data": "x"}),
    ("adapter", {"type": "item", "id": 1, "data": {"choices": []}}),
    ("adapter", {"type": "delta", "id": 1, "choice": 2, "text": "你好"}),
    ("adapter", {"type": "delta", "id": 1.0, "reasoning": ""}),
    ("adapter", {"type": "result", "id": 1}),
    ("adapter", {"type": "result", "id": 1, "choices": None, "usage": None, "error": None, "stopped": None}),
    ("adapter", {"type": "result", "id": 1, "choices": [{"index": 1, "tool_calls": [CALL]}, {"text": None}]}),
    ("adapter", {"type": "result", "id": 1, "choices": [{"function_call": {"name": "f", "arguments_json": None}}]}),
    ("adapter", {"type": "result", "id": 1, "choices": [{"tool_calls": [{"arguments": "", "arguments_raw": ""}]}]}),
    ("adapter", {"type": "result", "id": 1, "usage": {"input": 1, "output": None}, "extra_output": ""}),
    ("adapter", {"type": "result", "id": 1, "error": {"status": 500, "code": 7, "phase": "open", "raised": "event"}}),
    ("adapter", {"type": "result", "id": 1, "error": {"code": "rate_limit", "message": None}}),
    ("adapter", {"type": "adapter_error", "id": 1, "message": "x"}),
    ("adapter", {"type": "adapter_error", "message": "x"}),
    ("one-shot", {"choices": []}),
    ("one-shot", {"type": "result", "choices": [{"text": "x"}], "error": {"message": "x"}}),
    ("one-shot", {"type": "adapter_error", "message": "x"}),
    ("harness", {"type": "hello", "protocol": 1}),
    ("harness", RUN),
    ("harness", {**RUN, "client": "a", "idle_timeout_s": 0.5, "max_retries": 0, "stop": {"after": 2, "how": "break"}}),
    ("harness", {"type": "bye"}),
]

BAD: list[tuple[Sender, Any, str]] = [
    ("adapter", 3, "expected a message, a JSON object, found 3"),
    ("adapter", [], "expected a message, a JSON object, found []"),
    ("adapter", {}, "expected a type out of hello, event, item, delta, result, adapter_error, found no type in {}"),
    ("adapter", {"type": None}, "found null"),
    ("adapter", {"type": ["result"]}, 'found ["result"]'),
    ("adapter", {"type": "resutl", "id": 1}, 'found "resutl"; did you mean "result"?'),
    ("adapter", {"type": "run", "id": 1}, 'found "run"'),
    ("adapter", {**HELLO, "protocol": 2}, "expected version 1 of the protocol, found version 2"),
    ("adapter", {"type": "hello", "protocol": 2}, "expected version 1 of the protocol, found version 2"),
    (
        "adapter",
        {"type": "hello", "protocol": 1, "client": "c", "dialect": "x", "reports": "items"},
        'expected this field, found only type, protocol, client, dialect, reports; it has "dialect": write "dialects"',
    ),
    (
        "adapter",
        {**HELLO, "reports": "chunks"},
        'reports of the message hello: expected one of events, items, message, found "chunks"',
    ),
    (
        "adapter",
        {**HELLO, "capabilities": ["tool"]},
        "capabilities[0] of the message hello: expected one of finish_reason",
    ),
    ("adapter", {**HELLO, "capabilities": ["tool"]}, 'found "tool"; did you mean "tools"?'),
    ("adapter", {**HELLO, "capabilities": None}, "expected a list, found null"),
    ("adapter", {**HELLO, "client": ""}, 'client of the message hello: expected a text that is not empty, found ""'),
    ("adapter", {"type": "event", "id": 1, "data": {}}, "data of the message event: expected text, found {}"),
    ("adapter", {"type": "event", "data": ""}, "id of the message event: expected this field"),
    (
        "adapter",
        {"type": "item", "id": True, "data": {}},
        "id of the message item: expected a whole number, found true",
    ),
    ("adapter", {"type": "item", "id": "1", "data": {}}, 'expected a whole number, found "1"'),
    ("adapter", {"type": "item", "id": 1, "data": "{}"}, 'data of the message item: expected an object, found "{}"'),
    ("adapter", {"type": "delta", "id": 1, "choice": 0}, "expected text, reasoning or refusal in a delta"),
    ("adapter", {"type": "delta", "id": 1, "text": None}, "text of the message delta: expected text, found null"),
    (
        "adapter",
        {"type": "delta", "id": 1, "choice": -1, "text": ""},
        "choice of the message delta: expected a whole number from 0, found -1",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "choices": {}},
        "choices of the message result: expected a list or null, found {}",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "choices": ["x"]},
        'choices[0] of the message result: expected an object, found "x"',
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "choices": [{"text": 1}]},
        "choices[0].text of the message result: expected text or null, found 1",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "choices": [{"tool_calls": [CALL, {"arguments_raw": {}}]}]},
        "choices[0].tool_calls[1].arguments_raw of the message result: expected text or null, found {}",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "choices": [{"tool_calls": [{"arguments": "{}"}]}]},
        "expected arguments_raw or arguments_json, found arguments",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "choices": [{"function_call": {"arguments": "{}"}}]},
        "expected arguments_raw or arguments_json, found arguments",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "usage": {"input": 1.5}},
        "usage.input of the message result: expected a whole number or null, found 1.5",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "error": "no"},
        'error of the message result: expected an object or null, found "no"',
    ),
    ("adapter", {"type": "result", "id": 1, "error": {"status": "500"}}, "error.status of the message result"),
    (
        "adapter",
        {"type": "result", "id": 1, "error": {"code": 1.5}},
        "expected text or a whole number or null, found 1.5",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "error": {"phase": "reading"}},
        "error.phase of the message result: expected one of open, stream, close or null",
    ),
    (
        "adapter",
        {"type": "result", "id": 1, "stopped": 1},
        "stopped of the message result: expected true or false or null, found 1",
    ),
    ("adapter", {"type": "adapter_error", "id": 1}, "message of the message adapter_error: expected this field"),
    ("one-shot", {"choices": 1}, "choices of the message result: expected a list or null, found 1"),
    ("one-shot", {"type": "delta", "text": ""}, "expected a type out of result, adapter_error"),
    ("harness", {**RUN, "stop": {"after": 2}}, "stop.how of the message run: expected this field"),
    ("harness", {**RUN, "max_retries": -1}, "max_retries of the message run: expected a whole number from 0 or null"),
]

LINES = [
    (b"", "expected a message, a JSON object on one line, found an empty line"),
    (b"Loading model...", 'found "Loading model..." (Expecting value: line 1 column 1 (char 0)); only messages'),
    (b'{"type":"result","id":1', "write one JSON object on each line"),
    (b'{"a":1}{"b":2}', "(Extra data"),
    (b"\xff\xfe", r'expected UTF-8, found "\\xff\\xfe" with an invalid byte at 0'),
    (b'{"type":"result","id":NaN}', "(NaN is not JSON)"),
    (b'{"type":"result","id":' + b"9" * 5000 + b"}", "4300 digits"),
    (b'{"type":' + b"[" * 100_000, "nested too deeply"),
    (b"\x1b[31mred\x1b[0m", r'"\u001b[31mred\u001b[0m"'),
    (b"x" * 1000, "(1,000 bytes)"),
]


VALIDATORS = {
    sender: jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})
    for sender, name in DEFINITION.items()
}


def says(sender: Sender, message: Any) -> bool:
    return bool(VALIDATORS[sender].is_valid(message))


@pytest.mark.parametrize(("sender", "message"), GOOD, ids=lambda value: str(value)[:70])
def test_a_message_of_the_protocol_is_taken_and_the_schema_agrees(sender: Sender, message: dict[str, Any]) -> None:
    parsed = messages.parse(json.dumps(message, ensure_ascii=False).encode() + b"\r", "line 1", sender)
    assert parsed == ({"type": "result", **message} if sender == "one-shot" else message)
    assert says(sender, message)


@pytest.mark.parametrize(("sender", "message", "text"), BAD, ids=lambda value: str(value)[:70])
def test_anything_else_is_a_fault_in_words_and_the_schema_agrees(sender: Sender, message: Any, text: str) -> None:
    with pytest.raises(AdapterFault) as caught:
        messages.parse(json.dumps(message).encode(), "line 7 of its standard output", sender)
    assert str(caught.value).startswith("line 7 of its standard output: ")
    assert text in str(caught.value)
    assert "; " in str(caught.value), "no fix"
    assert not says(sender, message)


@pytest.mark.parametrize(("line", "text"), LINES, ids=lambda value: repr(value)[:30])
def test_a_line_that_is_no_json_is_told_shortened_and_escaped(line: bytes, text: str) -> None:
    with pytest.raises(AdapterFault) as caught:
        messages.parse(line, "line 1")
    assert text in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["text", "index", "id"]), inner, max_size=2)
    ),
    max_leaves=3,
)


def places(value: Any) -> list[tuple[Any, ...]]:
    """Every path into a JSON value, the empty one left out."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, below in entries for path in [(key,), *((key, *deeper) for deeper in places(below))]]


@hypothesis.given(st.sampled_from([row for row in GOOD if places(row[1])]), st.data(), JSON)
def test_the_checks_and_the_schema_agree_on_any_message(
    row: tuple[Sender, dict[str, Any]], data: st.DataObject, value: Any
) -> None:
    sender, message = row[0], copy.deepcopy(row[1])
    *way, last = data.draw(st.sampled_from(places(message)))
    holder: Any = message
    for step in way:
        holder = holder[step]
    if data.draw(st.booleans()):
        holder[last] = value
    else:
        del holder[last]
    found = "a message"
    try:
        messages.parse(json.dumps(message).encode(), "line 1", sender)
    except AdapterFault as fault:
        found = str(fault)
    # Which choice is which is beyond a schema.
    hypothesis.assume("another index" not in found)
    assert says(sender, message) == (found == "a message")


def test_two_choices_with_one_index_are_a_fault() -> None:
    with pytest.raises(
        AdapterFault, match=r"choices\[1\].index .* expected another index for each choice, found 0 twice"
    ):
        messages.parse(b'{"type":"result","id":1,"choices":[{},{"index":0}]}', "line 1")


def test_the_schema_is_one_and_knows_the_closed_lists() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert tuple(SCHEMA["$defs"]["capability"]["enum"]) == CAPABILITIES
    for sender, message in GOOD:
        if sender != "one-shot":
            assert jsonschema.Draft202012Validator(SCHEMA).is_valid(message)


def test_what_the_harness_writes_is_a_message_of_the_protocol() -> None:
    request = RunRequest(
        dialect="openai-chat", base_url="http://h/v1", url="http://h/v1/chat/completions", api_key="k",
        request={"messages": [{"role": "user", "content": "你\n好"}]}, stop={"after": 1, "how": "abort"},
    )  # fmt: skip
    line = messages.run_line(17, request)
    assert line.count(b"\n") == 1
    assert line.isascii()
    parsed = messages.parse(line, "line 1", "harness")
    assert parsed == {"type": "run", "id": 17, **attrs.asdict(request)}


def test_hello_may_leave_out_what_it_does_not_use() -> None:
    assert messages.hello(HELLO) == Hello(client="c", dialects=("openai-chat",), reports="items")


@pytest.mark.parametrize("size", range(1, 9))
def test_lines_do_not_depend_on_how_the_bytes_arrive(size: int) -> None:
    data = b"one\n\ntwo\r\nthree"
    lines = Lines()
    found = []
    for at in range(0, len(data), size):
        found += [(lines.number, line) for line in lines.feed(data[at : at + size])]
    assert found == [(1, b"one"), (2, b""), (3, b"two\r")]
    assert lines.rest() == b"three"
    assert lines.where == "line 4 of its standard output"


@pytest.mark.parametrize("pieces", [[b"123456789"], [b"12345", b"6789"], [b"ok\n123456789\n"]])
def test_a_line_past_the_limit_is_a_fault(pieces: list[bytes]) -> None:
    lines = Lines(limit=8)
    with pytest.raises(AdapterFault, match="found more"):
        [line for piece in pieces for line in lines.feed(piece)]
