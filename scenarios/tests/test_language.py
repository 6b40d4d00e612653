"""Files that load: each form of each key, and what it becomes.  The schema for editors accepts them too."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import attrs
import jsonschema
import pytest

from streamproof_scenarios.language.document import parse
from streamproof_scenarios.language.values import Desk
from streamproof_scenarios.language.values import json as json_of
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import (
    Barrier,
    Block,
    ClientOptions,
    Fill,
    Mark,
    Modifiers,
    Payload,
    Raw,
    Reading,
    Repeat,
    Scenario,
    Word,
)
from streamproof_scenarios.plan import Ending

SCHEMA: dict[str, Any] = json.loads((files("streamproof_scenarios") / "schema" / "scenario.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def load(text: str) -> Scenario:
    return loads(text, path="f.yaml", id="group/a-name", fetch={"capture.bin": b"\x00\xff"}.__getitem__)


def stream(steps: str, more: str = "") -> str:
    return f"dialect: openai-chat\nstream: {{steps: [{steps}]}}\n{more}"


def with_answer(keys: str) -> str:
    return f"dialect: openai-chat\nstream: {{steps: [], {keys}}}\n"


def with_key(line: str) -> str:
    return f"dialect: openai-chat\nstream: {{steps: [text: a]}}\n{line}\n"


STEPS: dict[str, Any] = {
    "role: assistant": Word(word="role", value="assistant"),
    "text: Hel": Word(word="text", value="Hel"),
    "{text: Hel, choice: 1}": Word(word="text", value="Hel", modifiers=Modifiers(choice=1)),
    "{choice: 1, text: Hel}": Word(word="text", value="Hel", modifiers=Modifiers(choice=1)),
    "text: no": Word(word="text", value="no"),
    "text: 1:30": Word(word="text", value="1:30"),
    "text: {fill: y, bytes: 20}": Word(word="text", value=Fill("y", 20)),
    "reasoning: hm": Word(word="reasoning", value="hm"),
    "refusal: No.": Word(word="refusal", value="No."),
    "tool: {index: 0, id: a, name: f, arguments: '{}'}": Word(
        word="tool", value={"index": 0, "id": "a", "name": "f", "arguments": "{}"}
    ),
    "tool: {arguments: {fill: x, bytes: 9}}": Word(word="tool", value={"arguments": Fill("x", 9)}),
    "tool: {id: null}": Word(word="tool", value={"id": None}),
    "function: {name: f}": Word(word="function", value={"name": "f"}),
    "finish: stop": Word(word="finish", value="stop"),
    "{finish: stop, unclosed: 1}": Word(word="finish", value="stop", modifiers=Modifiers(unclosed=1)),
    "usage: {input: 3, output: 2}": Word(word="usage", value={"input": 3, "output": 2}),
    "usage: {prompt_tokens: x}": Word(word="usage", value={"prompt_tokens": "x"}),
    "error: {message: slow down, code: 7}": Word(word="error", value={"message": "slow down", "code": 7}),
    "done": Word(word="done"),
    "done: null": Word(word="done"),
    "{done, cut: -1}": Word(word="done", modifiers=Modifiers(cut=(-1,))),
    "{done: , name: end}": Word(word="done", modifiers=Modifiers(name="end")),
    "chunk: {usage: null}": Payload(kind="chunk", value={"usage": None}),
    "event: [1, {a: null}]": Payload(kind="event", value=[1, {"a": None}]),
    "event: 5": Payload(kind="event", value=5),
    "data: '[DONE]'": Payload(kind="data", value="[DONE]"),
    "data: ''": Payload(kind="data", value=""),
    "{text: a, name: null}": Word(word="text", value="a", modifiers=Modifiers(name=None)),
    "{text: a, ascii: true}": Word(word="text", value="a", modifiers=Modifiers(ascii=True)),
    '{text: "\\ud83d", ascii: true}': Word(word="text", value="\ud83d", modifiers=Modifiers(ascii=True)),
    "{text: a, cut: [1, b, inside-utf8]}": Word(
        word="text", value="a", modifiers=Modifiers(cut=(1, "b", "inside-utf8"))
    ),
    "{text: a, break: 'b'}": Word(word="text", value="a", modifiers=Modifiers(breaks=("b",))),
    "{text: a, keep: 40}": Word(word="text", value="a", modifiers=Modifiers(keep=40)),
    "block: ['id: 7', text: Hel, '']": Block(lines=("id: 7", Word(word="text", value="Hel"), "")),
    "block: [done, {text: a, ascii: true}]": Block(
        lines=(Word(word="done"), Word(word="text", value="a", modifiers=Modifiers(ascii=True)))
    ),
    "{block: ['a: b'], unclosed: 2}": Block(lines=("a: b",), modifiers=Modifiers(unclosed=2)),
    "comment: ping": Raw(kind="comment", value="ping"),
    "comment: {fill: c, bytes: 99}": Raw(kind="comment", value=Fill("c", 99)),
    'raw: "data: x\\n"': Raw(kind="raw", value="data: x\n"),
    "{hex: ef bb BF, cut: [1, 2]}": Raw(
        kind="hex", value=b"\xef\xbb\xbf", source="ef bb BF", modifiers=Modifiers(cut=(1, 2))
    ),
    "file: capture.bin": Raw(kind="file", value=b"\x00\xff", source="capture.bin"),
    "json: {a: [1]}": Raw(kind="json", value={"a": [1]}),
    "repeat: {times: 2, steps: [text: a, repeat: {times: 0, steps: []}]}": Repeat(
        times=2, steps=(Word(word="text", value="a"), Repeat(times=0, steps=()))
    ),
    "cut": Barrier(kind="cut"),
    "cut: null": Barrier(kind="cut"),
    "pause: 2s": Barrier(kind="pause", delay_s=2.0),
    "pause: 500ms": Barrier(kind="pause", delay_s=0.5),
    "pause: 1.5s": Barrier(kind="pause", delay_s=1.5),
    "await: delivered": Barrier(kind="await"),
}


def unmarked(step: Any) -> Any:
    """The step without its places."""

    changes: dict[str, Any] = {"mark": None}
    if isinstance(step, Repeat):
        changes["steps"] = tuple(unmarked(inner) for inner in step.steps)
    if isinstance(step, Block):
        changes["lines"] = tuple(line if isinstance(line, str) else unmarked(line) for line in step.lines)
    return attrs.evolve(step, **changes)


@pytest.mark.parametrize(("source", "step"), STEPS.items(), ids=STEPS.keys())
def test_a_step_is_read_in_each_of_its_forms(source: str, step: object) -> None:
    assert [unmarked(read) for read in load(stream(source)).answers[0].steps] == [step]


def test_a_step_is_read_the_same_in_block_style() -> None:
    flow = load(stream("{text: Hel, choice: 1}, finish: stop, done"))
    block = load(
        "dialect: openai-chat\nstream:\n  steps:\n    - text: Hel\n      choice: 1\n    - finish: stop\n    - done\n"
    )
    assert [unmarked(step) for step in block.answers[0].steps] == [unmarked(step) for step in flow.answers[0].steps]
    assert block.answers[0].steps[1].mark == Mark(6, 7)


ANSWERS: dict[str, dict[str, Any]] = {
    "status: 429": {"status": 429},
    "headers: {retry-after: +1, X-A: b, cache-control: null}": {
        "headers": {"retry-after": "1", "X-A": "b", "cache-control": None}
    },
    "delay: 3s": {"delay_s": 3.0},
    "http: h1.0": {"http": "h1.0"},
    "connection: close": {"connection": "close"},
    "framing: length, length_off_by: +500": {"framing": "length", "length_off_by": 500},
    "framing: length, length_off_by: 500": {"framing": "length", "length_off_by": 500},
    "framing: length, length_off_by: -3": {"framing": "length", "length_off_by": -3},
    "encoding: gzip, flush: never": {"encoding": "gzip", "flush": "never"},
    "eol: crlf, space: false, before: [': c', ': c']": {"eol": "crlf", "space": False, "before": (": c", ": c")},
    "end: fin": {"end": Ending(kind="fin")},
    "end: bad-head": {"end": Ending(kind="bad-head")},
    "end: refuse": {"end": Ending(kind="refuse")},
    "end: bad-header": {"end": Ending(kind="bad-header")},
    "end: {stall: in-head}": {"end": Ending(kind="stall", place="in-head")},
    "end: {fin: before-head}": {"end": Ending(kind="fin", place="before-head")},
    "end: in-chunk": {"end": Ending(kind="in-chunk")},
    "http: h2, end: {rst-stream: CANCEL}": {"http": "h2", "end": Ending(kind="rst-stream", code="CANCEL")},
    "http: h2, end: goaway": {"http": "h2", "end": Ending(kind="goaway")},
}


@pytest.mark.parametrize(("source", "fields"), ANSWERS.items(), ids=ANSWERS.keys())
def test_an_answer_is_read(source: str, fields: dict[str, Any]) -> None:
    answer = load(with_answer(source)).answers[0]
    assert {name: getattr(answer, name) for name in fields} == fields
    assert answer.stated >= {"steps"}


KEYS: dict[str, dict[str, Any]] = {
    "title: Two choices": {"title": "Two choices"},
    "": {"title": "A name", "force": "must", "since": "1.0", "profile": "strict", "readings": ()},
    "about: >-\n  Some\n  words.": {"about": "Some words."},
    "refs: [OC-17, 'owner/repo.js#12']": {"refs": ("OC-17", "owner/repo.js#12")},
    "force: open": {"force": "open"},
    "since: '1.10'": {"since": "1.10"},
    "profile: azure": {"profile": "azure"},
    "request: {n: 2, stop: null}": {"request": {"n": 2, "stop": None}},
    "client: {idle_timeout_s: 1, max_retries: 0, stop: {after: 2, how: abort}, runs: 20, parallel: 2, reuse: true}": {
        "client": ClientOptions(
            idle_timeout_s=1.0, max_retries=0, stop_after=2, stop_how="abort", runs=20, parallel=2, reuse=True
        )
    },
    "client: {stop: {after: 1}}": {"client": ClientOptions(stop_after=1)},
    "vary: {end: [fin, reset], framing: [chunked, close]}": {
        "vary": {"end": ("fin", "reset"), "framing": ("chunked", "close")}
    },
    "deliveries: [whole, size:1024, 'at:1,2', random:7, every-split, all]": {
        "deliveries": ("whole", "size:1024", "at:1,2", "random:7", "every-split", "all")
    },
    "breaks: [OC-04, SSE-48]": {"breaks": {"": ("OC-04", "SSE-48")}},
    "breaks: []": {"breaks": {"": ()}},
    "breaks: {openai-chat: [OC-04]}": {"breaks": {"openai-chat": ("OC-04",)}},
    "requires: [tls]": {"requires": ("tls",)},
}


@pytest.mark.parametrize(("source", "fields"), KEYS.items(), ids=KEYS.keys())
def test_a_key_is_read(source: str, fields: dict[str, Any]) -> None:
    scenario = load(with_key(source))
    assert {name: getattr(scenario, name) for name in fields} == fields


READINGS: dict[str, dict[str, Any]] = {
    "{outcome: complete}": {"outcome": ("complete",)},
    "{outcome: [error, incomplete]}": {"outcome": ("error", "incomplete")},
    "{text: Hello}": {"text": "Hello"},
    "{text: {fill: y, bytes: 7}}": {"text": Fill("y", 7)},
    "{finish_reason: null}": {"finish_reason": None},
    "{usage: {total: 5}}": {"usage": {"total": 5}},
    "{tool_calls: unfinished}": {"tool_calls": "unfinished"},
    "{tool_calls: [{id: a, arguments: {p: 1}}, {name: g, arguments: '{}'}]}": {
        "tool_calls": ({"id": "a", "arguments": {"p": 1}}, {"name": "g", "arguments": "{}"})
    },
    "{function_call: {name: f, arguments: '{}'}}": {"function_call": {"name": "f", "arguments": "{}"}},
    "{choices: [{text: a}, {index: 5, finish_reason: null, tool_calls: unfinished}]}": {
        "choices": ({"text": "a"}, {"index": 5, "finish_reason": None, "tool_calls": "unfinished"})
    },
    "{error: {status: 429, says: slow down}}": {"error_status": 429, "error_says": "slow down"},
    "{requests: 2}": {"requests_min": 2, "requests_max": 2},
    "{requests: {min: 1}}": {"requests_min": 1},
    "{wait_s: {min: 1, max: 10}}": {"wait_min_s": 1.0, "wait_max_s": 10.0},
    "{left_within_s: 1, result_within_s: 0.5}": {"left_within_s": 1.0, "result_within_s": 0.5},
    "{cost: linear}": {"cost_linear": True},
    "{notes: [connections]}": {"notes": ("connections",)},
}


@pytest.mark.parametrize(("source", "fields"), READINGS.items(), ids=READINGS.keys())
def test_an_expectation_is_read_with_what_it_states(source: str, fields: dict[str, Any]) -> None:
    (reading,) = load(with_key(f"expect: {source}")).readings
    assert {name: getattr(reading, name) for name in fields} == fields
    assert reading.stated == frozenset(fields)


def test_readings_keep_their_names_and_order() -> None:
    readings = load(with_key("expect: [{as: discard, outcome: error}, {text: a}, {as: flush, text: b}]")).readings
    assert [reading.name for reading in readings] == ["discard", None, "flush"]
    assert all(isinstance(reading, Reading) for reading in readings)


GOOD = [
    *(stream(source) for source in STEPS),
    *(with_answer(source) for source in ANSWERS),
    *(with_key(source) for source in KEYS),
    *(with_key(f"expect: {source}") for source in READINGS),
    with_key("expect: [{as: discard, outcome: error}, {text: a}]"),
    "dialect: [openai-chat, gemini]\nstream: [{steps: []}, {steps: [done], end: stall}]\n",
]


def value_of(text: str) -> Any:
    return json_of(parse(text.encode(), "f.yaml"), "", Desk("f.yaml", {}.__getitem__))


@pytest.mark.parametrize("text", GOOD)
def test_the_schema_accepts_what_loads(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(value_of(text))] == []
