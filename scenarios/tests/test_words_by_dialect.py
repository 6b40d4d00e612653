"""The words of further dialects: one step in, the exact bytes out; and what no document finds fault with."""

from __future__ import annotations

import pytest

from streamproof_formats.judge import judge
from streamproof_scenarios.compiler import cases, compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.problem import ScenarioError


def body(dialect: str, steps: str, answer: str = "", more: str = "") -> str:
    text = f"dialect: {dialect}\nstream: {{{answer}steps: [{steps}]}}\n{more}"
    (case,) = cases(loads(text, path="f.yaml", id="a"))
    return compile_case(case).answer(0).body().decode()


def completion(text: str, index: int = 0, finish: str = "null") -> str:
    head = '{"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"m","choices":['
    return f'data: {head}{{"text":"{text}","index":{index},"logprobs":null,"finish_reason":{finish}}}]}}\n\n'


def chunk(delta: str, index: int = 0, finish: str = "null", more: str = "") -> str:
    head = '{"id":"cmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":['
    return f'data: {head}{{"index":{index},"delta":{delta},"finish_reason":{finish}}}]{more}}}\n\n'


def named(name: str, rest: str) -> str:
    return f'event: {name}\ndata: {{"type":"{name}"{rest}}}\n\n'


def message_end(reason: str, more: str = "") -> str:
    counts = '{"input_tokens":3,"output_tokens":2}'
    usage = f'"usage":{{"billed_units":{counts},"tokens":{counts}}}'
    return named("message-end", f',"id":"c0-1","delta":{{"finish_reason":"{reason}"{more},{usage}}}')


MESSAGE_START = named(
    "message-start",
    ',"id":"c0-1","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}',
)
USAGE = ',"usage":{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}'

WRITTEN = {
    "openai-completions": {
        "role: assistant": "",
        "text: 你好": completion("你好"),
        "{text: a, choice: 1}": completion("a", 1),
        "finish: length": completion("", finish='"length"'),
        "usage: {input: 3, output: 2}": (
            'data: {"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"m","choices":[]'
            + USAGE % (3, 2, 5)
            + "}\n\n"
        ),
        "error: {message: slow down}": (
            'data: {"error":{"message":"slow down","type":"server_error","param":null,"code":null}}\n\n'
        ),
        "chunk: {choices: []}": (
            'data: {"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"m","choices":[]}\n\n'
        ),
        "done": "data: [DONE]\n\n",
    },
    "cohere-v2": {
        "role: assistant": MESSAGE_START,
        "text: Hel, text: lo": MESSAGE_START
        + named("content-start", ',"index":0,"delta":{"message":{"content":{"type":"text","text":""}}}')
        + named("content-delta", ',"index":0,"delta":{"message":{"content":{"text":"Hel"}}}')
        + named("content-delta", ',"index":0,"delta":{"message":{"content":{"text":"lo"}}}'),
        "reasoning: hm, text: Hi": MESSAGE_START
        + named("content-start", ',"index":0,"delta":{"message":{"content":{"type":"thinking","thinking":""}}}')
        + named("content-delta", ',"index":0,"delta":{"message":{"content":{"thinking":"hm"}}}')
        + named("content-end", ',"index":0')
        + named("content-start", ',"index":1,"delta":{"message":{"content":{"type":"text","text":""}}}')
        + named("content-delta", ',"index":1,"delta":{"message":{"content":{"text":"Hi"}}}'),
        "tool: {id: a, name: f}, tool: {arguments: '{}'}, finish: tool_calls": MESSAGE_START
        + named(
            "tool-call-start",
            ',"index":0,"delta":{"message":{"tool_calls":'
            '{"id":"a","type":"function","function":{"name":"f","arguments":""}}}}',
        )
        + named("tool-call-delta", ',"index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}')
        + named("tool-call-end", ',"index":0')
        + message_end("TOOL_CALL"),
        "usage: {input: 7, output: 1}, finish: COMPLETE": MESSAGE_START
        + named(
            "message-end",
            ',"id":"c0-1","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":7,"output_tokens":1}}}',
        ),
        "finish: length": MESSAGE_START + message_end("MAX_TOKENS"),
        "error: {message: slow down, type: x}": MESSAGE_START + message_end("ERROR", ',"error":"slow down"'),
        "event: {type: debug, prompt: x}": named("debug", ',"prompt":"x"'),
        "chunk: {type: content-end, index: 0}": named("content-end", ',"index":0'),
        "done": "data: [DONE]\n\n",
    },
    "mistral": {
        "role: assistant": chunk('{"role":"assistant","content":""}'),
        "text: Hel": chunk('{"content":"Hel"}'),
        "reasoning: hm": chunk('{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}'),
        "tool: {index: 0, id: aaaaaaaaa, name: f, arguments: '{}'}": chunk(
            '{"content":"","tool_calls":[{"index":0,"id":"aaaaaaaaa","function":{"name":"f","arguments":"{}"}}]}'
        ),
        "tool: {id: aaaaaaaaa, type: function, name: f}": chunk(
            '{"content":"","tool_calls":[{"id":"aaaaaaaaa","type":"function","function":{"name":"f","arguments":""}}]}'
        ),
        "finish: stop": chunk('{"content":""}', finish='"stop"', more=USAGE % (3, 2, 5)),
        "usage: {input: 7, output: 1}, finish: length": chunk(
            '{"content":""}', finish='"length"', more=USAGE % (7, 1, 8)
        ),
        "error: {message: slow down}": (
            'data: {"object":"error","message":"slow down","type":"server_error","param":null,"code":null}\n\n'
        ),
        "chunk: {p: abc}": chunk("{}", more=',"p":"abc"'),
        "done": "data: [DONE]\n\n",
    },
}
STEPS = [(dialect, step) for dialect, steps in WRITTEN.items() for step in steps]


@pytest.mark.parametrize(("dialect", "step"), STEPS)
def test_each_dialect_writes_its_words(dialect: str, step: str) -> None:
    assert body(dialect, step) == WRITTEN[dialect][step]


FAILURES = {
    ("openai-completions", 429, "{message: slow down}"): (
        '{"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":null}}'
    ),
    ("cohere-v2", 401, "{message: invalid api token}"): '{"message":"invalid api token"}',
    ("mistral", 401, "{}"): (
        '{"object":"error","message":"The server had an error","type":"authentication_error","param":null,"code":null}'
    ),
    ("mistral", 429, "{message: slow down, code: '1300'}"): (
        '{"object":"error","message":"slow down","type":"rate_limit_error","param":null,"code":"1300"}'
    ),
    ("mistral", 422, "{message: no}"): '{"detail":[{"type":"value_error","loc":["body"],"msg":"no"}]}',
}


@pytest.mark.parametrize(("case", "written"), FAILURES.items(), ids=[f"{case[0]} {case[1]}" for case in FAILURES])
def test_an_error_under_a_bad_status_is_the_whole_body(case: tuple[str, int, str], written: str) -> None:
    dialect, status, error = case
    assert body(dialect, f"error: {error}", f"status: {status}, ") == written


UNSAYABLE = {
    ("cohere-v2", "refusal: No."): "cohere-v2 has no word 'refusal'; take the dialect out, or write a chunk",
    ("cohere-v2", "{text: a, choice: 1}"): "cohere-v2 has no choices; leave choice away",
    ("cohere-v2", "{chunk: {type: x}, choice: 1}"): "cohere-v2 has no choices; leave choice away",
    ("cohere-v2", "usage: {total: 5}"): "cohere-v2 has no total of tokens; leave total away",
    ("cohere-v2", "finish: stop, usage: {input: 1}"): (
        "cohere-v2 gives usage beside the finish reason; write usage before finish"
    ),
    ("openai-completions", "refusal: No."): (
        "openai-completions has no word 'refusal'; take the dialect out, or write a chunk"
    ),
    ("mistral", "refusal: No."): "mistral has no word 'refusal'; take the dialect out, or write a chunk",
    ("mistral", "finish: stop, usage: {input: 1}"): (
        "mistral gives usage beside the finish reason; write usage before finish"
    ),
}


@pytest.mark.parametrize(("case", "message"), UNSAYABLE.items(), ids=[" ".join(case) for case in UNSAYABLE])
def test_a_word_that_cannot_be_said_is_told(case: tuple[str, str], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        body(*case)
    assert str(caught.value).endswith(f": {message}")


FAULTLESS = {
    ("cohere-v2", "text"): ("role: assistant, text: Hel, text: lo, finish: stop, done", "{}"),
    ("cohere-v2", "text alone"): ("text: Hello, finish: COMPLETE", "{}"),
    ("cohere-v2", "reasoning"): ("role: assistant, reasoning: hm, text: Hello, finish: stop", "{}"),
    ("cohere-v2", "two tool calls"): (
        (
            "role: assistant, tool: {index: 0, id: a, name: f, arguments: '{}'}, tool: {id: b, name: g}, "
            "tool: {arguments: '{}'}, finish: tool_calls, done"
        ),
        "{}",
    ),
    ("cohere-v2", "an error"): ("text: Hel, error: {message: overloaded}", "{}"),
    ("openai-completions", "text"): ("role: assistant, text: Hel, text: lo, finish: stop, done", "{}"),
    ("openai-completions", "usage"): (
        "text: Hello, finish: stop, usage: {input: 3, output: 2}, done",
        "{stream_options: {include_usage: true}}",
    ),
    ("openai-completions", "two choices"): (
        "text: a, {text: b, choice: 1}, finish: stop, {finish: stop, choice: 1}, done",
        "{n: 2}",
    ),
    ("openai-completions", "an error"): ("text: Hel, error: {message: overloaded}", "{}"),
    ("mistral", "text"): ("role: assistant, text: Hel, text: lo, finish: stop, done", "{}"),
    ("mistral", "usage"): ("role: assistant, text: Hello, usage: {input: 3, output: 2}, finish: stop, done", "{}"),
    ("mistral", "reasoning"): ("role: assistant, reasoning: hm, text: Hello, finish: stop, done", "{}"),
    ("mistral", "a tool call"): (
        "role: assistant, tool: {index: 0, id: aaaaaaaaa, name: f, arguments: '{}'}, finish: tool_calls, done",
        "{}",
    ),
}


@pytest.mark.parametrize("name", FAULTLESS, ids=[" ".join(name) for name in FAULTLESS])
def test_what_is_usual_breaks_no_rule(name: tuple[str, str]) -> None:
    steps, request = FAULTLESS[name]
    text = f"dialect: {name[0]}\nrequest: {request}\nstream: {{steps: [{steps}]}}\n"
    (case,) = cases(loads(text, path="f.yaml", id="a"))
    found = judge(compile_case(case).answer(0).body(), name[0], request=case.request).findings
    assert [f"{finding.rule}: {finding.message}" for finding in found] == []
