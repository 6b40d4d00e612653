"""Latency and chaos: what their words mean, and what they make of an answer."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from streamproof_formats.dialects import DIALECTS
from streamproof_formats.judge import Judge
from streamproof_mock.behaviour import Endpoint
from streamproof_mock.behaviour.chaos import ENDINGS, read_chaos
from streamproof_mock.behaviour.latency import Latency, read_latency
from streamproof_mock.behaviour.temper import Temper
from streamproof_mock.behaviour.utterance import TEXT
from streamproof_mock.request import Request
from streamproof_mock.routes import route_of
from streamproof_mock.server import serving
from streamproof_scenarios.plan import Pause, Write


@pytest.mark.parametrize(
    ("text", "latency"),
    [
        ("ttft=400ms", Latency(first_s=0.4)),
        ("ttft=1.5s, tps=50", Latency(first_s=1.5, gap_s=0.02)),
        ("tps=0.5", Latency(gap_s=2)),
        ("itl=20ms,jitter=25%", Latency(gap_s=0.02, jitter=0.25)),
        ("jitter=0%,ttft=0ms,", Latency()),
        ("ttft=2m", Latency(first_s=120)),
    ],
)
def test_a_latency_is_read(text, latency):
    assert read_latency(text) == latency


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found nothing"),
        ("ttft", "expected ttft=TIME"),
        ("tfft=1s", "did you mean ttft"),
        ("ttft=1", "ttft: expected a time such as 400ms or 1.5s, an hour at most; found '1'"),
        ("ttft=-1s", "found '-1s'"),
        ("ttft=2h", "found '2h'"),
        ("ttft=61m", "an hour at most"),
        ("tps=0", "tps: expected a number of tokens in a second"),
        ("tps=inf", "found 'inf'"),
        ("tps=nan", "found 'nan'"),
        ("tps=fast", "found 'fast'"),
        ("jitter=0.2", "jitter: expected a share from 0% to 100%"),
        ("jitter=101%", "found '101%'"),
        ("tps=5,itl=2ms", "one of tps and itl; found 'itl=2ms' besides"),
        ("ttft=1s,ttft=2s", "each once"),
    ],
)
def test_a_latency_that_is_none_is_refused_in_words(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        read_latency(text)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("reset=1%,429=2%,stall=0.5%", {"reset": 0.01, "429": 0.02, "stall": 0.005}),
        ("# a soak\nreset=1%   # seldom\n\n 529 = 99% \n", {"reset": 0.01, "529": 0.99}),
        ("fin=100%", {"fin": 1.0}),
    ],
)
def test_a_chaos_is_read(text, shares):
    assert dict(read_chaos(text).shares) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found none"),
        ("rest=1%", "did you mean reset"),
        ("200=1%", "expected a status such as 429, or one of reset, fin, stall"),
        ("600=1%", "expected a status"),
        ("reset=1", "reset: expected a share such as 0.5%, found '1'"),
        ("reset", "reset: expected a share such as 0.5%, found ''"),
        ("=1%", "expected a status"),
        ("reset=1%,reset=2%", "found reset twice"),
        ("reset=60%,fin=41%", "100% together at most; found 101"),
    ],
)
def test_a_chaos_that_is_none_is_refused_in_words(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        read_chaos(text)


def asked(dialect, **changes):
    """A request of this dialect and its route."""
    spoken = DIALECTS[dialect]
    body = {**spoken.request, **changes}
    target = spoken.target()
    path = target.partition("?")[0]
    data = json.dumps(body).encode()
    request = Request(method="POST", path=path, target=target, http="1.1", headers=(), data=data)
    return request, path, route_of(path, body, dialect)


def answered(dialect, temper, **changes):
    return Endpoint(api_key=None, scenarios=list, temper=temper).played(*asked(dialect, **changes))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_slow_model_says_the_same_token_by_token(dialect):
    """Before the first token one pause of its own, one before each other; nothing is held back after the last."""
    quick, _ = answered(dialect, None)
    slow, note = answered(dialect, Temper(latency=Latency(first_s=0.4, gap_s=0.02)))
    assert (note, slow.delay_s, slow.status) == (None, 0, quick.status)
    operations = list(slow.operations())
    assert operations == list(slow.operations())
    pauses = [operation.delay_s for operation in operations if isinstance(operation, Pause)]
    assert isinstance(operations[0], Pause)
    assert isinstance(operations[-1], Write)
    assert pauses[0] == 0.4
    assert set(pauses[1:]) == {0.02}
    judge = Judge(dialect)
    judge.receive_data(slow.body())
    said = judge.message.choices[0].text
    # The endpoint of completions keeps to that API's default of 16 tokens.
    assert said == TEXT if dialect != "openai-completions" else TEXT.startswith(said)
    # Reasoning, where a dialect's endpoint shows some, comes token by token too.
    assert len(pauses) == len(list(tokens(dialect, operations)))


def tokens(dialect, operations):
    """The writes that bring text, found one by one."""
    judge, size = Judge(dialect), 0
    for operation in operations:
        if isinstance(operation, Write):
            judge.receive_data(operation.data)
            message = judge.message
            now = sum(len((c.text or "") + (c.reasoning or "")) for c in message.choices)
            if now > size:
                yield operation
            size = now


@pytest.mark.parametrize(
    "dialect", ["openai-chat", "anthropic-messages", "openai-responses", "ollama-chat", "cohere-v2"]
)
def test_a_whole_answer_comes_when_its_last_token_would(dialect):
    quick, _ = answered(dialect, None, stream=False)
    slow, _ = answered(dialect, Temper(latency=Latency(first_s=1, gap_s=0.5)), stream=False)
    counts = {"completion_tokens", "output_tokens", "eval_count"}

    def count(value):
        if isinstance(value, dict):
            own = [value[name] for name in counts & value.keys() if isinstance(value[name], int)]
            return own[0] if own else max(map(count, value.values()), default=0)
        return 0

    total = count(json.loads(quick.body()))
    assert total > 10
    assert slow.delay_s == pytest.approx(1 + 0.5 * (total - 1))


def test_a_refusal_is_not_slow():
    slow, note = answered(
        "openai-chat", Temper(latency=Latency(first_s=1), chaos=read_chaos("reset=100%")), messages=[]
    )
    assert (slow.status, slow.delay_s, note) == (400, 0, None)


def test_jitter_stays_within_its_share_and_is_the_same_for_the_same_seed():
    def pauses(seed, number=0):
        endpoint = Endpoint(
            api_key=None, scenarios=list, temper=Temper(latency=Latency(first_s=1, gap_s=0.1, jitter=0.2), seed=seed)
        )
        for _ in range(number):
            endpoint.played(*asked("openai-chat"))
        answer, _ = endpoint.played(*asked("openai-chat"))
        return [operation.delay_s for operation in answer.operations() if isinstance(operation, Pause)]

    drawn = pauses(1)
    assert 0.8 <= drawn[0] <= 1.2
    assert all(0.08 <= gap <= 0.12 for gap in drawn[1:])
    assert len(set(drawn)) > 10
    assert drawn == pauses(1)
    assert drawn != pauses(2)
    assert drawn != pauses(1, number=1)


def test_what_is_drawn_depends_on_the_seed_and_the_number_of_the_request_alone():
    chaos = read_chaos("reset=10%,429=20%,stall=5%")

    def drawn(seed, numbers):
        quick, _ = answered("openai-chat", None)
        temper = Temper(chaos=chaos, seed=seed)
        return {number: temper.applied(quick, "openai-chat", number)[1] for number in numbers}

    once = drawn(7, range(1000))
    again = drawn(7, [500, 3, 999])
    assert again == {number: once[number] for number in (500, 3, 999)}
    assert once != drawn(8, range(1000))
    counts = Counter(note.partition(" ")[0] if note else None for note in once.values())
    assert 60 < counts["reset"] < 140
    assert 150 < counts["status"] < 250
    assert 25 < counts["stall"] < 80


@pytest.mark.parametrize("fault", ENDINGS)
@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_comes_to_the_end_that_was_drawn(fault, stream):
    quick, _ = answered("openai-chat", None, stream=stream)
    cut, note = Temper(chaos=read_chaos(f"{fault}=100%"), seed=3).applied(quick, "openai-chat", 5)
    assert cut.ending.kind == fault
    assert note.startswith(fault)
    assert note.endswith("(by lot: seed 3, request 5)")
    assert fault == "bad-head" or len(cut.body()) < len(quick.body())
    assert quick.body().startswith(cut.body())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_status_that_was_drawn_has_the_dialect_s_shape(dialect):
    quick, _ = answered(dialect, None)
    busy, note = Temper(chaos=read_chaos("429=100%")).applied(quick, dialect, 0)
    assert (busy.status, dict(busy.headers)["retry-after"]) == (429, "1")
    assert "Too many requests" in busy.body().decode()
    assert note == "status 429 (by lot: seed 0, request 0)"


def test_a_fault_that_the_connection_has_no_means_for_is_left_undone():
    quick, _ = answered("openai-chat", None)
    temper = Temper(chaos=read_chaos("bad-chunk=100%"), seed=2)
    same, note = temper.applied(quick, "openai-chat", 9, playable=lambda plan: plan.ending.kind == "clean")
    assert same is quick
    assert note == "no bad-chunk, which this connection has no means for (by lot: seed 2, request 9)"


async def test_over_http_1_0_there_are_no_chunks_to_be_bad(connect):
    async with serving(temper=Temper(chaos=read_chaos("bad-chunk=100%"))) as server:
        client = await connect(server)
        request, path, _ = asked("openai-chat")
        await client.post(path, request.data, http="1.0")
        heard = await client.hear()
        assert (heard.status, heard.end) == (200, "eof")
        assert heard.body.endswith(b"data: [DONE]\n\n")
        assert next(iter(server.journal)).note.startswith("no bad-chunk")


async def test_the_journal_tells_what_was_done_by_lot(connect, eventually):
    async with serving(temper=Temper(chaos=read_chaos("reset=50%,503=50%"), seed=1)) as server:
        for _ in range(12):
            client = await connect(server)
            request, path, _ = asked("openai-chat")
            await client.post(path, request.data, "Connection: close")
            heard = await client.hear()
            await eventually(lambda: all(exchange.ended_ns for exchange in server.journal))
            exchange = list(server.journal)[-1]
            if heard.end == "reset":
                assert exchange.note.startswith("reset after")
            else:
                assert (heard.status, exchange.note[:10]) == (503, "status 503")
        kinds = {exchange.note.partition(" ")[0] for exchange in server.journal}
        assert kinds == {"reset", "status"}
        numbers = [int(exchange.note.rpartition("request ")[2].rstrip(")")) for exchange in server.journal]
        assert numbers == list(range(12))


async def test_scenarios_and_models_are_left_alone(connect, plan_of):
    async with serving(temper=Temper(chaos=read_chaos("500=100%"))) as server:
        session = server.play(plan_of(Write(b"a")))
        client = await connect(server)
        await client.post(f"/r/{session.nonce}/v1/chat/completions", b"{}")
        assert (await client.hear(until=b"0\r\n\r\n")).status == 200
        await client.post("/v1/models", b"", method="GET")
        assert (await client.hear(until=b"]}")).status == 200
