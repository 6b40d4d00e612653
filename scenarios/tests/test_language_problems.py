"""Files that do not load, and what is said of them.  The schema for editors refuses them too, where it can."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from streamproof_formats.profiles import PROFILES
from streamproof_scenarios.language.document import parse
from streamproof_scenarios.language.values import Desk
from streamproof_scenarios.language.values import json as json_of
from streamproof_scenarios.loader import loads
from streamproof_scenarios.problem import ScenarioError
from streamproof_scenarios.requires import CAPABILITIES

SCHEMA: dict[str, Any] = json.loads((files("streamproof_scenarios") / "schema" / "scenario.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def stream(steps: str, more: str = "") -> str:
    return f"dialect: openai-chat\nstream: {{steps: [{steps}]}}\n{more}"


def with_answer(keys: str) -> str:
    return f"dialect: openai-chat\nstream: {{steps: [], {keys}}}\n"


def with_key(line: str) -> str:
    return f"dialect: openai-chat\nstream: {{steps: [text: a]}}\n{line}\n"


PROBLEMS: dict[str, tuple[str, ...]] = {
    stream("data: [DONE]"): ("2:24: data must be text, but YAML reads [DONE] as a list; write '[DONE]' in quotes",),
    stream("text: 5"): ("2:24: text must be text, but YAML reads 5 as a number; write '5' in quotes",),
    stream("text: true"): ("2:24: text must be text, but YAML reads true as true or false; write 'true' in quotes",),
    stream("text: {a: b}"): ("2:24: text must be text, but YAML reads {a: b} as a mapping; write '{a: b}' in quotes",),
    stream("{text: }"): ("2:25: text must be text, found nothing; write '' for an empty text",),
    stream("txet: a"): ("2:18: a step has no word 'txet'; did you mean 'text'?",),
    stream("dnoe"): ("2:18: a step must begin with a word of the language, found 'dnoe'; did you mean 'done'?",),
    stream("role"): ("2:18: role needs a value, found none; write role: ...",),
    stream("5"): ("2:18: a step must be a word with its value, but YAML reads 5 as a number",),
    stream("[text: a]"): (
        (
            "2:18: a step must be a word with its value, but YAML reads [{text: a}] as a list; "
            "write the steps one below the other"
        ),
    ),
    stream("{text: a, finish: stop}"): ("2:28: a step must have one word, found text and finish; write 2 steps",),
    stream("{choice: 1}"): ("2:18: a step must have a word beside its modifiers, found choice",),
    stream("{text: a, choise: 1}"): ("2:28: text has no key 'choise'; did you mean 'choice'?",),
    stream("{comment: a, choice: 1}"): ("2:31: comment takes no choice; it takes cut, keep, unclosed",),
    stream("{pause: 2s, cut: 1}"): ("2:30: pause takes no cut; it takes none",),
    stream("{text: a, choice: -1}"): ("2:36: choice must be an integer of at least 0, found -1",),
    stream("{text: a, choice: true}"): (
        "2:36: choice must be an integer of at least 0, but YAML reads true as true or false",
    ),
    stream("{text: a, ascii: no}"): ("2:35: ascii must be true or false, found 'no'",),
    stream("{text: a, cut: []}"): ("2:33: cut must name at least 1, found an empty list",),
    stream("{text: a, cut: 1.5}"): (
        "2:33: cut must be a byte offset, a text, inside-utf8 or inside-crlf, but YAML reads 1.5 as a number",
    ),
    stream("{text: a, unclosed: 3}"): ("2:38: unclosed must be an integer from 1 to 2, found 3",),
    stream("cut: 5"): (
        "2:23: cut alone has no place, but YAML reads 5 as a number; write it beside the word of a step",
    ),
    stream("done: 1"): ("2:24: done stands alone, but YAML reads 1 as a number; write done without a value",),
    stream("pause: 2"): (
        "2:25: pause must be a duration such as 2s or 500ms, an hour at most, found 2; write 2s or 2ms",
    ),
    stream("pause: 2h"): ("2:25: pause must be a duration such as 2s or 500ms, an hour at most, found '2h'",),
    stream("await: sent"): ("2:25: await must be delivered, found 'sent'",),
    stream("hex: abc"): ("2:23: hex must be pairs of hexadecimal digits such as efbbbf, found 'abc'",),
    stream('raw: "\\ud83d"'): (
        "2:23: raw must be text that UTF-8 can write, found a lone surrogate; use hex for such bytes",
    ),
    stream('text: "\\ud83d"'): ("2:18: text holds a lone surrogate, which only an escape can write; add ascii: true",),
    stream('event: {a: ["\\ud83d"]}'): (
        "2:18: event holds a lone surrogate, which only an escape can write; add ascii: true",
    ),
    stream("event: .nan"): ("2:25: event must be JSON, which has no .nan; write a number, or text in quotes",),
    stream("text: {fill: é, bytes: 3}"): (
        "2:24: text cannot have 3 bytes without cutting a character in two; write 2",
    ),
    stream("text: {fill: y}"): ("2:24: text must have the key 'bytes', found none; add it",),
    stream("tool: {arguments: {a: 1}}"): (
        "2:36: arguments must be text, but YAML reads {a: 1} as a mapping; write '{a: 1}' in quotes",
    ),
    stream("tool: {}"): ("2:24: tool must have at least one of index, id, type, name, arguments, found none",),
    stream("usage: {input: x}"): ("2:33: input must be an integer of at least 0, found 'x'",),
    stream("block: []"): ("2:25: block must hold at least one line, found an empty list",),
    stream("block: ['a: b', comment: c]"): (
        "2:34: a line of a block must be text or a step that writes one event, found a step of another kind",
    ),
    stream("block: [{text: a, cut: 1}]"): ("2:36: cut belongs to the block, found inside it; write it beside block",),
    stream('block: ["a\\nb"]'): (
        "2:26: a line of a block must be one line, found a line end in it; write an item for each line",
    ),
    stream("file: other.bin"): (
        "2:24: file must be a file in the scenario's folder, found 'other.bin': it is not there",
    ),
    stream("repeat: {times: 2}"): ("2:26: repeat must have the key 'steps', found none; add it",),
    stream("repeat: {times: -1, steps: []}"): ("2:34: times must be an integer from 0 to 1000000000, found -1",),
    stream("goaway: graceful"): ("2:9: goaway needs http: h2; add it",),
    stream("json: {}, text: a"): ("2:9: a whole JSON body must be the only step that writes; use raw for pieces",),
    stream("text: a", "streem: {}\n"): ("3:1: a scenario has no key 'streem'; did you mean 'stream'?",),
    "dialect: openai-chat\n": ("1:1: a scenario must have the key 'stream', found none; add it",),
    "stream: {steps: []}\n": ("1:1: a scenario must have the key 'dialect', found none; add it",),
    "- a\n": ("1:1: a scenario must be a mapping of keys, but YAML reads [a] as a list",),
    "dialect: openai\nstream: {steps: []}\n": (
        (
            "1:10: dialect must be one of openai-chat, openai-completions, openai-responses, anthropic-messages, "
            "workers-ai, gemini, ollama-chat, mistral, cohere-v2, found 'openai'; did you mean 'openai-chat'?"
        ),
    ),
    "dialect: [gemini, gemini]\nstream: {steps: []}\n": (
        "1:19: dialect must name each once, found gemini again; leave one",
    ),
    "dialect: gemini\nstream: []\n": ("2:9: stream must hold at least one answer, found an empty list",),
    "dialect: gemini\nstream: {}\n": ("2:9: stream must have the key 'steps', found none; add it",),
    "dialect: gemini\nstream: {steps: done}\n": ("2:17: steps must be a list, found 'done'; write [done]",),
    with_answer("status: 99"): ("2:29: status must be an integer from 200 to 599, found 99",),
    with_answer("status: '200'"): ("2:29: status must be an integer from 200 to 599, found '200'",),
    with_answer("headers: {a b: c}"): ("2:31: the name of a header must be letters, digits and hyphens, found 'a b'",),
    with_answer("headers: {a: b, A: c}"): ("2:37: headers must name each once, found A again; leave one",),
    with_answer('headers: {a: "b\\r\\nc: d"}'): (
        "2:34: a must be one line, found a line end in it; write an item for each line",
    ),
    with_answer("headers: {a: 你}"): ("2:34: a must be text that a header can hold (Latin-1), found '你'",),
    with_answer("end: finn"): ("2:26: end must be an ending, found 'finn'; did you mean 'fin'?",),
    with_answer("end: rst-stream"): (
        "2:26: end rst-stream needs a code, found none; write {rst-stream: INTERNAL_ERROR}",
    ),
    with_answer("end: goaway"): ("2:9: end: goaway needs http: h2; add it",),
    with_answer("http: h2, end: in-chunk"): (
        "2:9: end: in-chunk is of HTTP/1.1; write {rst-stream: CODE}, goaway or fin",
    ),
    with_answer("http: h2, framing: close"): ("2:9: http: h2 frames bodies by itself; leave framing away",),
    with_answer("http: h1.0, framing: chunked"): ("2:9: http: h1.0 has no chunks; write framing: close or length",),
    with_answer("framing: close, end: in-chunk"): ("2:9: end: in-chunk needs framing: chunked",),
    with_answer("length_off_by: 5"): ("2:9: length_off_by needs framing: length; add it",),
    with_answer("flush: never"): ("2:9: flush: never needs an encoding; add encoding: gzip",),
    with_answer("end: {}"): ("2:26: end must be a word or a mapping of one key, found 0 keys",),
    with_answer("end: {fin: in-head, reset: in-head}"): (
        "2:26: end must be a word or a mapping of one key, found 2 keys",
    ),
    with_answer("end: {fin: in-body}"): ("2:32: fin must be one of before-head, in-head, found 'in-body'",),
    with_answer("end: {clean: in-head}"): ("2:27: end has no key 'clean'; known are fin, reset, rst-stream, stall",),
    "dialect: gemini\nstream: [{http: h2, steps: [done]}, {steps: [done]}]\n": (
        "2:1: http: h2 holds for the whole case; write it in each answer",
    ),
    with_answer("http: h2, end: bad-chunk"): (
        "2:9: end: bad-chunk is of HTTP/1.1; write {rst-stream: CODE}, goaway or fin",
    ),
    stream("text: a").replace("]}", "], end: refuse}"): ("2:9: with end: refuse no body is sent; write steps: []",),
    stream("text: a").replace("]}", "], end: {stall: in-head}}"): (
        "2:9: with end: {stall: in-head} no body is sent; write steps: []",
    ),
    "dialect: gemini\nstream: [{steps: [done]}, {steps: [], end: reset-on-accept}]\n": (
        "2:1: endings before a request come first; put the others after them",
    ),
    "dialect: gemini\nstream: [{steps: [], end: refuse}, {steps: [done]}]\n": (
        "2:1: end: refuse holds for every attempt; make it the only answer",
    ),
    "dialect: gemini\nstream: [{steps: [], end: tls-stall}, {steps: [], end: reset-on-accept}]\n": (
        "2:1: end: tls-stall holds for every attempt; make it the only answer",
    ),
    with_answer("delay: 5"): (
        "2:28: delay must be a duration such as 2s or 500ms, an hour at most, found 5; write 5s or 5ms",
    ),
    with_key("force: musst"): (
        "3:8: force must be one of must, documented, quirk, open, found 'musst'; did you mean 'must'?",
    ),
    with_key("since: 1.0"): ("3:8: since must be text, but YAML reads 1.0 as a number; write '1.0' in quotes",),
    with_key("profile: azuer"): (
        f"3:10: profile must be one of {', '.join(PROFILES)}, found 'azuer'; did you mean 'azure'?",
    ),
    with_key("refs: OC-17"): ("3:7: refs must be a list, found 'OC-17'; write [OC-17]",),
    with_key("refs: [OC-02c]"): (
        "3:8: refs must be the id of a rule, found 'OC-02c'; no such rule is in the book, did you mean OC-02?",
    ),
    with_key("refs: [OC17]"): (
        "3:8: refs must be the id of a rule, found 'OC17'; rules are named like OC-07, issues like owner/repo#1",
    ),
    with_key("refs: [owner/repo]"): ("3:8: refs must be rules or issues such as owner/repo#1, found 'owner/repo'",),
    with_key("breaks: [SSE-4]"): (
        "3:10: breaks must be the id of a rule, found 'SSE-4'; rules are named like OC-07, issues like owner/repo#1",
    ),
    with_key("breaks: {gemini: [GM-01]}"): (
        "3:10: breaks must name a dialect of this file or a variant of it, found 'gemini'",
    ),
    with_key("request: [a]"): ("3:10: request must be a mapping, but YAML reads [a] as a list",),
    with_key("client: {max_retry: 0}"): ("3:10: client has no key 'max_retry'; did you mean 'max_retries'?",),
    with_key("client: {idle_timeout_s: 0}"): ("3:26: idle_timeout_s must be a number of seconds above 0, found 0",),
    with_key("client: {stop: {how: abort}}"): ("3:16: stop must have the key 'after', found none; add it",),
    with_key("vary: {end: fin}"): ("3:13: vary needs a list of two values or more for end, found 'fin'",),
    with_key("vary: {end: [fin]}"): (
        "3:13: vary needs a list of two values or more for end, but YAML reads [fin] as a list",
    ),
    with_key("vary: {end: [fin, fin]}"): ("3:19: vary must name each value once, found fin again; leave one",),
    with_key("vary: {ending: [fin, reset]}"): ("3:8: vary has no key 'ending'; did you mean 'encoding'?",),
    with_key("vary: {steps: [[], []]}"): ("3:1: steps must be varied or stated, found both; take it out of stream",),
    with_key("vary: {framing: [chunked, close], end: [fin, in-chunk]}"): (
        "2:9: end: in-chunk needs framing: chunked (with end=in-chunk,framing=close)",
    ),
    with_key("deliveries: [hole]"): (
        "3:14: deliveries must name deliveries, found 'hole': no such delivery; did you mean 'whole'?",
    ),
    with_key("deliveries: [size]"): (
        "3:14: deliveries must name deliveries, found 'size': size needs a number; write size:7",
    ),
    with_key("requires: [tool]"): (
        f"3:12: requires must be one of {', '.join(CAPABILITIES)}, found 'tool'; did you mean 'tools'?",
    ),
    with_key("expect: {}"): ("3:9: expect must state something, found nothing; leave expect away to have it derived",),
    with_key("expect: []"): ("3:9: expect must hold at least one reading, found an empty list",),
    with_key("expect: {as: x}"): (
        "3:9: expect must state something, found nothing; leave expect away to have it derived",
    ),
    with_key("expect: {outcome: ok}"): (
        "3:19: outcome must be one of complete, incomplete, error, stopped, found 'ok'",
    ),
    with_key("expect: {text: a, choices: [{text: a}]}"): (
        "3:9: expect must state choice 0 once, found choices and text; leave one",
    ),
    with_key("expect: {tool_calls: none}"): ("3:22: tool_calls must be a list of calls or unfinished, found 'none'",),
    with_key("expect: {requests: {min: 3, max: 2}}"): (
        "3:20: requests must have a min that is not above its max, found {min: 3, max: 2}",
    ),
    with_key("expect: {wait_s: 1}"): ("3:18: wait_s must be a mapping of keys, but YAML reads 1 as a number",),
    with_key("expect: [{as: a, text: x}, {as: a, text: y}]"): (
        "3:28: each reading must have its own name, found a again",
    ),
    "dialect: opena\nforce: no\nstream:\n  steps:\n    - text: 5\n    - {finish: stop, choise: 1}\n  end: finn\n": (
        (
            "1:10: dialect must be one of openai-chat, openai-completions, openai-responses, anthropic-messages, "
            "workers-ai, gemini, ollama-chat, mistral, cohere-v2, found 'opena'; did you mean 'openai-chat'?"
        ),
        "2:8: force must be one of must, documented, quirk, open, found 'no'",
        "5:13: text must be text, but YAML reads 5 as a number; write '5' in quotes",
        "6:22: finish has no key 'choise'; did you mean 'choice'?",
        "7:8: end must be an ending, found 'finn'; did you mean 'fin'?",
    ),
}


def absent(name: str) -> bytes:
    raise ValueError("it is not there")


@pytest.mark.parametrize(("text", "messages"), PROBLEMS.items(), ids=[m[0][:60] for m in PROBLEMS.values()])
def test_all_that_is_wrong_is_told_with_place_and_fix(text: str, messages: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as caught:
        loads(text, path="f.yaml", id="a", fetch=absent)
    assert str(caught.value).splitlines() == [f"f.yaml:{message}" for message in messages]


ONLY_THE_LOADER = (
    "lone surrogate", "must be JSON", "without cutting", "needs http", "HTTP/1.1", "frames bodies", "has no chunks",
    "needs framing", "needs an encoding", "no body is sent", "come first", "the whole case", "for every attempt", "only step that writes", "no such rule", "of this file",
    "varied or stated", "not above its max", "its own name", "a again", "must name each value once", "A again",
    "in the scenario's folder", "digits and hyphens, found", "cut belongs to the block",
    "a step of another kind", "that a header can hold", "did you mean OC",
)  # fmt: skip
"""What the schema cannot say, by the words of the problem."""


def value_of(text: str) -> Any:
    return json_of(parse(text.encode(), "f.yaml"), "", Desk("f.yaml", absent))


SAYABLE = [
    text
    for text, messages in PROBLEMS.items()
    if not all(any(words in message for words in ONLY_THE_LOADER) for message in messages)
]


@pytest.mark.parametrize("text", SAYABLE, ids=lambda text: text[-60:])
def test_the_schema_refuses_what_does_not_load(text: str) -> None:
    assert not VALIDATOR.is_valid(value_of(text))
