"""Plays in the test's own process: judged as from the command line, whatever the client does."""

from __future__ import annotations

import asyncio
import json
import ssl
import unittest
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any

import pytest
import trio

from streamproof.errors import StreamproofError
from streamproof.testing import CannotTell, NotConforming, Server

PLAIN = "plain/text-in-one-delta@openai-chat"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


def ask(run: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A small client that hands out chunks, tries no second time, and raises what urllib raises."""
    asked = urllib.request.Request(run["url"], json.dumps(run["request"]).encode())
    context = ssl.create_default_context(cafile=run["ca_file"]) if run["ca_file"] else None
    with urllib.request.urlopen(asked, timeout=run["idle_timeout_s"] or 20, context=context) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                yield json.loads(line.removeprefix(b"data: "))


@pytest.mark.parametrize("delivery", ["as-written", "bytewise", "every-split"])
def test_a_good_client_passes(server: Server, delivery: str) -> None:
    result = server.play(PLAIN, delivery=delivery).check(ask, reports="items")
    assert (result.verdict, result.case, result.delivery) == ("pass", PLAIN, delivery)


def test_an_await_is_answered_by_what_was_handed_on(server: Server) -> None:
    result = server.play("lifecycle/each-delta-at-once", dialect="openai-chat").check(ask, reports="items")
    assert (result.verdict, result.findings) == ("pass", ())
    assert not any(exchange.late for exchange in server.journal)


@pytest.mark.parametrize("capabilities", [(), ("idle_timeout",)])
def test_a_stall_is_for_a_client_with_a_time_limit(server: Server, capabilities: tuple[str, ...]) -> None:
    play = server.play("lifecycle/stall-with-idle-limit", dialect="openai-chat", capabilities=capabilities)
    if not capabilities:
        with pytest.raises(unittest.SkipTest, match="idle_timeout"):
            play.check(ask, reports="items")
        return
    assert play.check(ask, reports="items").verdict in {"pass", "warn"}


def test_a_client_that_waits_for_ever_is_broken_off_and_hung(server: Server) -> None:
    def waits(run: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        return ask({**run, "idle_timeout_s": None})

    play = server.play(
        "lifecycle/stall-with-idle-limit", dialect="openai-chat", capabilities=["idle_timeout"], timeout_s=0.2
    )
    with pytest.raises(NotConforming, match="hang: no result within the time limit") as failed:
        play.check(waits, reports="items")
    assert [finding.check for finding in failed.value.result.findings] == ["hang"]
    assert play.result is failed.value.result


def test_a_case_over_tls_is_for_a_client_that_can(server: Server) -> None:
    pytest.importorskip("trustme")
    with pytest.raises(unittest.SkipTest, match="tls"):
        server.play("transport/tls", dialect="openai-chat").check(ask, reports="items")
    play = server.play("transport/tls", dialect="openai-chat", capabilities=["tls"])
    assert play.check(ask, reports="items").verdict == "pass"
    play = server.play("transport/tls", dialect="openai-chat", capabilities=["tls"])
    assert play.url.startswith("https://")
    assert play.expect(items=ask(play.run)).verdict == "pass"


def test_a_client_that_is_run_twice_is_run_by_check(server: Server) -> None:
    name = "lifecycle/two-runs-on-one-client"
    runs: list[str] = []

    def counted(run: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        runs.append(run["client"])
        yield from ask(run)

    play = server.play(name, dialect="openai-chat", capabilities=["reuse"])
    assert play.check(counted, reports="items").verdict in {"pass", "warn"}
    assert len(runs) == 2
    assert len(set(runs)) == 1
    other = server.play(name, dialect="openai-chat", capabilities=["reuse"])
    with pytest.raises(StreamproofError, match="several runs") as refused:
        _ = other.url
    assert refused.value.hint == "use check(function)"


def test_what_was_told_afterwards_is_judged_the_same(server: Server) -> None:
    with server.play(PLAIN) as play:
        chunks = list(ask(play.run))
        assert play.expect(items=chunks).verdict == "pass"
        with pytest.raises(StreamproofError, match="judged already"):
            play.expect(items=chunks)
    with server.play(PLAIN) as play:
        chunks = list(ask(play.run))
        with pytest.raises(NotConforming, match="'Hello' was sent"):
            play.expect({"text": "Hullo", "finish_reason": "stop"})


def test_what_is_raised_while_chunks_are_taken_is_the_client_s_error(server: Server) -> None:
    """It is right where the stream was cut, and wrong where it was whole."""

    def raises(run: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        with suppress(OSError, HTTPException):
            yield from ask(run)
        raise OSError("the line went dead")

    with server.play("transport/cut-between-events@openai-chat[end=fin]") as play:
        assert play.expect(items=raises(play.run)).verdict == "pass"
    with server.play(PLAIN) as play, pytest.raises(NotConforming, match="refused the stream: the line went dead"):
        play.expect(items=raises(play.run))


def test_a_client_that_asks_elsewhere_cannot_be_judged(server: Server) -> None:
    with pytest.raises(CannotTell, match="no request reached the server"):
        server.play(PLAIN).check(lambda run: "Hello")


def test_two_plays_do_not_get_into_each_other_s_way(server: Server) -> None:
    one, other = server.play(PLAIN), server.play(PLAIN, delivery="bytewise")
    first, second = list(ask(one.run)), list(ask(other.run))
    assert other.expect(items=second).verdict == one.expect(items=first).verdict == "pass"


@pytest.mark.parametrize(
    ("name", "options", "said", "hint"),
    [
        ("plain/text-in-one-dleta", {}, "no scenario is called", "plain/text-in-one-delta"),
        ("plain/text-in-one-delta", {}, "several cases", "@openai-chat"),
        ("plain/text-in-one-delta", {"dialect": "x"}, "no case in x", "@openai-chat"),
        (PLAIN, {"delivery": "bitwise"}, "delivery 'bitwise'", None),
        (PLAIN, {"strikt": True}, "no term of a play", "did you mean 'strict'?"),
    ],
)
def test_what_there_is_not_is_refused_in_words(
    server: Server, name: str, options: dict[str, Any], said: str, hint: str | None
) -> None:
    with pytest.raises(StreamproofError, match=said) as refused:
        server.play(name, **options)
    assert hint is None or hint in str(refused.value.hint)


async def in_trio(run: Mapping[str, Any]) -> str:
    return await trio.to_thread.run_sync(read, run)


async def in_asyncio(run: Mapping[str, Any]) -> str:
    return await asyncio.to_thread(read, run)


def read(run: Mapping[str, Any]) -> str:
    return "".join(choice["delta"].get("content", "") for chunk in ask(run) for choice in chunk["choices"])


async def test_a_client_in_trio_is_judged_in_its_loop(server: Server) -> None:
    assert (await server.play(PLAIN).acheck(in_trio)).verdict == "pass"
    play = server.play(PLAIN)
    assert (await play.aexpect(await in_trio(play.run))).verdict == "pass"


def test_a_client_in_asyncio_is_judged_in_its_loop(server: Server) -> None:
    assert asyncio.run(server.play(PLAIN).acheck(in_asyncio)).verdict == "pass"


def test_the_endpoint_that_does_all_as_documented_is_there_too(server: Server) -> None:
    address = server.well_behaved()
    body = {**address.request, "stream": False}
    asked = urllib.request.Request(address.url, json.dumps(body).encode())
    with urllib.request.urlopen(asked, timeout=5) as answer:
        assert json.load(answer)["object"] == "chat.completion"
    with pytest.raises(StreamproofError, match=r"expected one of .*openai-chat"):
        server.well_behaved("openai")


def test_a_server_that_does_not_run_says_so() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        _ = Server().origin
