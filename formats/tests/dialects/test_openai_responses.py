"""What openai-responses has beside the tables: messages, hostile events, profiles, and what others' types say."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from streamproof_formats.dialects import machine, read_error
from streamproof_formats.dialects.openai_responses.events import EVENTS
from streamproof_formats.dialects.schema_book import document, event_schema
from streamproof_formats.message import Choice, Message, StreamError, ToolCall, Usage
from streamproof_formats.sse import Event as Sent

from .openai_responses_table import BREAKING, CUT, DEVIATING, FLAT, KEEPING, NESTED, OPEN, raw, searching
from .responses_streams import (
    CALL,
    CALLED,
    REASONED,
    SAID,
    START,
    TEXT,
    Event,
    added,
    arguments,
    before,
    call,
    called,
    changed,
    completed,
    delta,
    done,
    event,
    failed,
    incomplete,
    message,
    part_added,
    reasoning,
    reasoning_part,
    refusal_part,
    response,
    spoken,
    text_part,
    usage,
    whole,
    without,
    written,
)
from .streams import judged, rules
from .table import Row
from .test_event_schema import told_by_jsonschema

NAME = "openai-responses"
ONE_CALL = ToolCall(id="call_0", name="f", arguments="{}")


def message_of(*events: Event) -> Message:
    found = judged(NAME, written(*events)).message
    assert found is not None
    return found


def one(**fields: Any) -> tuple[Choice, ...]:
    return (Choice(index=0, **fields),)


def ended(**fields: Any) -> Message:
    """A message of a stream that is completed, with the usual usage."""
    finish = fields.pop("finish_reason", "completed")
    return Message(
        choices=one(finish_reason=finish, **fields), usage=Usage(input=1, output=2, total=3), ended="terminal"
    )


CUT_SHORT = [*START, *changed(spoken("Hi"), 5, done(CUT)), incomplete(CUT, usage=usage())]
ROTATED = [{**item, "item_id": f"x{n}"} for n, item in enumerate(TEXT[3:7]) if isinstance(item, dict)]

MESSAGES: list[tuple[str, list[Event], Message]] = [
    ("a text", TEXT, ended(text="Hi")),
    ("a text in pieces", [*START, *spoken("Hel", "", "lo"), completed(message(text_part("Hello")))], ended(text="Hello")),
    ("an empty text", [*START, *spoken(""), completed(message(text_part()))], ended(text="")),
    ("no output", [*START, completed()], ended()),
    ("a call", CALL, ended(tool_calls=(ONE_CALL,))),
    (
        "a text and two calls",
        [*START, *spoken("Hi"), *called("{", "}", number=1), *called("[]", number=2), completed()],
        ended(
            text="Hi",
            tool_calls=(
                ToolCall(id="call_1", name="f", arguments="{}"),
                ToolCall(id="call_2", name="f", arguments="[]"),
            ),
        ),
    ),
    ("a summary", [*START, *REASONED, completed(reasoning("So"))], ended(reasoning="So")),
    ("raw reasoning", [*raw("reasoning_text")[:-1], completed()], ended(reasoning="So")),
    ("raw reasoning of Open Responses", [*raw("reasoning")[:-1], completed()], ended(reasoning="So")),
    ("cut short", CUT_SHORT, ended(text="Hi", finish_reason="max_output_tokens")),
    (
        "incomplete for no reason",
        [*START, incomplete(reason=None, usage=usage())],
        ended(finish_reason="incomplete"),
    ),
    (
        "a failure after some text",
        [*TEXT[:5], failed(error={"code": "rate_limit_exceeded", "message": "slow down"})],
        Message(
            choices=one(text="Hi"),
            error=StreamError(message="slow down", code="rate_limit_exceeded"),
            ended="error",
        ),
    ),
    (
        "an error and a failure: the error counts",
        [*TEXT[:5], NESTED, failed(error={"code": "x", "message": "other"})],
        Message(
            choices=one(text="Hi"),
            error=StreamError(message="m", type="server_error", code="server_error"),
            ended="error",
        ),
    ),
    (
        "a flat error",
        [*START, FLAT],
        Message(error=StreamError(message="m", code="server_error"), ended="error"),
    ),
    (
        "nothing is added after an error",
        [*TEXT[:5], NESTED, delta(" more"), completed(SAID)],
        Message(
            choices=one(text="Hi"),
            error=StreamError(message="m", type="server_error", code="server_error"),
            ended="error",
        ),
    ),
    ("nothing is added after the end", [*TEXT, delta(" more"), failed()], ended(text="Hi")),
    ("a stream that breaks off", TEXT[:5], Message(choices=one(text="Hi"), ended="clean")),
    ("a terminator is not the end", [*TEXT[:-1], "[DONE]"], Message(choices=one(text="Hi"), ended="clean")),
    (
        "a call that breaks off",
        CALL[:4],
        Message(
            choices=one(tool_calls=(ToolCall(id="call_0", name="f", arguments="{}", complete=False),)), ended="clean"
        ),
    ),
    ("the whole where there are no deltas", changed(TEXT, 4), ended(text="Hi")),
    ("the item where there are no parts", [*START, added(message(status="in_progress")), *TEXT[7:]], ended(text="Hi")),
    ("the response where there are no items", [*START, completed(SAID, CALLED)], ended(text="Hi", tool_calls=(ONE_CALL,))),
    ("deltas count before the whole", changed(TEXT, 5, whole("Ho")), ended(text="Hi")),
    ("a delta without its item and part", [*START, *TEXT[4:]], ended(text="Hi")),
    ("ids that rotate", [*TEXT[:3], *ROTATED, *TEXT[7:]], ended(text="Hi")),
    (
        "a call without an output_index",
        [
            *START,
            without(added(call(status="in_progress")), "output_index"),
            without(arguments("{}"), "output_index"),
            without(done(CALLED), "output_index"),
            completed(CALLED),
        ],
        ended(tool_calls=(ONE_CALL,)),
    ),
    ("no type but in the event field", [*TEXT[:4], b"event: response.output_text.delta\n" + written({**delta(), "type": ...}), *TEXT[5:]], ended(text="Hi")),
    ("keepalives and unknown types", before(TEXT, 4, {"type": "keepalive"}, {"type": "response.x"}), ended(text="Hi")),
    (
        "a refusal",
        [
            *START,
            added(message(status="in_progress")),
            part_added(refusal_part()),
            delta("No", kind="refusal"),
            done(message(refusal_part("No"))),
            completed(message(refusal_part("No"))),
        ],
        ended(refusal="No"),
    ),
    (
        "a custom tool",
        [
            *START,
            added({"type": "custom_tool_call", "id": "i0", "call_id": "a", "name": "g", "input": ""}),
            event("custom_tool_call_input.delta", delta="x y"),
            event("custom_tool_call_input.done", input="x y"),
            done({"type": "custom_tool_call", "id": "i0", "call_id": "a", "name": "g", "input": "x y"}),
            completed({"type": "custom_tool_call", "id": "i0", "call_id": "a", "name": "g", "input": "x y"}),
        ],
        ended(tool_calls=(ToolCall(id="a", name="g", arguments="x y"),)),
    ),
    ("a hosted call is none of the client's", searching("in_progress", "completed"), ended()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "events", "expected"), MESSAGES, ids=[name for name, _, _ in MESSAGES])
def test_a_stream_adds_up_to_its_message(name: str, events: list[Event], expected: Message) -> None:
    assert message_of(*events) == expected


@pytest.mark.parametrize(("name", "events", "expected"), MESSAGES, ids=[name for name, _, _ in MESSAGES])
def test_the_events_as_items_add_up_to_the_same(name: str, events: list[Event], expected: Message) -> None:
    taker = machine(NAME, request=None)
    for one_ in events:
        if isinstance(one_, dict):
            taker.receive_item({key: value for key, value in one_.items() if value is not ...})
    if all(isinstance(one_, dict) for one_ in events):
        got = taker.message
        assert (got.choices, got.usage, got.error) == (expected.choices, expected.usage, expected.error)


def test_llama_cpp_breaks_rules_of_strict_and_none_of_its_profile() -> None:
    stream = DEVIATING["llama-cpp"]
    assert {"OR-03", "OR-10b", "OR-11", "OR-14", "OR-18", "OR-47"} <= set(rules(judged(NAME, stream)))
    assert judged(NAME, stream, profile="llama-cpp").findings == ()
    cut = stream[: stream.rindex(b"event: ")]
    assert rules(judged(NAME, cut, profile="llama-cpp")) == ["OR-07b", "OR-07c"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            429,
            b'{"error":{"message":"m","type":"t","param":null,"code":"c"}}',
            StreamError(message="m", type="t", code="c", status=429),
        ),
        (500, b"oops", StreamError(message="oops", status=500)),
    ],
)
def test_an_error_in_place_of_a_stream_is_read(status: int, body: bytes, expected: StreamError) -> None:
    assert read_error(NAME, status, body) == expected


ODD: list[Any] = [None, True, 0, -1, 1.0, 1.5, 10**30, "", "x", [], [None], [{}], {}, {"x": 1}, {"type": "message"}]


def sample(name: str) -> dict[str, Any]:
    """A whole event of a type, with every field that its schema knows."""
    return {key: _sample(name, key, schema) for key, schema in document(NAME, name)["properties"].items()}


WHOLE: dict[str, Any] = {
    "response": response(
        "completed",
        [
            message(
                text_part(
                    "x",
                    annotations=[
                        {"type": "file_citation", "file_id": "f", "filename": "n", "index": 0},
                        {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "t", "url": "u"},
                        {"type": "container_file_citation", "container_id": "c", "file_id": "f", "filename": "n",
                         "start_index": 0, "end_index": 1},
                        {"type": "file_path", "file_id": "f", "index": 0},
                    ],
                    logprobs=[{"token": "x", "bytes": [1], "logprob": -0.5,
                               "top_logprobs": [{"token": "x", "bytes": [1], "logprob": -0.5}]}],
                ),
                refusal_part("x"),
            ),
            call("{}"),
            reasoning("x", content=[reasoning_part("x")], encrypted_content="e"),
            {"type": "custom_tool_call", "id": "i", "call_id": "a", "name": "g", "input": "x"},
        ],
        error={"code": "server_error", "message": "m"},
        incomplete_details={"reason": "max_output_tokens"},
        usage=usage(),
        completed_at=1,
    ),
    "item": message(text_part("x")),
    "part": text_part("x"),
    "logprobs": [{"token": "x", "logprob": -0.5, "top_logprobs": [{"token": "x", "logprob": -0.5}]}],
    "annotation": {"type": "file_path", "file_id": "f", "index": 0},
    "output": [{"outcome": {"type": "exit", "exit_code": 0}, "stderr": "", "stdout": ""}],
    "error": {"type": "t", "code": None, "message": "m", "param": None},
}  # fmt: skip


def _sample(name: str, key: str, schema: Any) -> Any:
    if key == "part" and "summary" in name:
        return {"type": "summary_text", "text": "x"}
    if key == "delta" and schema["type"] == "object":
        return {"stdout": "x", "stderr": None}
    if key == "status":
        return "incomplete"
    if key in WHOLE:
        return copy.deepcopy(WHOLE[key])
    if "const" in schema:
        return schema["const"]
    return 0 if schema["type"] == "integer" else "x"


SCHEMAS = [*EVENTS, "error-nested"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_hostile_values_in_any_field_of_any_event_are_judged(name: str) -> None:
    base = sample(name)
    for key in base:
        for value in ODD:
            for profile in ("strict", "open-responses"):
                judging = machine(NAME, request={"tool_choice": "required"}, profile=profile)
                stream = [START[0], {**base, key: value}, base, {**base, key: value}]
                for number, item in enumerate(stream):
                    data = json.dumps(item)
                    for finding in judging.receive(Sent("message", data, "", number, number + 1), number):
                        finding.message.encode()
                        assert len(finding.message) < 500
                list(judging.close("clean", None))
                assert judging.message.ended in ("terminal", "error", "clean")


def test_a_deeply_nested_item_in_the_output_is_compared_or_let_be() -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    item = message(text_part("Hi"), x=deep)
    stream = written(*changed(changed(TEXT, 7, done(item)), 8, completed(item)))
    assert judged(NAME, stream).findings == ()


def test_every_type_of_event_has_a_schema_and_every_schema_a_type() -> None:
    for name in SCHEMAS:
        assert event_schema(NAME, name).faults(sample(name)) == (), name
    assert len(EVENTS) == 59 + 1 + 2  # the SDK's union, keepalive, two of Open Responses


@pytest.mark.parametrize(
    "name",
    [
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.annotation.added",
        "response.shell_call_output_content.done",
        "response.reasoning_summary_part.done",
        "error-nested",
    ],
)
def test_a_schema_of_several_kinds_of_object_is_told_as_jsonschema_tells_it(name: str) -> None:
    value = sample(name)
    for path in places(value)[1:]:
        for odd in [*ODD, {"type": "exit"}, {"type": "url_citation"}, {"type": []}, ...]:
            made = with_odd(value, path, odd)
            found = {fault.path for fault in event_schema(NAME, name).faults(made)}
            assert found == told_by_jsonschema((NAME, name), made), (path, odd)


# What the published types are stricter or laxer in than our schemas, and why.  Place and value are told by the event's
# path; the value is the odd one that was put there, ... for a key that was left out.
DIFFERENCES: list[tuple[str, Any]] = [
    ("a whole number with a point is an integer: JSON Schema says so", lambda path, odd: odd == 1.0 and type(odd) is float),
    ("kinds of items, parts and annotations may be added: they are left open",
     lambda path, odd: path[-1] == "type" and len(path) > 1 and isinstance(odd, str)),
    ("an item of another kind has its own fields, which are not judged",
     lambda path, odd: isinstance(odd, dict) and odd.get("type") == "message"),
    ("the settings of a request that a response repeats are judged by their kind only",
     lambda path, odd: path[:1] == ("response",) and path[1:2] and path[1] in SETTINGS),
    ("codes of errors, reasons and phases may be added",
     lambda path, odd: path[-1] in ("code", "reason", "param") and (odd is None or isinstance(odd, str))),
    ("cache_write_tokens is younger than many servers", lambda path, odd: path[-1] == "cache_write_tokens"),
    ("padding is in the types of some deltas only, and judged in all", lambda path, odd: path[-1] == "obfuscation"),
    ("the name of a function is in one schema of its done event and not in the other",
     lambda path, odd: path == ("name",)),
]  # fmt: skip
SETTINGS = frozenset(
    {"tool_choice", "tools", "instructions", "metadata", "text", "reasoning", "service_tier", "truncation"}
)


def excuses(path: tuple[str | int, ...], odd: Any) -> list[str]:
    """The reasons for which our schemas may differ there."""
    return [reason for reason, test in DIFFERENCES if test(path, odd)]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, item in steps for place in places(item, (*path, step)))]


def with_odd(value: Any, path: tuple[str | int, ...], odd: Any) -> Any:
    made = copy.deepcopy(value)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    if odd is not ...:
        holder[path[-1]] = odd
    elif isinstance(holder, dict):
        del holder[path[-1]]
    return made


def types() -> dict[str, Any]:
    """The types of openai-python's union, each under its event's type."""
    pydantic = pytest.importorskip("pydantic", reason="openai-python is not installed")
    responses = pytest.importorskip("openai.types.responses", reason="openai-python is not installed")
    [union, *_] = responses.ResponseStreamEvent.__args__
    return {model.model_fields["type"].annotation.__args__[0]: pydantic.TypeAdapter(model) for model in union.__args__}


@pytest.mark.clients
def test_the_union_is_that_of_openai_python() -> None:
    assert set(types()) == set(EVENTS) - {"keepalive", "response.reasoning.delta", "response.reasoning.done"}


@pytest.mark.clients
def test_each_schema_accepts_and_refuses_what_the_type_of_openai_python_does() -> None:
    pydantic = pytest.importorskip("pydantic", reason="openai-python is not installed")
    disagreed: list[Any] = []
    used: set[str] = set()
    for name, adapter in types().items():
        value, schema = sample(name), event_schema(NAME, name)
        adapter.validate_python(value, strict=True)
        for path in places(value)[1:]:
            if path[0] == "response" and len(path) > 2 and name != "response.completed":
                continue  # the same type in six events
            for odd in [*ODD, ...]:
                made = with_odd(value, path, odd)
                try:
                    adapter.validate_python(made, strict=True)
                except pydantic.ValidationError:
                    accepted = False
                else:
                    accepted = True
                if accepted != (not schema.faults(made)):
                    reasons = excuses(path, odd)
                    used.update(reasons)
                    if not reasons:
                        disagreed.append((name, path, odd, "accepted" if accepted else "refused"))
    assert disagreed == []
    assert used == {reason for reason, _ in DIFFERENCES}


READ = [kept for kept in KEEPING if kept[3] == {}]


def accumulated(stream: bytes) -> Any:
    """What openai-python makes of a stream's events: its final response, or None where there was no completion."""
    streaming = pytest.importorskip(
        "openai.lib.streaming.responses._responses", reason="openai-python is not installed"
    )
    models = pytest.importorskip("openai._models", reason="openai-python is not installed")
    responses = pytest.importorskip("openai.types.responses", reason="openai-python is not installed")
    omit = pytest.importorskip("openai").omit
    state = streaming.ResponseStreamState(input_tools=omit, text_format=omit)
    for sent in judged("sse", stream).events:
        if sent.data == "[DONE]":
            break
        state.handle_event(models.construct_type(type_=responses.ResponseStreamEvent, value=json.loads(sent.data)))
    return state._completed_response


@pytest.mark.clients
@pytest.mark.parametrize("kept", READ, ids=[kept[1] for kept in READ])
def test_openai_python_reads_what_is_said_to_keep_the_rules(kept: Row) -> None:
    final = accumulated(kept[2])
    ours = judged(NAME, kept[2]).message
    assert ours is not None
    if final is None:
        assert ours.choices == () or ours.choices[0].finish_reason != "completed"
        return
    [choice] = ours.choices
    assert final.output_text == (choice.text or "")
    assert [(one.call_id, one.name, one.arguments) for one in final.output if one.type == "function_call"] == [
        (one.id, one.name, one.arguments) for one in choice.tool_calls
    ]


THROWS = {"OR-05", "OR-10b", "OR-13b"}
NODE_ONLY = {"never done", "done and never added", "done twice", "done without an output_index"}
"""Where openai-node throws and openai-python, which keeps its items by index, does not."""
REFUSED = [
    broken
    for broken in BREAKING
    if broken[3] == {} and len(broken[0]) == 1 and broken[0][0] in THROWS and broken[1] not in NODE_ONLY
]


@pytest.mark.clients
@pytest.mark.parametrize("broken", REFUSED, ids=[broken[1] for broken in REFUSED])
def test_openai_python_fails_on_what_breaks_a_rule_that_rests_on_it(broken: Row) -> None:
    with pytest.raises((RuntimeError, IndexError, AssertionError, AttributeError, TypeError)):
        accumulated(broken[2])


def test_open_responses_is_claimed_by_its_profile_alone() -> None:
    assert judged(NAME, written(*TEXT, "[DONE]"), **OPEN).findings == ()
    assert rules(judged(NAME, written(*TEXT), **OPEN)) == ["OR-36"]
