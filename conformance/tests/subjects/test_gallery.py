"""The clients below `clients/`: every file can be read, and every client that is set up here reads a plain stream."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from streamproof.adapters.client_file import load_client_file
from streamproof.adapters.needs import find_missing
from streamproof.adapters.spec import ClientSpec
from streamproof_formats.dialects import DIALECTS

Play = Callable[..., Awaitable[list[Any]]]
Make = Callable[..., Any]
GALLERY = Path(__file__).parents[3] / "clients"
FILES = sorted(GALLERY.glob("*/client.yaml"))
SPECS = {spec.label: spec for file in FILES for spec in load_client_file(file)}
DONE = "data: [DONE]\n\n"


def test_every_folder_is_a_client() -> None:
    folders = {place.name for place in GALLERY.iterdir() if place.is_dir() and not place.name.startswith("_")}
    assert folders == {file.parent.name for file in FILES} == {spec.name for spec in SPECS.values()}


def test_the_list_of_clients_is_whole() -> None:
    listed = (GALLERY / "README.md").read_text("utf-8")
    for spec in SPECS.values():
        assert f"`{spec.name}`" in listed
        assert f"`{spec.entry}`" in listed


@pytest.mark.parametrize("label", SPECS)
def test_what_a_command_names_is_there(label: str) -> None:
    spec = SPECS[label]
    assert spec.about
    assert spec.needs
    assert spec.cwd is not None
    words = [*spec.command, *(word for command in spec.setup for word in command)]
    named = [word for word in words if Path(word).suffix in {".py", ".mjs", ".java", ".txt"}]
    assert all((Path(spec.cwd) / word).is_file() for word in named)


@pytest.mark.clients
@pytest.mark.parametrize("label", SPECS)
async def test_a_client_that_is_set_up_reads_a_plain_stream(label: str, play: Play, answer: Make, text: Make) -> None:
    spec: ClientSpec = SPECS[label]
    missing = await find_missing(spec)
    if missing is not None:
        pytest.skip(missing.reason)
    dialect, stream = STREAMS[spec.name] if spec.name in STREAMS else ("openai-chat", chunks("Hi", " you") + DONE)
    [run] = await play(
        spec, answer(stream), runs=[{"dialect": dialect, "request": dict(DIALECTS[dialect].request)}], deadline_s=20.0
    )
    match run.said.reports[0].kind:
        case "delta":
            assert run.deltas == ["Hi", " you"]
            assert run.choice["text"] == "Hi you"
        case "item" if dialect == "anthropic-messages":
            deltas = [report.data["delta"] for report in run.said.reports if "delta" in report.data]
            assert [delta["text"] for delta in deltas if "text" in delta] == ["Hi", " you"]
        case "item":
            deltas = [report.data["choices"][0]["delta"] for report in run.said.reports if report.data["choices"]]
            assert [delta["content"] for delta in deltas if delta.get("content")] == ["Hi", " you"]
        case "event":
            assert run.said.reports[-1].data["data"] == "[DONE]"
            assert len(run.said.reports) == 3
    # The one sample that cannot read the mark is known for it.
    assert (run.error and run.error["type"]) == ("JSONDecodeError" if spec.name == "chatbot-api-python" else None)


def chunks(*texts: str) -> str:
    """Compact, as servers write: one sample reads no other JSON."""
    heads = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return "".join(
        f"data: {json.dumps({**heads, 'choices': [choice]}, separators=(',', ':'))}\n\n"
        for choice in ({"index": 0, "delta": {"content": text}, "finish_reason": None} for text in texts)
    )


def events(*texts: str) -> str:
    """The same as Anthropic's events."""
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    parts: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}} for text in texts),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {part['type']}\ndata: {json.dumps(part)}\n\n" for part in parts)


STREAMS = {
    "callaback-python": ("workers-ai", 'data: {"response":"Hi"}\n\ndata: {"response":" you"}\n\n' + DONE),
    "anthropic-python": ("anthropic-messages", events("Hi", " you")),
}
"""Of clients that do not speak openai-chat: what they speak, and a plain stream of it."""
