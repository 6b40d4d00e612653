"""Clients as processes, against the mock server, with plans made by hand."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import attrs
import pytest
import trio

from streamproof.adapters.process import open_client
from streamproof.adapters.said import RunRequest, Said
from streamproof.adapters.spec import ClientSpec, built_in
from streamproof_mock.journal import Exchange
from streamproof_mock.server import serving
from streamproof_scenarios.plan import AnswerPlan, Ending, Operation, Plan, Write

SSE = (("content-type", "text/event-stream"),)
REQUEST = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}


@attrs.define
class Played:
    """One run: what the client said, and what the server saw."""

    said: Said
    exchanges: list[Exchange]

    @property
    def result(self) -> Any:
        assert self.said.ended == "result", self.said
        return self.said.result

    @property
    def choice(self) -> Any:
        return self.result["choices"][0]

    @property
    def error(self) -> Any:
        return self.result["error"]

    @property
    def deltas(self) -> list[str]:
        return [report.data["text"] for report in self.said.reports if "text" in report.data]


def answer(*pieces: str | bytes | Operation, end: str = "clean", **fields: Any) -> AnswerPlan:
    """One answer: a text or bytes is one write, that is one HTTP chunk, read apart from the next."""
    writes = [
        Write(piece.encode() if isinstance(piece, str) else piece, promised=True)
        if isinstance(piece, str | bytes)
        else piece
        for piece in pieces
    ]
    fields.setdefault("headers", SSE)
    return AnswerPlan(operations=lambda: iter(writes), ending=Ending(kind=end), **fields)  # type: ignore[arg-type]


def text(content: Any, finish: Any = None, index: int = 0) -> str:
    choice = {"index": index, "delta": {"content": content}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]})}\n\n"


@pytest.fixture(name="answer")
def _answer() -> Callable[..., AnswerPlan]:
    return answer


@pytest.fixture(name="text")
def _text() -> Callable[..., str]:
    return text


@pytest.fixture
def play() -> Callable[..., Awaitable[list[Played]]]:
    """Plays answers to a client of ours, in one process; `runs` gives the fields of each run."""

    async def played(
        name: str | ClientSpec, *answers: AnswerPlan, runs: Iterable[dict[str, Any]] = ({},), deadline_s: float = 5.0
    ) -> list[Played]:
        found = []
        spec = built_in(name) if isinstance(name, str) else name
        async with serving() as server, open_client(spec) as client:
            for fields in runs:
                plan = Plan(
                    case="by/hand", delivery="as-written", hash="0badcafe", dialect="openai-chat", answers=answers
                )
                session = server.play(plan)
                url = f"{session.origin}/v1"
                place = {"base_url": url, "url": f"{url}/chat/completions"}
                usual = {"dialect": "openai-chat", "api_key": "sk-test", "request": REQUEST}
                request = RunRequest(**{**place, **usual, **fields})
                with trio.fail_after(deadline_s + 5):
                    said = await client.run(request, deadline_s=deadline_s)
                    await session.settled(1.0)
                found.append(Played(said, session.exchanges))
                session.close()
        return found

    return played
