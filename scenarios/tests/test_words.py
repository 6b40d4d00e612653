"""The words of each dialect: one step in, the exact bytes out; and what no document finds fault with."""

from __future__ import annotations

import pytest

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.judge import judge
from streamproof_scenarios.compiler import cases, compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.problem import NotPlayable, ScenarioError
from streamproof_scenarios.words import WORDS

HEAD = '{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m",'


def body(dialect: str, steps: str, answer: str = "", more: str = "") -> str:
    text = f"dialect: {dialect}\nstream: {{{answer}steps: [{steps}]}}\n{more}"
    (case,) = cases(loads(text, path="f.yaml", id="a"))
    return compile_case(case).answer(0).body().decode()


def chunk(delta: str, index: int = 0, finish: str = "null") -> str:
    choice = f'{{"index":{index},"delta":{delta},"finish_reason":{finish}}}'
    return f'data: {HEAD}"choices":[{choice}]}}\n\n'


OPENAI_CHAT = {
    "role: assistant": chunk('{"role":"assistant","content":""}'),
    "text: 你好": chunk('{"content":"你好"}'),
    "{text: 你, ascii: true}": chunk('{"content":"\\u4f60"}'),
    '{text: "\\ud83d", ascii: true}': chunk('{"content":"\\ud83d"}'),
    "{text: a, choice: 1}": chunk('{"content":"a"}', 1),
    "text: {fill: ab, bytes: 5}": chunk('{"content":"ababa"}'),
    "reasoning: hm": chunk('{"reasoning_content":"hm"}'),
    "refusal: No.": chunk('{"refusal":"No."}'),
    "tool: {index: 0, id: a, name: f}": chunk(
        '{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}'
    ),
    "tool: {index: 0, arguments: '{'}": chunk('{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}'),
    "tool: {id: a, type: null, name: f}": chunk(
        '{"tool_calls":[{"id":"a","type":null,"function":{"name":"f","arguments":""}}]}'
    ),
    "tool: {index: 1, id: null, name: null, arguments: null}": chunk(
        '{"tool_calls":[{"index":1,"id":null,"function":{"name":null,"arguments":null}}]}'
    ),
    "tool: {index: 0}": chunk('{"tool_calls":[{"index":0}]}'),
    "function: {name: f}": chunk('{"function_call":{"name":"f"}}'),
    "function: {arguments: '{}'}": chunk('{"function_call":{"arguments":"{}"}}'),
    "finish: stop": chunk("{}", finish='"stop"'),
    "{finish: length, choice: 2}": chunk("{}", 2, '"length"'),
    "usage: {input: 3, output: 2}": (
        f'data: {HEAD}"choices":[],"usage":{{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}}}\n\n'
    ),
    "usage: {input: 3, output: 2, total: 9}": (
        f'data: {HEAD}"choices":[],"usage":{{"prompt_tokens":3,"completion_tokens":2,"total_tokens":9}}}}\n\n'
    ),
    "usage: {prompt_tokens: 3, completion_tokens: 2}": (
        f'data: {HEAD}"choices":[],"usage":{{"prompt_tokens":3,"completion_tokens":2}}}}\n\n'
    ),
    "error: {message: slow down, type: rate_limit_error}": (
        'data: {"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":null}}\n\n'
    ),
    "error: {code: 502, extra: 1}": (
        'data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":502,'
        '"extra":1}}\n\n'
    ),
    "done": "data: [DONE]\n\n",
    "chunk: {usage: null}": chunk("{}")[:-3] + ',"usage":null}\n\n',
    "{chunk: {choices: [], id: ''}, choice: 1}": (
        'data: {"id":"","object":"chat.completion.chunk","created":1700000000,"model":"m","choices":[]}\n\n'
    ),
}

WORKERS_AI = {
    "role: assistant": "",
    "text: Hel": 'data: {"response":"Hel"}\n\n',
    "tool: {index: 0, id: a, name: f, arguments: '{}'}": (
        'data: {"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}\n\n'
    ),
    "finish: stop": "",
    "finish: length": 'data: {"response":"","finish_reason":"length"}\n\n',
    "usage: {input: 3, output: 2}": (
        'data: {"response":"","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n'
    ),
    "error: {message: slow down}": 'data: {"error":{"message":"slow down"}}\n\n',
    "done": "data: [DONE]\n\n",
    "chunk: {response: 5}": 'data: {"response":5}\n\n',
}


@pytest.mark.parametrize(("step", "written"), OPENAI_CHAT.items(), ids=OPENAI_CHAT.keys())
def test_openai_chat_writes_its_words(step: str, written: str) -> None:
    assert body("openai-chat", step) == written


@pytest.mark.parametrize(("step", "written"), WORKERS_AI.items(), ids=WORKERS_AI.keys())
def test_workers_ai_writes_its_words(step: str, written: str) -> None:
    assert body("workers-ai", step) == written


def test_chunks_name_the_model_that_the_file_asks_for() -> None:
    assert '"model":"gpt-x"' in body("openai-chat", "text: a", more="request: {model: gpt-x}")


def test_each_chunk_has_a_null_usage_where_the_usage_is_asked_for() -> None:
    more = "request: {stream_options: {include_usage: true}}"
    assert body("openai-chat", "text: a", more=more).endswith('"finish_reason":null}],"usage":null}\n\n')
    assert '"usage":{"prompt_tokens":1}' in body("openai-chat", "usage: {prompt_tokens: 1}", more=more)


START = (
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
    '"model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}\n\n'
)


def event(kind: str, fields: str = "") -> str:
    return f'event: {kind}\ndata: {{"type":"{kind}"{fields and "," + fields}}}\n\n'


def opens(index: int, block: str) -> str:
    return event("content_block_start", f'"index":{index},"content_block":{block}')


def delta(index: int, fields: str) -> str:
    return event("content_block_delta", f'"index":{index},"delta":{fields}')


def closes(index: int) -> str:
    return event("content_block_stop", f'"index":{index}')


def says(text: str, index: int = 0) -> str:
    return delta(index, f'{{"type":"text_delta","text":"{text}"}}')


def ends(reason: str, usage: str = '"output_tokens":2', sequence: str = "null") -> str:
    return event(
        "message_delta", f'"delta":{{"stop_reason":"{reason}","stop_sequence":{sequence}}},"usage":{{{usage}}}'
    )


TEXT = '{"type":"text","text":""}'
SIGNED = delta(0, '{"type":"signature_delta","signature":"c2lnbmF0dXJl"}')
TOOL_A = '{"type":"tool_use","id":"a","name":"f","input":{}}'

ANTHROPIC_MESSAGES = {
    "role: assistant": START,
    "text: Hel": START + opens(0, TEXT) + says("Hel"),
    "role: assistant, text: Hel, text: lo": START + opens(0, TEXT) + says("Hel") + says("lo"),
    "reasoning: hm, text: Hi": (
        START
        + opens(0, '{"type":"thinking","thinking":"","signature":""}')
        + delta(0, '{"type":"thinking_delta","thinking":"hm"}')
        + SIGNED
        + closes(0)
        + opens(1, TEXT)
        + says("Hi", 1)
    ),
    "text: a, finish: stop, done": (
        START + opens(0, TEXT) + says("a") + closes(0) + ends("end_turn") + event("message_stop")
    ),
    "finish: length": START + ends("max_tokens"),
    "finish: tool_calls": START + ends("tool_use"),
    "finish: content_filter": START + ends("refusal"),
    "finish: pause_turn": START + ends("pause_turn"),
    "finish: stop_sequence": START + ends("stop_sequence", sequence='"END"'),
    "usage: {input: 3, output: 9, total: 12}, finish: stop": START
    + ends("end_turn", '"output_tokens":9,"input_tokens":3'),
    "finish: stop, usage: {output: 9}": START + ends("end_turn") + ends("end_turn", '"output_tokens":9'),
    "tool: {index: 0, id: a, name: f}, tool: {index: 0, arguments: '{}'}": (
        START
        + opens(0, TOOL_A)
        + delta(0, '{"type":"input_json_delta","partial_json":""}')
        + delta(0, '{"type":"input_json_delta","partial_json":"{}"}')
    ),
    "tool: {index: 0, id: a, name: f, arguments: '{}'}, tool: {index: 1, name: g}": (
        START
        + opens(0, TOOL_A)
        + delta(0, '{"type":"input_json_delta","partial_json":"{}"}')
        + closes(0)
        + opens(1, '{"type":"tool_use","id":"toolu_1","name":"g","input":{}}')
        + delta(1, '{"type":"input_json_delta","partial_json":""}')
    ),
    "done": event("message_stop"),
    "error: {message: busy}": event("error", '"error":{"type":"api_error","message":"busy"},"request_id":"req_1"'),
    "event: {type: ping}": event("ping"),
    "chunk: {type: ping}": event("ping"),
    "event: {x: 1}": 'data: {"x":1}\n\n',
    "{event: {type: ping}, name: null}": 'data: {"type":"ping"}\n\n',
    "role: assistant, event: {type: content_block_start, index: 0, content_block: {type: text, text: ''}}, text: a": (
        START + opens(0, TEXT) + says("a")
    ),
    "repeat: {times: 2, steps: [text: a]}": START + opens(0, TEXT) + says("a") * 2,
}


@pytest.mark.parametrize(("steps", "written"), ANTHROPIC_MESSAGES.items(), ids=ANTHROPIC_MESSAGES.keys())
def test_anthropic_messages_writes_its_words(steps: str, written: str) -> None:
    assert body("anthropic-messages", steps) == written


HTTP_ERRORS = {
    ("openai-chat", 429, "{message: slow down}"): (
        '{"error":{"message":"slow down","type":"rate_limit_error","param":null,"code":null}}'
    ),
    ("openai-chat", 404, "{message: no, code: gone}"): (
        '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"gone"}}'
    ),
    ("openai-chat", 503, "{message: busy, type: x}"): (
        '{"error":{"message":"busy","type":"x","param":null,"code":null}}'
    ),
    ("workers-ai", 429, "{message: slow down}"): (
        '{"result":null,"success":false,"errors":[{"code":3040,"message":"slow down"}],"messages":[]}'
    ),
    ("anthropic-messages", 529, "{message: busy}"): (
        '{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"req_1"}'
    ),
    ("anthropic-messages", 500, "{}"): (
        '{"type":"error","error":{"type":"api_error","message":"The server had an error"},"request_id":"req_1"}'
    ),
    ("workers-ai", 500, "{code: 7}"): (
        '{"result":null,"success":false,"errors":[{"code":7,"message":"The server had an error"}],"messages":[]}'
    ),
}


@pytest.mark.parametrize(("case", "written"), HTTP_ERRORS.items(), ids=[f"{case[0]} {case[1]}" for case in HTTP_ERRORS])
def test_an_error_under_a_bad_status_is_the_whole_body(case: tuple[str, int, str], written: str) -> None:
    dialect, status, error = case
    assert body(dialect, f"error: {error}", f"status: {status}, ") == written


UNSAYABLE = {
    ("workers-ai", "refusal: No."): ("workers-ai has no word 'refusal'; take the dialect out, or write a chunk"),
    ("workers-ai", "reasoning: hm"): ("workers-ai has no word 'reasoning'; take the dialect out, or write a chunk"),
    ("anthropic-messages", "refusal: No."): (
        "anthropic-messages has no word 'refusal'; take the dialect out, or write an event"
    ),
    ("anthropic-messages", "{text: a, choice: 1}"): "anthropic-messages has no choices; leave choice away",
    ("anthropic-messages", "tool: {index: 0, arguments: '{}'}"): (
        "a tool_use block opens with a name, and no call that has one is open; write its name"
    ),
    ("workers-ai", "{text: a, choice: 1}"): "workers-ai has no choices; leave choice away",
    ("workers-ai", "{chunk: {}, choice: 1}"): "workers-ai has no choices; leave choice away",
}


@pytest.mark.parametrize(("case", "message"), UNSAYABLE.items(), ids=[case[1] for case in UNSAYABLE])
def test_a_word_that_a_dialect_lacks_is_told_with_its_place(case: tuple[str, str], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        body(*case)
    assert str(caught.value) == f"f.yaml:2:18: {message}"


@pytest.mark.parametrize("dialect", DIALECT_NAMES)
def test_a_dialect_that_is_not_spoken_yet_loads_and_says_so_when_compiled(
    dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert body(dialect, "text: a")
    monkeypatch.delitem(WORDS, dialect)
    with pytest.raises(NotPlayable, match=f"^the mock server does not speak {dialect} yet$"):
        body(dialect, "text: a")


FAULTLESS = {
    "text": ("role: assistant, text: Hel, text: lo, finish: stop, done", "{}"),
    "usage": (
        "role: assistant, text: Hello, finish: stop, usage: {input: 3, output: 2}, done",
        "{stream_options: {include_usage: true}}",
    ),
    "a tool call": (
        (
            "role: assistant, tool: {index: 0, id: a, name: f}, tool: {index: 0, arguments: '{}'}, "
            "finish: tool_calls, done"
        ),
        "{}",
    ),
    "reasoning": ("role: assistant, reasoning: hm, text: Hello, finish: stop, done", "{}"),
    "a refusal": ("role: assistant, refusal: No., finish: stop, done", "{}"),
    "a function call": (
        "role: assistant, function: {name: f, arguments: '{}'}, finish: function_call, done",
        "{}",
    ),
    "an error": ("role: assistant, text: Hel, error: {message: overloaded}", "{}"),
    "two choices": (
        (
            "role: assistant, {role: assistant, choice: 1}, text: a, {text: b, choice: 1}, finish: stop, "
            "{finish: stop, choice: 1}, done"
        ),
        "{n: 2}",
    ),
}


@pytest.mark.parametrize(("steps", "request_body"), FAULTLESS.values(), ids=FAULTLESS.keys())
def test_what_is_usual_breaks_no_rule(steps: str, request_body: str) -> None:
    text = f"dialect: openai-chat\nrequest: {request_body}\nstream: {{steps: [{steps}]}}\n"
    (case,) = cases(loads(text, path="f.yaml", id="a"))
    found = judge(compile_case(case).answer(0).body(), "openai-chat", request=case.request).findings
    assert [f"{finding.rule}: {finding.message}" for finding in found] == []


def test_what_is_usual_in_workers_ai_breaks_no_rule() -> None:
    steps = "role: assistant, text: Hello, finish: stop, usage: {input: 3, output: 2}, done"
    assert judge(body("workers-ai", steps).encode(), "workers-ai").findings == ()


@pytest.mark.parametrize(
    "steps",
    [
        "role: assistant, text: Hello, finish: stop, done",
        "text: a, reasoning: hm, text: b, finish: length, usage: {input: 3, output: 2}, done",
        (
            "role: assistant, reasoning: hm, tool: {index: 0, id: a, name: f}, tool: {index: 0, arguments: '{}'}, "
            "tool: {index: 1, id: b, name: f, arguments: '{}'}, usage: {output: 9}, finish: tool_calls, done"
        ),
        "text: a, event: {type: ping}, text: b, finish: stop_sequence, done",
        "role: assistant, text: a, error: {message: busy}",
        "error: {type: overloaded_error}",
        "finish: stop, done",
    ],
)
def test_what_is_usual_in_anthropic_messages_breaks_no_rule(steps: str) -> None:
    asked = {"model": "m", "max_tokens": 5, "messages": [], "stream": True}
    found = judge(body("anthropic-messages", steps).encode(), "anthropic-messages", request=asked).findings
    assert [f"{finding.rule}: {finding.message}" for finding in found] == []
