"""Every client, set up, reads a plain stream of two texts: the first look at it, before it plays the catalogue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import pytest
import trio

from streamproof.adapters.process import open_client
from streamproof.adapters.said import RunRequest, Said
from streamproof.adapters.spec import ClientSpec
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Ending, Plan, Write

from .stage import SPECS, Stage

pytestmark = pytest.mark.clients

DONE: Final = "data: [DONE]\n\n"
TEXTS: Final = ("Hi", " you")


@pytest.mark.parametrize("label", SPECS)
def test_a_client_reads_a_plain_stream(label: str, stage: Stage) -> None:
    spec = stage.prepare(label)
    dialect, stream = STREAMS.get(spec.name, ("openai-chat", [*map(chunk, TEXTS), DONE]))
    said = trio.run(told, spec, dialect, stream)
    assert said.ended == "result", said
    assert said.result is not None
    assert texts_of(said, dialect) == list(TEXTS)
    if said.reports[0].kind == "event":
        assert said.reports[-1].data["data"] == "[DONE]"
        assert len(said.reports) == len(stream)
    if said.reports[0].kind == "delta":
        assert said.result["choices"][0]["text"] == "".join(TEXTS)
    # The one sample that cannot read the mark is known for it.
    error = said.result.get("error")
    assert (error and error["type"]) == ("JSONDecodeError" if spec.name == "chatbot-api-python" else None)


async def told(spec: ClientSpec, dialect: str, stream: Sequence[str]) -> Said:
    """What the client says of a stream of which it reads each event apart from the next."""
    writes = [Write(event.encode(), promised=True) for event in stream]
    answer = AnswerPlan(
        operations=lambda: iter(writes),
        ending=Ending(kind="clean"),
        headers=(("content-type", "text/event-stream"),),
    )
    plan = Plan(case="by/hand", delivery="as-written", hash="0badcafe", dialect=dialect, answers=(answer,))
    async with serving() as server, open_client(spec) as client:
        session = server.play(plan)
        request = RunRequest(
            dialect=dialect,
            base_url=session.origin + DIALECTS[dialect].base_path,
            url=session.origin + DIALECTS[dialect].target(),
            api_key="sk-test",
            request=dict(DIALECTS[dialect].request),
        )
        said = await client.run(request, deadline_s=20.0)
        session.close()
    return said


def texts_of(said: Said, dialect: str) -> list[str]:
    """The pieces of text as the client handed them on."""
    found: list[Any] = []
    for report in said.reports:
        match report.kind:
            case "delta":
                found.append(report.data.get("text"))
            case "item" if dialect == "anthropic-messages":
                found.append((report.data.get("delta") or {}).get("text"))
            case "item":
                found += [choice["delta"].get("content") for choice in report.data["choices"]]
            case "event" if report.data["data"] != "[DONE]":
                found += [choice["delta"].get("content") for choice in json.loads(report.data["data"])["choices"]]
    return [text for text in found if text]


def chunk(text: str) -> str:
    """Compact, as servers write: one sample reads no other JSON."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return f"data: {json.dumps({**head, 'choices': [choice]}, separators=(',', ':'))}\n\n"


def events(*texts: str) -> list[str]:
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
    return [f"event: {part['type']}\ndata: {json.dumps(part)}\n\n" for part in parts]


STREAMS: Final = {
    "callaback-python": ("workers-ai", ['data: {"response":"Hi"}\n\n', 'data: {"response":" you"}\n\n', DONE]),
    "anthropic-python": ("anthropic-messages", events(*TEXTS)),
}
"""Of clients that do not speak openai-chat: what they speak, and a plain stream of it."""
