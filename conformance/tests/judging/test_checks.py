"""Each check: an observation that it catches, and the same one put right that it passes."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from streamproof.adapters.said import CAPABILITIES, Hello, Said
from streamproof.judging.checks import run_checks
from streamproof.judging.expectation import Expectation
from streamproof.judging.failed import difference
from streamproof.judging.observed import Observed, SaidCall, SaidChoice, SaidError
from streamproof.judging.tables import CHECKS
from streamproof_formats.dialects import judge_request
from streamproof_formats.message import FunctionCall, ToolCall, Usage
from streamproof_mock.journal import Exchange

MS = 1_000_000
ARGUMENTS = '{"city": "Oslo"}'
WHOLE = ToolCall(id="call_1", name="get_weather", arguments=ARGUMENTS)
CUT = ToolCall(id="call_1", name="get_weather", arguments='{"ci', complete=False)


def hello(**fields: Any) -> Hello:
    given = {"client": "c", "dialects": ("openai-chat",), "reports": "message", "capabilities": frozenset(CAPABILITIES)}
    return Hello(**{**given, **fields})


def exchange(**fields: Any) -> Exchange:
    given = {
        "nonce": "n", "case": None, "number": 0, "connection": 0, "method": "POST", "path": "/", "http": "1.1",
        "headers": (), "body": {}, "arrived_ns": 0, "last_byte_ns": 5 * MS, "ended_ns": 6 * MS, "complete": True,
    }  # fmt: skip
    return Exchange(**{**given, **fields})


def said(**fields: Any) -> Said:
    return Said(**{"result": {}, "ended": "result", "started_ns": 0, "ended_ns": 10 * MS, **fields})


def choice(**fields: Any) -> SaidChoice:
    return SaidChoice(**{"index": 0, "text": "Hello", "finish_reason": "stop", **fields})


def seen(**fields: Any) -> Observed:
    given = {
        "said": said(), "hello": hello(), "exchanges": [exchange()], "outcome": "complete", "choices": {0: choice()},
        "usage": None, "error": None, "deltas": {},
    }  # fmt: skip
    return Observed(**{**given, **fields})


def wanted(**fields: Any) -> Expectation:
    own = {"text": "Hello", "finish_reason": "stop", "tool_calls": ()}
    given = {"name": None, "outcomes": frozenset({"complete"}), "choices": {0: own}, "all_choices": True, "usage": None}
    return Expectation(**{**given, **fields})


def unfinished(**fields: Any) -> Expectation:
    own = {"text": "Hel", "finish_reason": None, "tool_calls": ()}
    given = {"outcomes": frozenset({"error", "incomplete"}), "choices": {0: own}, "usage": "unstated"}
    return wanted(**{**given, **fields})


def with_call(call: ToolCall, **fields: Any) -> dict[str, Any]:
    return {"choices": {0: {"text": None, "finish_reason": "tool_calls", "tool_calls": (call,)}}, **fields}


def says_call(raw: str | None, parsed: Any = None, **fields: Any) -> SaidChoice:
    call = SaidCall(id=fields.pop("id", "call_1"), name="get_weather", raw=raw, parsed=parsed)
    return choice(**{"text": "", "finish_reason": "tool_calls", "tool_calls": (call,), **fields})


FAILS = SaidError(message="connection lost")
CUT_CALL = {
    "choices": {0: {"text": None, "finish_reason": None, "tool_calls": (CUT,)}},
    "unfinished_calls": True,
}

STATED_CUT = {"choices": {0: {"text": None}}, "unfinished_calls": True, "cut_calls": {0: (CUT,)}}
FUNCTION = FunctionCall(name="f", arguments=ARGUMENTS)

EXACT = {"is_exact": True, "outcome": "incomplete", "choices": {}}

CAUGHT: dict[str, tuple[str, Expectation, Observed]] = {
    "a cut stream is taken for a finished one": ("silent-truncation", unfinished(), seen(choices={0: choice(text="Hel", finish_reason=None)})),
    "text is missing without an error": ("silent-truncation", wanted(), seen(choices={0: choice(text="Heo")})),
    "damage is passed over": ("silent-truncation", wanted(outcomes=frozenset({"error"}), usage="unstated"), seen()),
    "an error event is swallowed": ("swallowed-error", wanted(outcomes=frozenset({"error"}), usage="unstated", error_sent=True), seen()),
    "an error event leaves a message without a finish reason": ("swallowed-error", wanted(outcomes=frozenset({"error"}), choices={}, all_choices=False, error_sent=True), seen(outcome="incomplete", choices={})),
    "the status is not reported": ("swallowed-error", wanted(outcomes=frozenset({"error"}), choices={}, error_status=429), seen(outcome="error", error=SaidError(message="no", status=500), choices={})),
    "the error does not say what the server said": ("swallowed-error", wanted(outcomes=frozenset({"error"}), choices={}, error_says="slow down"), seen(outcome="error", error=SaidError(message="oops"), choices={})),
    "a cut call is given parsed arguments": ("unfinished-call", unfinished(**CUT_CALL), seen(outcome="incomplete", choices={0: says_call('{"ci', {}, finish_reason=None)})),
    "a cut call is completed by the client": ("unfinished-call", unfinished(**CUT_CALL), seen(outcome="incomplete", choices={0: says_call('{"ci"}', finish_reason=None)})),
    "a cut call is handed on as if nothing was": ("unfinished-call", unfinished(**CUT_CALL), seen(outcome="complete", choices={0: says_call('{"ci', finish_reason=None)})),
    "a finish reason is invented": ("invented-finish", unfinished(), seen(outcome="incomplete", choices={0: choice(text="Hel", finish_reason="stop")})),
    "a finish reason is another": ("invented-finish", wanted(), seen(choices={0: choice(finish_reason="length")})),
    "the finish reason is lost": ("invented-finish", wanted(), seen(outcome="incomplete", choices={0: choice(finish_reason=None)})),
    "text is damaged": ("wrong-text", wanted(), seen(choices={0: choice(text="He\ufffdlo")})),
    "text is repeated": ("wrong-text", wanted(), seen(choices={0: choice(text="HelHello")})),
    "text before an error is lost": ("wrong-text", unfinished(), seen(outcome="error", error=FAILS, choices={0: choice(text="", finish_reason=None)})),
    "text goes into a choice that was never sent": ("wrong-text", wanted(), seen(choices={0: choice(), 1: choice(index=1)})),
    "reasoning is taken for text": ("wrong-text", wanted(choices={0: {"text": "Hello", "reasoning": "hm"}}), seen(choices={0: choice(text="hmHello")})),
    "an argument piece is lost": ("wrong-tools", wanted(**with_call(WHOLE)), seen(choices={0: says_call('{"city": "Os"}')})),
    "the id is another": ("wrong-tools", wanted(**with_call(WHOLE)), seen(choices={0: says_call(ARGUMENTS, id="call_1call_1")})),
    "a call is lost": ("wrong-tools", wanted(**with_call(WHOLE)), seen(choices={0: choice(text="", finish_reason="tool_calls")})),
    "a call is invented": ("wrong-tools", wanted(), seen(choices={0: says_call(ARGUMENTS, text="Hello", finish_reason="stop")})),
    "the request is sent again": ("resent", wanted(), seen(exchanges=[exchange(), exchange(arrived_ns=9 * MS)])),
    "no result comes": ("hang", wanted(), seen(said=said(ended="hang", result=None), outcome=None)),
    "the result comes long after the end": ("hang", wanted(result_within_s=1), seen(said=said(ended_ns=2000 * MS))),
    "the process dies": ("crash", wanted(), seen(said=said(ended="crash", result=None, exit_code=-11), outcome=None)),
    "a legal stream is refused": ("spurious-error", wanted(), seen(outcome="error", error=FAILS)),
    "the joined deltas are another text": ("deltas-differ", wanted(), seen(deltas={0: {"text": "HelloHello"}})),
    "the connection is held": ("held-connection", wanted(outcomes=frozenset({"stopped"}), left_within_s=1, text_is_prefix=True), seen(outcome="stopped", exchanges=[exchange(complete=False, left_ns=1500 * MS)])),
    "the connection is never closed": ("held-connection", wanted(outcomes=frozenset({"stopped"}), left_within_s=1, text_is_prefix=True), seen(outcome="stopped", exchanges=[exchange(complete=False)])),
    "a silent connection is never closed": ("held-connection", unfinished(left_within_s=1, stays_open=True), seen(outcome="error", error=FAILS, choices={0: choice(text="Hel", finish_reason=None)}, exchanges=[exchange(complete=True)])),
    "the request to stop is not heeded": ("held-connection", wanted(outcomes=frozenset({"stopped"}), text_is_prefix=True), seen()),
    "a call said to be unfinished is mended": ("unfinished-call", unfinished(**STATED_CUT), seen(outcome="error", error=FAILS, choices={0: says_call('{"ci"}', finish_reason=None)})),
    "a call said to be unfinished is given parsed arguments": ("unfinished-call", unfinished(**STATED_CUT), seen(outcome="error", error=FAILS, choices={0: says_call(None, {}, finish_reason=None)})),
    "a call said to be unfinished is handed on as whole": ("unfinished-call", unfinished(**STATED_CUT, outcomes=frozenset({"complete"})), seen(choices={0: says_call('{"ci', finish_reason="length")})),
    "the text of a call is right and its parsed arguments are not": ("wrong-tools", wanted(**with_call(WHOLE)), seen(choices={0: says_call(ARGUMENTS, {})})),
    "a number is taken for a truth value": ("wrong-tools", wanted(**with_call(attrs.evolve(WHOLE, arguments='{"a": 1}'))), seen(choices={0: says_call('{"a": true}')})),
    "all events of a damaged stream, and no error": ("silent-truncation", wanted(outcomes=frozenset({"error"})), seen(**EXACT)),
    "all events of a cut stream, taken for a whole one": ("silent-truncation", unfinished(), seen(**EXACT | {"outcome": "complete"})),
    "all events, and an error of the client's own": ("spurious-error", wanted(), seen(**EXACT | {"outcome": "error", "error": FAILS, "said": said(result={"error": {"message": "lost"}})})),
    "no request is sent": ("resent", wanted(outcomes=frozenset({"error"}), choices={}), seen(outcome="error", error=FAILS, choices={}, exchanges=[])),
    "a retry comes far too late": ("hang", wanted(requests_max=2, wait_max_s=2), seen(exchanges=[exchange(), exchange(arrived_ns=9000 * MS)])),
    "a client stops unasked": ("spurious-error", wanted(), seen(outcome="stopped")),
    "a function call is lost": ("wrong-tools", wanted(choices={0: {"function_call": FUNCTION}}), seen()),
    "a function call is another": ("wrong-tools", wanted(choices={0: {"function_call": FUNCTION}}), seen(choices={0: choice(function_call={"name": "g", "arguments_raw": ARGUMENTS})})),
    "a retry does not wait": ("early-retry", wanted(requests_max=2, wait_min_s=1), seen(exchanges=[exchange(), exchange(arrived_ns=300 * MS)])),
    "what came is handed on late": ("late", wanted(), seen(exchanges=[exchange(late=1)])),
    "usage is summed up": ("wrong-usage", wanted(usage=Usage(input=3, output=2, total=5)), seen(usage={"input": 6, "output": 4, "total": 10})),
    "usage is invented": ("wrong-usage", wanted(), seen(usage={"input": 1, "output": 1, "total": 2})),
    "the request lacks messages": ("bad-request", wanted(), seen(exchanges=[exchange(findings=judge_request("openai-chat", b'{"model":"m"}'))])),
}  # fmt: skip

PASSED: dict[str, tuple[Expectation, Observed]] = {
    "a whole answer": (wanted(), seen()),
    "a whole answer with its deltas": (wanted(), seen(deltas={0: {"text": "Hello"}})),
    "a cut stream with an error": (unfinished(), seen(outcome="error", error=FAILS, choices={0: choice(text="Hel", finish_reason=None)})),
    "a cut stream shown by a missing finish reason": (unfinished(), seen(outcome="incomplete", choices={0: choice(text="Hel", finish_reason=None)})),
    "a cut call left as far as it came": (unfinished(**CUT_CALL), seen(outcome="incomplete", choices={0: says_call('{"ci', finish_reason=None)})),
    "a cut call dropped with an error": (unfinished(**CUT_CALL), seen(outcome="error", error=FAILS, choices={})),
    "a call whose arguments end early by length": (wanted(choices={0: {"text": None, "finish_reason": "length", "tool_calls": (attrs.evolve(CUT, complete=True),)}}), seen(choices={0: says_call('{"ci', finish_reason="length")})),
    "a cut call dropped, where it is said to be unfinished": (unfinished(**STATED_CUT), seen(outcome="error", error=FAILS, choices={})),
    "a cut call shown as far as it came, where it is said to be unfinished": (unfinished(**STATED_CUT), seen(outcome="error", error=FAILS, choices={0: says_call('{"ci', finish_reason=None)})),
    "the whole one of two calls, where they are said to be unfinished": (unfinished(choices={0: {"text": None}}, unfinished_calls=True, cut_calls={0: (WHOLE, CUT)}), seen(outcome="error", error=FAILS, choices={0: says_call(ARGUMENTS, {"city": "Oslo"}, finish_reason=None)})),
    "a call cut by length from a client without finish reasons": (wanted(choices={0: {"text": None, "tool_calls": (attrs.evolve(CUT, complete=True),)}}), seen(hello=hello(capabilities=frozenset({"tools", "tool_ids"})), choices={0: says_call('{"ci', finish_reason=None)})),
    "a silent connection that was closed": (unfinished(left_within_s=1, stays_open=True), seen(outcome="error", error=FAILS, choices={0: choice(text="Hel", finish_reason=None)}, exchanges=[exchange(complete=True, left_ns=600 * MS)])),
    "a function call": (wanted(choices={0: {"function_call": FUNCTION}}), seen(choices={0: choice(function_call={"name": "f", "arguments_raw": ARGUMENTS})})),
    "a function call that a stop came before": (wanted(outcomes=frozenset({"stopped"}), text_is_prefix=True, choices={0: {"function_call": FUNCTION}}, usage="unstated"), seen(outcome="stopped")),
    "a call that a stop came into": (wanted(outcomes=frozenset({"stopped"}), text_is_prefix=True, usage="unstated", **with_call(WHOLE)), seen(outcome="stopped", choices={0: says_call('{"ci', finish_reason=None)})),
    "a retry that is not too late": (wanted(requests_max=2, wait_max_s=2), seen(exchanges=[exchange(), exchange(arrived_ns=900 * MS)])),
    "no request where none is due": (wanted(outcomes=frozenset({"error"}), choices={}, requests_min=0), seen(outcome="error", error=FAILS, choices={}, exchanges=[])),
    "all events, one of which only our machine refuses": (wanted(), seen(**EXACT)),
    "all events, one of which is no JSON": (wanted(), seen(**EXACT | {"outcome": "error", "error": FAILS})),
    "all events of a cut stream": (unfinished(), seen(**EXACT)),
    "arguments given as text": (wanted(**with_call(WHOLE)), seen(choices={0: says_call(ARGUMENTS)})),
    "arguments given only parsed": (wanted(**with_call(WHOLE)), seen(choices={0: says_call(None, {"city": "Oslo"})})),
    "arguments written anew": (wanted(**with_call(WHOLE)), seen(choices={0: says_call('{"city":"Oslo"}')})),
    "empty arguments given as an empty object": (wanted(**with_call(attrs.evolve(WHOLE, arguments=""))), seen(choices={0: says_call(None, {})})),
    "a finish reason in another spelling": (wanted(**with_call(WHOLE)), seen(choices={0: says_call(ARGUMENTS, finish_reason="tool-calls")})),
    "a stop with a beginning of the text": (wanted(outcomes=frozenset({"stopped"}), left_within_s=1, text_is_prefix=True, choices={0: {"text": "Hello"}}, usage="unstated"), seen(outcome="stopped", choices={0: choice(text="He", finish_reason=None)}, exchanges=[exchange(complete=False, left_ns=20 * MS)])),
    "a stop when the answer had ended": (wanted(outcomes=frozenset({"stopped"}), left_within_s=1, text_is_prefix=True, choices={0: {"text": "Hello"}}, usage="unstated"), seen(outcome="stopped")),
    "a retry that waits": (wanted(requests_max=2, wait_min_s=1), seen(exchanges=[exchange(), exchange(arrived_ns=1100 * MS)])),
    "usage that was sent": (wanted(usage=Usage(input=3, output=2, total=5)), seen(usage={"input": 3, "output": 2, "total": 5})),
    "an error that says what the server said": (wanted(outcomes=frozenset({"error"}), choices={}, error_status=429, error_says="slow down"), seen(outcome="error", choices={}, error=SaidError(message="please slow down", status=429))),
}  # fmt: skip


@pytest.mark.parametrize("name", CAUGHT)
def test_check_catches(name: str) -> None:
    check, expected, observed = CAUGHT[name]
    assert check in [failed.check for failed in run_checks("openai-chat", expected, observed)]


@pytest.mark.parametrize("name", PASSED)
def test_nothing_is_found_in(name: str) -> None:
    expected, observed = PASSED[name]
    assert run_checks("openai-chat", expected, observed) == []


def test_every_check_is_caught_by_a_row() -> None:
    # The cost of a stream is measured over two plays, not read off one observation.
    assert {row[0] for row in CAUGHT.values()} == set(CHECKS) - {"slow"}


@pytest.mark.parametrize(
    "missing",
    ["finish_reason", "tools", "usage", "reasoning", "refusal", "function_call", "tool_ids"],
)
def test_a_missing_capability_never_excuses_lost_text(missing: str) -> None:
    less = hello(capabilities=frozenset(CAPABILITIES) - {missing})
    found = run_checks("openai-chat", wanted(), seen(hello=less, choices={0: choice(text="Heo")}))
    assert [failed.check for failed in found] == ["silent-truncation"]


def test_findings_come_worst_first() -> None:
    observed = seen(choices={0: choice(text="Heo")}, exchanges=[exchange(late=1), exchange()])
    assert [failed.check for failed in run_checks("openai-chat", wanted(), observed)] == [
        "silent-truncation",
        "resent",
        "late",
    ]


@pytest.mark.parametrize(
    ("sent", "got", "text"),
    [
        ("Hello", "", "'Hello' was sent, nothing was said"),
        ("Hello", "Hallo", "'Hello' was sent, 'Hallo' was said (from character 1)"),
        ("Hello", "Hel", "'Hello' was sent, 'Hel' was said (from character 3; 5 against 3 characters)"),
    ],
)
def test_a_difference_says_where_texts_part(sent: str, got: str, text: str) -> None:
    assert difference(sent, got) == text


def test_text_that_is_missing_with_a_sign_is_not_lost_in_silence() -> None:
    lost = choice(text="He", finish_reason=None)
    found = run_checks("openai-chat", unfinished(), seen(outcome="incomplete", choices={0: lost}))
    assert [failed.check for failed in found] == ["wrong-text"]


def test_damage_without_an_error_event_is_no_swallowed_error() -> None:
    damaged = wanted(outcomes=frozenset({"error"}), usage="unstated", error_sent=False)
    assert [failed.check for failed in run_checks("openai-chat", damaged, seen())] == ["silent-truncation"]
