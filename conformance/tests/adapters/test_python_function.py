"""Python functions as clients: what they may give, and what is made of it."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from streamproof.adapters import messages
from streamproof.adapters.child import ClientDidNotStart
from streamproof.adapters.process import open_client
from streamproof.adapters.python_function import Adapter, Function
from streamproof.adapters.spec import python_client

from .assets import functions
from .conftest import ASSETS, request


def answers(function: Function, *runs: Any) -> list[dict[str, Any]]:
    """All that the adapter writes for these runs, each line a message of the protocol."""
    out = io.StringIO()
    asked = b"".join(messages.run_line(number, run) for number, run in enumerate(runs or (request(),), 1))
    Adapter(function, {}, out).serve(io.StringIO(asked.decode()))
    return [
        dict(messages.parse(line.encode(), f"line {number}"))
        for number, line in enumerate(out.getvalue().splitlines(), 1)
    ]


GIVES: list[tuple[Function, list[Any], dict[str, Any]]] = [
    (functions.yields, ["Hel", "lo"], {"choices": [{"index": 0, "text": "Hello"}]}),
    (
        functions.yields_more,
        [None, "A", "Hi"],
        {
            "choices": [
                {"index": 0, "reasoning": "Hm", "text": "Hi", "finish_reason": "stop"},
                {"index": 1, "text": "A"},
            ],
            "usage": {"input": 1, "output": 2},
        },
    ),
    (functions.returns_text, ["openai-chat m"], {"choices": [{"index": 0, "text": "openai-chat m"}]}),
    (functions.returns_result, [], {"choices": [{"text": "Hi", "finish_reason": "stop"}]}),
    (functions.returns_nothing, [], {"choices": []}),
    (functions.async_returns, ["Hello"], {"choices": [{"index": 0, "text": "Hello"}]}),
    (functions.async_yields, ["Hel", "lo"], {"choices": [{"index": 0, "text": "Hello"}]}),
]


@pytest.mark.parametrize(("function", "deltas", "result"), GIVES, ids=[row[0].__name__ for row in GIVES])
def test_what_a_function_gives_is_joined(function: Function, deltas: list[Any], result: dict[str, Any]) -> None:
    *reports, last = answers(function)
    assert [report.get("text") for report in reports] == deltas
    assert all(report["type"] == "delta" for report in reports)
    assert last == {"type": "result", "id": 1, **result}


@pytest.mark.parametrize(
    ("function", "phase", "choices"),
    [(functions.raises, "open", []), (functions.raises_late, "stream", [{"index": 0, "text": "Hel"}])],
)
def test_what_a_function_raises_is_the_error_of_the_client(function: Function, phase: str, choices: list[Any]) -> None:
    last = answers(function)[-1]
    assert last["choices"] == choices
    assert last["error"] == {
        "type": "APIError", "message": "try later", "status": 503, "code": "overloaded", "phase": phase,
        "raised": "thrown",
    }  # fmt: skip


@pytest.mark.parametrize("function", [functions.endless, functions.async_endless])
@pytest.mark.parametrize("how", ["break", "abort"])
def test_a_generator_is_left_and_closed_where_the_run_says_so(function: Function, how: str) -> None:
    functions.closed.clear()
    *deltas, last = answers(function, request(stop={"after": 3, "how": how}))
    assert len(deltas) == 3
    assert (last["stopped"], last["choices"][0]["text"]) == (True, "more more more ")
    assert functions.closed == [True]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (functions.misuse, r"expected the function to give text, or a mapping with one of .*; found 3"),
        (functions.not_json, r"expected the function to give values that JSON has"),
    ],
)
def test_what_has_no_meaning_is_the_fault_of_the_adapter(function: Function, text: str) -> None:
    last = answers(function)[-1]
    assert last["type"] == "adapter_error"
    assert re.search(text, last["message"])


async def test_a_function_runs_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ASSETS)
    async with open_client(python_client("functions:yields", ["openai-chat", "mistral"], ["usage"])) as client:
        assert client.hello.client == "functions:yields"
        assert client.hello.dialects == ("openai-chat", "mistral")
        assert client.hello.capabilities == {"usage", "stop"}
        said = await client.run(request(), deadline_s=20)
    assert [report.data["text"] for report in said.reports] == ["Hel", "lo"]
    assert said.stderr == "a print must not reach the protocol\n"


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("functions", "expected module:function, found 'functions'"),
        ("no_such_module:f", "expected the module no_such_module, found none; start from its folder, or install it"),
        ("functions:nothing", "expected nothing in the module functions, found no nothing"),
        ("functions:number", "expected functions:number to be a function, found int"),
    ],
)
async def test_a_target_that_is_no_function_did_not_start(
    monkeypatch: pytest.MonkeyPatch, target: str, text: str
) -> None:
    monkeypatch.syspath_prepend(ASSETS)
    with pytest.raises(ClientDidNotStart, match=re.escape(text)):
        async with open_client(python_client(target)):
            pytest.fail("it started")


def test_the_hello_is_a_message_of_the_protocol() -> None:
    out = io.StringIO()
    Adapter(functions.yields, {"protocol": 1, "client": "c", "dialects": [], "reports": "message"}, out).serve(
        io.StringIO('{"type":"hello","protocol":1}\n{"type":"bye"}\n{"type":"hello","protocol":1}\n')
    )
    assert [json.loads(line)["type"] for line in out.getvalue().splitlines()] == ["hello"]
