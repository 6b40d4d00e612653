"""Our assembler, the scenarios and the official SDK say the same of a plain stream: the judge is not its own witness.

The SDK is the witness.  What it hands out is joined here, by a few lines that share nothing with `formats`, or was
joined by the SDK itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
import pytest
import trio

from streamproof.adapters.process import open_client
from streamproof.adapters.said import Said
from streamproof.adapters.spec import ClientSpec
from streamproof.running.play import play
from streamproof_formats.judge import Judge
from streamproof_formats.message import Message
from streamproof_mock.server import serving
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.model import Case
from streamproof_scenarios.plan import Write

from .stage import Stage

pytestmark = pytest.mark.clients

FORMS: Final = {
    "text": "plain/text-in-several-deltas",
    "text-in-many-scripts": "plain/unicode",
    "one-tool": "plain/one-tool-call",
    "two-tools": "plain/parallel-tool-calls",
    "text-and-tool": "plain/text-then-tool-call",
    "function-call": "plain/function-call",
    "two-choices": "plain/two-choices",
    "usage": "plain/usage",
    "refusal": "plain/refusal",
    "reasoning": "plain/reasoning",
}
ENTRIES: Final = ("openai-python:iterate", "openai-python:stream-helper")

Plain = dict[str, Any]
"""`{"choices": {index: {text, refusal, reasoning, finish_reason, tool_calls, function_call}}, "usage": ...}`; what is
absent or empty is left out."""


@pytest.mark.parametrize(
    ("form", "label"),
    # The helper's completion has no name for reasoning.
    [(form, label) for form in FORMS for label in ENTRIES if (form, label) != ("reasoning", ENTRIES[1])],
)
def test_the_sdk_gets_what_our_assembler_derives_and_the_scenario_states(form: str, label: str, stage: Stage) -> None:
    spec = stage.prepare(label)
    [case] = [
        case for case in stage.catalogue.cases if case.scenario.id == FORMS[form] and case.dialect == "openai-chat"
    ]
    got = trio.run(witness, spec, case)
    assert got == derived(case)
    assert_states(case, got)


async def witness(spec: ClientSpec, case: Case) -> Plain:
    """What the SDK makes of the case."""
    async with serving() as server, open_client(spec) as client:
        played = await play(server, client, case, compile_case(case), timeout_s=10.0, settle_s=0.5)
    [run] = played.runs
    assert run.said.ended == "result", run.said
    assert run.said.result is not None
    assert not run.said.result.get("error")
    return handed_out(run.said) if client.hello.reports == "items" else joined_by_sdk(run.said.result)


def handed_out(said: Said) -> Plain:
    """The SDK's chunks, joined as its users do it."""
    choices: dict[int, Plain] = {}
    usage = None
    for report in said.reports:
        usage = report.data.get("usage") or usage
        for given in report.data["choices"]:
            choice = choices.setdefault(given["index"], {})
            choice["finish_reason"] = given.get("finish_reason") or choice.get("finish_reason")
            delta = given["delta"]
            for name, keys in {"text": ["content"], "refusal": ["refusal"], "reasoning": ["reasoning_content"]}.items():
                for key in keys:
                    choice[name] = choice.get(name, "") + (delta.get(key) or "")
            for part in delta.get("tool_calls") or []:
                calls = choice.setdefault("tool_calls", {})
                _append(calls.setdefault(part["index"], {}), part["function"], id=part.get("id"))
            if delta.get("function_call"):
                _append(choice.setdefault("function_call", {}), delta["function_call"])
    for choice in choices.values():
        choice["tool_calls"] = [call for _, call in sorted(choice.get("tool_calls", {}).items())]
    return plain(choices, usage and [usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]])


def _append(call: Plain, part: Mapping[str, Any], **fields: Any) -> None:
    call["arguments"] = call.get("arguments", "") + (part.get("arguments") or "")
    for key, value in {**fields, "name": part.get("name")}.items():
        if value:
            call[key] = value


def joined_by_sdk(result: Mapping[str, Any]) -> Plain:
    """The completion that the SDK's helper joined."""
    choices = {
        choice["index"]: {
            **{name: choice.get(name) for name in ("text", "reasoning", "refusal", "finish_reason")},
            "tool_calls": [_raw(call) for call in choice["tool_calls"]],
            "function_call": choice["function_call"] and _raw(choice["function_call"]),
        }
        for choice in result["choices"]
    }
    usage = result["usage"]
    return plain(choices, usage and [usage[key] for key in ("input", "output", "total")])


def _raw(call: Mapping[str, Any]) -> Plain:
    return {"id": call.get("id"), "name": call["name"], "arguments": call["arguments_raw"]}


def derived(case: Case) -> Plain:
    """What our assembler makes of the bytes of the case."""
    judge = Judge(case.dialect, request=dict(case.request))
    for operation in compile_case(case).answer(0).operations():
        if isinstance(operation, Write):
            judge.receive_data(operation.data)
    message = judge.close("clean").message
    assert message is not None
    assert message.ended == "terminal"
    return of_message(message)


def of_message(message: Message) -> Plain:
    choices = {}
    for choice in message.choices:
        fields = attrs.asdict(choice)
        fields["tool_calls"] = [
            {key: call[key] for key in ("id", "name", "arguments")} for call in fields["tool_calls"]
        ]
        choices[fields.pop("index")] = fields
    usage = message.usage
    return plain(choices, usage and [usage.input, usage.output, usage.total])


def plain(choices: Mapping[int, Plain], usage: Any) -> Plain:
    return {"choices": {index: _filled(choice) for index, choice in sorted(choices.items())}, "usage": usage}


def _filled(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _filled(inner) for key, inner in value.items() if inner not in (None, "", [], {})}
        case list():
            return [_filled(inner) for inner in value]
        case _:
            return value


def assert_states(case: Case, got: Plain) -> None:
    """Holds what the SDK got against what the scenario's author wrote."""
    [reading] = case.scenario.readings
    stated = {name: getattr(reading, name) for name in reading.stated}
    usage = stated.pop("usage", None)
    if usage is not None:
        assert got["usage"] == [usage[key] for key in ("input", "output", "total")]
    fields = ("text", "refusal", "reasoning", "finish_reason", "tool_calls", "function_call")
    wanted: Iterable[tuple[int, Mapping[str, Any]]] = [
        (0, {name: stated[name] for name in fields if name in stated}),
        *enumerate(stated.get("choices") or ()),
    ]
    compared = 0
    for index, choice in wanted:
        for name, value in choice.items():
            compared += 1
            assert _parsed(got["choices"][index].get(name), value) == value, name
    assert compared, "the scenario states nothing"


def _parsed(got: Any, like: Any) -> Any:
    """The part of `got` that `like` states, arguments parsed where it states them so."""
    match like:
        case Mapping():
            return {
                key: _parsed(got.get(key), inner) if key != "arguments" else json.loads(got[key])
                for key, inner in like.items()
            }
        case list() | tuple():
            return type(like)(_parsed(one, other) for one, other in zip(got, like, strict=True))
        case _:
            return got
