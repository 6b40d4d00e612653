"""The compiler: steps and keys of an answer in, bytes, barriers, headers and framing out."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from streamproof_scenarios.compiler import case_hash, cases, compile_answer, compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import AnswerPlan, AwaitDelivered, Ending, Goaway, Operation, Pause, Write
from streamproof_scenarios.problem import ScenarioError


def case_of(stream: str, more: str = "") -> Case:
    return cases(loads(f"dialect: workers-ai\nstream: {stream}\n{more}", path="f.yaml", id="a"))[0]


def answer(stream: str, **options: Any) -> AnswerPlan:
    return compile_case(case_of(stream), **options).answer(0)


def operations(stream: str) -> list[Operation]:
    return list(answer(stream).operations())


BODIES = {
    "steps: []": b"",
    "steps: [text: a]": b'data: {"response":"a"}\n\n',
    "eol: crlf, steps: [text: a]": b'data: {"response":"a"}\r\n\r\n',
    "eol: cr, steps: [text: a, comment: c]": b'data: {"response":"a"}\r\r: c\r\r',
    "space: false, steps: [text: a, comment: c, {data: x, name: y}]": (
        b'data:{"response":"a"}\n\n:c\n\nevent:y\ndata:x\n\n'
    ),
    "before: [': c', 'id: 7'], steps: [text: a, done]": (
        b': c\nid: 7\ndata: {"response":"a"}\n\n: c\nid: 7\ndata: [DONE]\n\n'
    ),
    "before: [': c'], steps: [comment: x, block: [y], raw: z]": b": x\n\ny\n\nz",
    "steps: [event: {a: [1, 1.5, null, true, 你]}]": 'data: {"a":[1,1.5,null,true,"你"]}\n\n'.encode(),
    "steps: [{event: 你, ascii: true}]": b'data: "\\u4f60"\n\n',
    "steps: [data: '[DONE]']": b"data: [DONE]\n\n",
    'steps: [data: "a\\nb\\r\\nc"]': b"data: a\ndata: b\ndata: c\n\n",
    "steps: [data: '']": b"data: \n\n",
    "steps: [{text: a, name: ping}]": b'event: ping\ndata: {"response":"a"}\n\n',
    "steps: [block: ['retry: 3000']]": b"retry: 3000\n\n",
    "steps: [block: ['id: 7', text: a, ':', done, '']]": b'id: 7\ndata: {"response":"a"}\n:\ndata: [DONE]\n\n\n',
    "steps: [comment: '', comment: ' x']": b":\n\n:  x\n\n",
    'steps: [comment: "a\\nb"]': b": a\n: b\n\n",
    "steps: [{text: a, unclosed: 1}]": b'data: {"response":"a"}\n',
    "steps: [{text: a, unclosed: 2}]": b'data: {"response":"a"}',
    "eol: crlf, steps: [{text: a, unclosed: 1}]": b'data: {"response":"a"}\r\n',
    "eol: crlf, steps: [{comment: a, unclosed: 2}]": b": a",
    "steps: [{text: a, keep: 7}]": b"data: {",
    "steps: [{text: a, keep: -1}]": b'data: {"response":"a"}\n',
    "steps: [{text: a, keep: '\"resp'}, raw: '!']": b'data: {"resp!',
    "steps: [{text: é, keep: inside-utf8}]": b'data: {"response":"\xc3',
    "eol: crlf, steps: [{text: a, keep: inside-crlf}]": b'data: {"response":"a"}\r',
    "steps: [{text: ab, break: '\"response\":'}]": b'data: {"response":\ndata: "ab"}\n\n',
    "steps: [{text: ab, break: [7, -3]}]": b'data: {\ndata: "response":"ab"\ndata: }\n\n',
    "space: false, eol: crlf, steps: [{text: ab, break: '{'}]": b'data:{\r\ndata:"response":"ab"}\r\n\r\n',
    "steps: [block: [{text: ab, break: '{'}]]": b'data: {\ndata: "response":"ab"}\n\n',
    "steps: [raw: 'é', hex: 00ff, raw: {fill: xy, bytes: 3}]": b"\xc3\xa9\x00\xffxyx",
    "steps: [json: {a: 你}]": '{"a":"你"}'.encode(),
    "steps: [{json: {a: 你}, ascii: true}]": b'{"a":"\\u4f60"}',
    "steps: [repeat: {times: 2, steps: [raw: a, repeat: {times: 3, steps: [raw: b]}]}, raw: c]": b"abbbabbbc",
    "steps: [repeat: {times: 0, steps: [raw: a]}]": b"",
    "steps: [repeat: {times: 1000000000, steps: [repeat: {times: 1000000000, steps: []}]}, raw: a]": b"a",
}


def names_of(dialect: str, stream: str) -> list[list[str]]:
    """Of each block that an answer writes the lines, data cut to its type."""
    case = cases(loads(f"dialect: {dialect}\nstream: {stream}\n", path="f.yaml", id="a"))[0]
    body = b"".join(op.data for op in compile_case(case).answer(0).operations() if isinstance(op, Write)).decode()
    blocks = [block.split("\n") for block in body.split("\n\n") if block]
    return [
        [json.loads(line[6:])["type"] if line.startswith("data: {") else line for line in lines] for lines in blocks
    ]


def event(name: str) -> list[str]:
    return [f"event: {name}", name]


WRAPPED = {
    "anthropic-messages": [
        event("message_start"), event("content_block_start"), ["id: 7", *event("content_block_delta"), ": c"],
        ["id: 8", *event("content_block_delta")],
    ],
    "openai-responses": [
        event("response.created"), event("response.in_progress"), event("response.output_item.added"),
        event("response.content_part.added"), ["id: 7", *event("response.output_text.delta"), ": c"],
        ["id: 8", *event("response.output_text.delta")],
    ],
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "blocks"), WRAPPED.items(), ids=WRAPPED.keys())
def test_the_lines_of_a_block_stand_around_the_last_event_of_its_step(dialect: str, blocks: list[list[str]]) -> None:
    stream = "{steps: [role: assistant, block: ['id: 7', text: a, ': c'], block: ['id: 8', text: b]]}"
    assert names_of(dialect, stream) == blocks


def test_a_block_whose_second_step_needs_events_of_its_own_is_told() -> None:
    with pytest.raises(ScenarioError, match=r"expected steps of one event behind the first of a block, found one of "):
        names_of("anthropic-messages", "{steps: [role: assistant, block: [text: a, finish: stop]]}")


@pytest.mark.parametrize(("stream", "written"), BODIES.items(), ids=BODIES.keys())
def test_steps_become_these_bytes(stream: str, written: bytes) -> None:
    assert answer(f"{{{stream}}}").body() == written


OPERATIONS: dict[str, list[Operation]] = {
    "raw: ab, raw: c": [Write(b"ab", step=0), Write(b"c", step=1)],
    "raw: ab, cut, raw: c": [Write(b"ab", True, 0), Write(b"c", step=2)],
    "raw: ab, pause: 2s, raw: c": [Write(b"ab", step=0), Pause(2.0), Write(b"c", step=2)],
    "raw: ab, await: delivered": [Write(b"ab", step=0), AwaitDelivered()],
    "{raw: abc, cut: 1}": [Write(b"a", True, 0), Write(b"bc", step=0)],
    "{raw: abc, cut: [-1, 1]}": [Write(b"a", True, 0), Write(b"b", True, 0), Write(b"c", step=0)],
    "{raw: abc, cut: [0, 3]}, raw: d": [Write(b"abc", True, 0), Write(b"d", step=1)],
    "{raw: abcabc, cut: bc}": [Write(b"abc", True, 0), Write(b"abc", step=0)],
    "{raw: aé, cut: inside-utf8}": [Write(b"a\xc3", True, 0), Write(b"\xa9", step=0)],
    "{raw: 你, cut: inside-utf8}": [Write(b"\xe4", True, 0), Write(b"\xbd", True, 0), Write(b"\xa0", step=0)],
    '{raw: "a\\r\\nb", cut: inside-crlf}': [Write(b"a\r", True, 0), Write(b"\nb", step=0)],
    "{raw: abcdef, keep: 4, cut: -1}": [Write(b"abc", True, 0), Write(b"d", step=0)],
    "role: assistant, raw: a, finish: stop": [Write(b"a", step=1)],
    "repeat: {times: 2, steps: [raw: a, pause: 5ms]}, raw: b": [
        Write(b"a", step=1), Pause(0.005), Write(b"a", step=1), Pause(0.005), Write(b"b", step=3),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), OPERATIONS.items(), ids=OPERATIONS.keys())
def test_as_written_is_one_write_for_each_step_and_barriers_in_place(steps: str, expected: list[Operation]) -> None:
    assert operations(f"{{steps: [{steps}]}}") == expected


def test_a_goaway_is_a_barrier() -> None:
    assert operations("{http: h2, steps: [raw: a, goaway: graceful, raw: b]}") == [
        Write(b"a", step=0),
        Goaway(),
        Write(b"b", step=2),
    ]


def test_operations_are_fresh_at_each_call_and_repeats_are_not_played_out() -> None:
    plan = answer("{steps: [repeat: {times: 1000000000, steps: [raw: a, pause: 1ms]}]}")
    for _ in range(2):
        played = plan.operations()
        assert [next(played) for _ in range(3)] == [Write(b"a", step=1), Pause(0.001), Write(b"a", step=1)]


PROBLEMS = {
    "{raw: abc, cut: 4}": "place 4 is outside of the step, which has 3 bytes",
    "{raw: abc, keep: -4}": "place -4 is outside of the step, which has 3 bytes",
    "{raw: abc, cut: x}": "the step has no 'x': its bytes begin 'abc'",
    "{text: abc, cut: inside-utf8}": (
        'the step has no character of several bytes: its bytes begin \'data: {"response":"abc"}\\n\\n\''
    ),
    "{raw: a, cut: inside-crlf}": "the step has no CRLF: its bytes begin 'a'",
    "{finish: stop, cut: -1}": "the step writes nothing in this dialect, so no place is in it; take another step",
    "{text: a, break: 3}": "break at 3 is outside of the data of the event; write a place in it",
    "{text: a, break: -1}": "break at 23 is outside of the data of the event; write a place in it",
}


@pytest.mark.parametrize(("steps", "message"), PROBLEMS.items(), ids=PROBLEMS.keys())
def test_a_place_that_is_not_there_is_told(steps: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        operations(f"{{steps: [{steps}]}}")
    assert str(caught.value) == f"f.yaml:2:18: {message}"


USUAL = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))

HEADERS = {
    "steps: []": USUAL,
    "headers: {X-A: b, retry-after: 1}, steps: []": (*USUAL, ("X-A", "b"), ("retry-after", "1")),
    "headers: {Content-Type: text/plain}, steps: []": (("cache-control", "no-cache"), ("Content-Type", "text/plain")),
    "headers: {content-type: null, cache-control: null}, steps: []": (),
    "headers: {content-encoding: gzip}, steps: []": (*USUAL, ("content-encoding", "gzip")),
    "encoding: gzip, steps: []": (*USUAL, ("content-encoding", "gzip")),
    "steps: [json: {}]": (("content-type", "application/json"), ("cache-control", "no-cache")),
    "status: 500, steps: [error: {}]": (("content-type", "application/json"), ("cache-control", "no-cache")),
    "status: 500, steps: [raw: oops]": USUAL,
}


@pytest.mark.parametrize(("stream", "headers"), HEADERS.items(), ids=HEADERS.keys())
def test_headers_are_the_usual_ones_with_those_of_the_file(stream: str, headers: tuple[tuple[str, str], ...]) -> None:
    assert answer(f"{{{stream}}}").headers == headers


FRAMINGS: dict[str, dict[str, Any]] = {
    "steps: [raw: abc]": {"framing": "chunked", "content_length": None, "close": False, "http": "h1"},
    "framing: close, steps: []": {"framing": "close", "close": True},
    "connection: close, steps: []": {"framing": "chunked", "close": True},
    "framing: length, steps: [raw: abc, repeat: {times: 3, steps: [raw: é]}]": {
        "framing": "length", "content_length": 9,
    },
    "framing: length, steps: [repeat: {times: 1000000000, steps: [raw: abc]}]": {"content_length": 3_000_000_000},
    "framing: length, length_off_by: 500, steps: [raw: abc]": {"content_length": 503},
    "framing: length, length_off_by: -2, steps: [raw: abc]": {"content_length": 1},
    "framing: length, length_off_by: -9, steps: [raw: abc]": {"content_length": 0},
    "framing: length, steps: [{raw: abcdef, keep: 2, cut: 1}]": {"content_length": 2},
    "steps: [json: {}]": {"framing": "length", "content_length": 2},
    "framing: chunked, steps: [json: {}]": {"framing": "chunked", "content_length": None},
    "status: 429, steps: [error: {}]": {"framing": "length", "status": 429},
    "http: h1.0, steps: []": {"framing": "close", "close": True, "http": "h1.0"},
    "http: h1.0, framing: length, steps: []": {"framing": "length", "content_length": 0, "close": False},
    "http: h2, steps: [], end: {rst-stream: CANCEL}": {
        "framing": "h2", "http": "h2", "close": False, "ending": Ending(kind="rst-stream", code="CANCEL"),
    },
    "delay: 3s, steps: [], end: refuse": {"delay_s": 3.0, "ending": Ending(kind="refuse")},
}  # fmt: skip


@pytest.mark.parametrize(("stream", "fields"), FRAMINGS.items(), ids=FRAMINGS.keys())
def test_framing_and_ending_are_as_stated_or_usual(stream: str, fields: dict[str, Any]) -> None:
    plan = answer(f"{{{stream}}}")
    assert {name: getattr(plan, name) for name in fields} == fields


def written(stream: str, **options: Any) -> list[bytes]:
    return [operation.data for operation in answer(stream, **options).operations() if isinstance(operation, Write)]


def test_a_flushed_gzip_body_can_be_read_after_each_write() -> None:
    writes = written("{encoding: gzip, steps: [raw: Hel, await: delivered, raw: lo, pause: 1ms]}")
    reader = zlib.decompressobj(wbits=31)
    assert [reader.decompress(data) for data in writes] == [b"Hel", b"lo", b""]
    assert reader.eof


def test_a_gzip_body_that_is_never_flushed_comes_at_the_end() -> None:
    writes = written("{encoding: gzip, flush: never, steps: [raw: Hel, await: delivered, raw: lo]}")
    assert gzip.decompress(b"".join(writes)) == b"Hello"
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(writes[0]) == b""


def test_a_gzip_body_that_is_cut_off_lacks_the_end_of_its_format() -> None:
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(b"".join(written("{encoding: gzip, steps: [raw: Hello], end: fin}"))) == b"Hello"
    assert not reader.eof


def test_a_brotli_body_can_be_read_after_each_write() -> None:
    brotli = pytest.importorskip("brotli")
    writes = written("{encoding: br, steps: [raw: Hel, raw: lo]}")
    reader = brotli.Decompressor()
    assert [bytes(reader.process(data)) for data in writes] == [b"Hel", b"lo"]
    assert reader.is_finished()


def test_places_in_an_encoded_body_count_its_bytes() -> None:
    whole = b"".join(written("{encoding: gzip, steps: [raw: Hello, raw: ' you']}"))
    plan = answer("{encoding: gzip, steps: [{raw: Hello, cut: [3, 10]}, raw: ' you']}")
    writes = [operation for operation in plan.operations() if isinstance(operation, Write)]
    assert b"".join(operation.data for operation in writes) == whole
    assert [(len(write.data), write.promised) for write in writes[:2]] == [(3, True), (7, True)]
    kept = answer("{encoding: gzip, framing: length, steps: [{raw: Hello, keep: 12}], end: fin}")
    assert kept.body() == whole[:12]
    assert kept.content_length == 12


@pytest.mark.parametrize(
    ("stream", "message"),
    {
        "{encoding: gzip, steps: [{raw: a, cut: a}]}": "in an encoded body a place must be a byte offset",
        "{encoding: gzip, steps: [{raw: a, cut: 5000}]}": "place 5000 is outside of the step",
        "{encoding: gzip, flush: never, steps: [{raw: a, cut: 1}]}": "with flush: never a step has no bytes of its own",
    }.items(),
)
def test_a_place_that_an_encoded_step_cannot_have_is_told(stream: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        answer(stream)


def test_a_body_is_plain_for_a_client_that_offered_no_encoding() -> None:
    plan = answer("{encoding: gzip, framing: length, steps: [raw: Hello]}", encoding_ok=False)
    assert (plan.body(), plan.content_length, plan.encoding, plan.headers) == (b"Hello", 5, None, USUAL)
    assert answer("{encoding: gzip, steps: [raw: Hello]}").encoding == "gzip"


def test_a_list_of_answers_goes_to_one_request_after_the_other_and_the_last_repeats() -> None:
    plan = compile_case(case_of("[{status: 429, steps: [error: {}]}, {steps: [raw: a]}]"))
    assert [plan.answer(number).status for number in range(4)] == [429, 200, 200, 200]


def test_a_plan_has_the_short_name_of_case_and_delivery() -> None:
    case = case_of("{steps: [raw: a]}")
    assert compile_case(case).hash == case_hash("a", "as-written") == "fbccecc8"
    assert compile_case(case, "whole").hash == case_hash("a", "whole") != compile_case(case).hash


def test_one_answer_can_be_compiled_alone() -> None:
    case = case_of("{steps: [raw: ab]}")
    assert list(compile_answer(case.answers[0], case, "bytewise").operations()) == [
        Write(b"a", True),
        Write(b"b", False),
    ]
