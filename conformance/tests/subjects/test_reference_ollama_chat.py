"""The reference client's reading of JSON lines: what a stream comes to, however it is cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.stream import ChatStream

Json = Any


def line(message: Json, **fields: Json) -> str:
    return json.dumps({"message": message, "done": False, **fields}, ensure_ascii=False) + "\n"


HI = line({"role": "assistant", "content": "Hi"})
END = line({"content": ""}, done=True, done_reason="stop", prompt_eval_count=3, eval_count=2)
CALLS = [{"id": "a", "function": {"name": "f", "arguments": {"x": "é"}}}, {"function": {"name": "f", "arguments": {}}}]
TABLE = {
    "an answer": (HI + line({"content": " 你"}) + END, ("Hi 你", None, "stop", []), None),
    "line ends of two characters": (HI.replace("\n", "\r\n") + END, ("Hi", None, "stop", []), None),
    "blank lines": ("\n" + HI + " \n" + END + "\n", ("Hi", None, "stop", []), None),
    "the last line without its end": (HI + END[:-1], ("Hi", None, "stop", []), None),
    "thinking and calls": (
        line({"thinking": "hm"}) + line({"content": "", "tool_calls": CALLS}) + END,
        ("", "hm", "stop", [("a", "f", {"x": "é"}), (None, "f", {})]),
        None,
    ),
    "all on the last line": (
        line({"content": "Hi", "tool_calls": CALLS[1:]}, done=True),
        ("Hi", None, None, [(None, "f", {})]),
        None,
    ),
    "an error line": (HI + '{"error":"out of memory"}\n', ("Hi", None, None, []), "stream_error"),
    "no last line": (HI, ("Hi", None, None, []), "incomplete_stream"),
    "a cut line": (HI + END[:20], ("Hi", None, None, []), "incomplete_stream"),
    "no JSON": (HI + "data: x\n", ("Hi", None, None, []), "malformed_event"),
    "an array": (HI + "[]\n", ("Hi", None, None, []), "malformed_event"),
    "no message": (HI + "{}\n", ("Hi", None, None, []), "malformed_event"),
    "arguments of a text": (
        HI + line({"tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}),
        ("Hi", None, None, []),
        "malformed_event",
    ),
}


def played(pieces: list[bytes]) -> tuple[Json, str | None]:
    stream = ChatStream("ollama-chat", {})
    error = None
    try:
        for piece in pieces:
            list(stream.receive(piece))
            if stream.done:
                break
        list(stream.end())
    except ClientError as raised:
        error = raised.type
    return stream.report(), error


@pytest.mark.parametrize("name", TABLE)
def test_what_a_stream_comes_to(name: str) -> None:
    text, expected, error = TABLE[name]
    data = text.encode()
    for pieces in (
        [data],
        [data[i : i + 1] for i in range(len(data))],
        *([data[:i], data[i:]] for i in range(len(data))),
    ):
        report, raised = played(pieces)
        assert raised == error
        [choice] = report["choices"]
        calls = [(call["id"], call["name"], call["arguments_json"]) for call in choice["tool_calls"]]
        assert (choice["text"], choice["reasoning"], choice["finish_reason"], calls) == expected
        if "eval_count" in text and error is None:
            assert report["usage"] == {"input": 3, "output": 2, "total": None}


def test_a_line_that_never_ends_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamproof.subjects.reference.lines.EVENT_LIMIT", 100)
    assert played([b"x" * 60, b"x" * 60])[1] == "event_too_large"
