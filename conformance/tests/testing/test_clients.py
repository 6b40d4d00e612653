"""The official SDK in a test's own process, synchronous and under asyncio: what is right passes, what hangs is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

from streamproof.testing import NotConforming, Server

pytestmark = pytest.mark.clients

CASES = ["plain/text-in-one-delta", "tools/calls-interleaved"]


def sdk() -> Any:
    return pytest.importorskip("openai")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    sdk()
    with Server() as running:
        yield running


async def ask(run: Mapping[str, Any]) -> AsyncIterator[Any]:
    options = {"max_retries": run["max_retries"] or 0, "timeout": run["idle_timeout_s"]}
    async with sdk().AsyncOpenAI(base_url=run["base_url"], api_key=run["api_key"], **options) as client:
        async for chunk in await client.chat.completions.create(**run["request"]):
            yield chunk


def ask_in_sync(run: Mapping[str, Any]) -> Iterator[Any]:
    with sdk().OpenAI(base_url=run["base_url"], api_key=run["api_key"], max_retries=0) as client:
        yield from client.chat.completions.create(**run["request"])


@pytest.mark.parametrize("delivery", ["as-written", "bytewise", "inside-utf8"])
@pytest.mark.parametrize("case", CASES)
def test_it_reads_what_is_as_documented(server: Server, case: str, delivery: str) -> None:
    assert (
        asyncio.run(server.play(case, dialect="openai-chat", delivery=delivery).acheck(ask, reports="items")).verdict
        == "pass"
    )
    assert (
        server.play(case, dialect="openai-chat", delivery=delivery).check(ask_in_sync, reports="items").verdict
        == "pass"
    )


async def two_at_once(server: Server) -> list[str]:
    """Plays side by side in one loop: one stalls until it is broken off, the other is done long before."""
    stalls = server.play(
        "lifecycle/stall-with-idle-limit", dialect="openai-chat", capabilities=["idle_timeout"], timeout_s=0.5
    )

    async def without_a_limit(run: Mapping[str, Any]) -> AsyncIterator[Any]:
        async for chunk in ask({**run, "idle_timeout_s": None}):
            yield chunk

    hung, well = await asyncio.gather(
        stalls.acheck(without_a_limit, reports="items"),
        server.play(CASES[0], dialect="openai-chat").acheck(ask, reports="items"),
        return_exceptions=True,
    )
    assert isinstance(hung, NotConforming)
    assert not isinstance(well, BaseException)
    return [hung.result.findings[0].check, well.verdict]


def test_a_client_that_hangs_holds_up_no_other(server: Server) -> None:
    assert asyncio.run(two_at_once(server)) == ["hang", "pass"]


def test_a_list_of_chunks_is_judged_as_it_is(server: Server) -> None:
    with server.play(CASES[0], dialect="openai-chat") as play:
        assert play.expect(items=ask_in_sync(play.run)).verdict == "pass"
