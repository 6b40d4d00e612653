"""What the prober says of endpoints, good and broken: a row for each way to be wrong."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import attrs
import pytest
import trio
import trustme

from streamproof.probing.call import Endpoint
from streamproof.probing.prober import Prober
from streamproof.probing.probes import Asking, plan_of
from streamproof_formats.http import read_response
from streamproof_reports.document import CaseResult

from .endpoint import (
    CHUNKED,
    DONE,
    LAST,
    STREAM,
    Behaviour,
    Request,
    Served,
    answer,
    chunk,
    chunks_for,
    entry,
    envelope,
    error,
    event,
    is_long,
    serving,
    stream_of,
    well_behaved,
)  # fmt: skip

KEY = "sk-proj-4f9a/b+c=Q2"


async def probed(
    behaviour: Behaviour,
    *names: str,
    key: str | None = None,
    tls: Any = None,
    sleep: Any = None,
    arrives: int | None = None,
    **settings: Any,
) -> tuple[dict[str, CaseResult], Served]:
    """Probes an endpoint of this behaviour; the results by the names of the probes."""
    results: list[CaseResult] = []
    limits = {name: settings.pop(name) for name in ("timeout_s", "max_bytes") if name in settings}
    client_tls, server_tls = tls or (None, None)

    async def no_sleep(_seconds: float) -> None:
        await trio.lowlevel.checkpoint()

    async with serving(behaviour, server_tls) as served:
        prober = Prober(
            endpoint=Endpoint(
                url=served.url + "/chat/completions", key=key, tls=client_tls, **{"timeout_s": 5.0, **limits}
            ),
            dialect="openai-chat",
            asking=Asking(model="m"),
            probes=plan_of("openai-chat", names),
            sleep=sleep or no_sleep,
            **settings,
        )
        totals: dict[str, int] = {}
        await prober.run(results.append, totals)
    assert len(served.requests) == (totals["requests"] if arrives is None else arrives)
    return {result.probe or "": result for result in results}, served


def told(result: CaseResult) -> str:
    """All that a result says, in one text."""
    rules = [f"{finding.rule}: {finding.message}" for finding in result.findings]
    return " | ".join([*rules, result.reason or "", *result.notes])


# --- A good endpoint


@pytest.mark.parametrize("key", [None, KEY])
async def test_a_well_behaved_endpoint_passes_every_probe(key: str | None) -> None:
    results, served = await probed(well_behaved(key), key=key)
    without_key = {"wrong-key"} if key is None else set()
    assert {name: told(result) for name, result in results.items() if result.verdict != "pass"}.keys() == without_key
    assert list(results) == [probe.name for probe in plan_of("openai-chat")]
    assert all(not result.findings and not result.reproduce for result in results.values())
    assert len(served.requests) == len(results) + 1 - len(without_key)  # a plain one after the early abort


async def test_without_a_key_a_wrong_one_is_not_sent() -> None:
    results, served = await probed(well_behaved(), "wrong-key")
    assert results["wrong-key"].verdict == "skip"
    assert results["wrong-key"].missing == ("a key",)
    assert served.requests == []


async def test_keys_that_do_not_matter_are_no_failure() -> None:
    results, _ = await probed(well_behaved(), "wrong-key", key=KEY)
    assert results["wrong-key"].verdict == "skip"
    assert "takes any key" in told(results["wrong-key"])


@pytest.mark.parametrize(
    ("framed", "name"),
    [
        (lambda body: STREAM + b"\r\n" + body, "closing is the framing"),
        (lambda body: CHUNKED + chunk(body) + LAST, "one chunk"),
        (lambda body: CHUNKED + b"".join(chunk(body[i : i + 1]) for i in range(len(body))) + LAST, "a chunk a byte"),
        (lambda body: b"HTTP/1.1 102 Processing\r\n\r\n" + CHUNKED + chunk(body) + LAST, "an interim answer"),
        (lambda body: STREAM.replace(b"1.1", b"1.0") + b"\r\n" + body, "HTTP/1.0"),
        (lambda body: CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + chunk(gzip.compress(body)) + LAST, "gzip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_every_legal_framing_passes(framed: Callable[[bytes], bytes], name: str) -> None:
    def change(_request: Request, whole: bytes) -> bytes:
        return framed(read_response(whole).body)

    results, _ = await probed(well_behaved(change=change), "plain", "usage", "two-choices")
    assert {probe: told(result) for probe, result in results.items() if result.verdict != "pass"} == {}


async def test_a_connection_that_is_kept_alive_does_not_hold_the_probe() -> None:
    async def behave(stream: trio.SocketStream, request: Request) -> None:
        await stream.send_all(stream_of(chunks_for(request.body)))
        await stream.receive_some()  # until the client leaves

    with trio.fail_after(3):
        results, _ = await probed(behave, "plain", timeout_s=60)
    assert results["plain"].verdict == "pass"
    assert results["plain"].timeline[-1].text == "the body ended"


async def test_tls_is_judged_in_clear_text_and_an_untrusted_certificate_is_told() -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    results, _ = await probed(well_behaved(), "plain", "two-choices", tls=(client, server))
    assert [result.verdict for result in results.values()] == ["pass", "pass"]
    results, _ = await probed(well_behaved(), "plain", tls=(None, server), arrives=0)
    assert results["plain"].verdict == "harness_error"
    assert "its certificate is not trusted" in told(results["plain"])


# --- Broken endpoints

Change = Callable[[Request, bytes], bytes]


def on_chunks(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], end: bytes = DONE) -> Change:
    return lambda request, _whole: stream_of(change(chunks_for(request.body)), end)


def always(whole: bytes) -> Change:
    return lambda _request, _whole: whole


def without_usage_null(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in c.items() if key != "usage" or value is not None} for c in chunks]


def with_text_for_tools(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    finish = chunks[-1]["choices"][0]["finish_reason"]
    return [chunks[0], envelope(entry({"content": "It is sunny."})), envelope(entry({}, 0, "stop" if finish else None))]


def cut_short(_chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [envelope(entry({"role": "assistant", "content": "I"})), envelope(entry({}, 0, "length"))]


USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
HTML = answer(b"<html>Oops</html>", status=b"400 Bad Request", kind=b"text/html")
TEXT = b'data: {"id": 1}\n\n'

ROWS: list[tuple[str, str, Change, str, str]] = [
    # what is wrong, the probe, how the answer is spoilt, the verdict, what is said
    ("no [DONE]", "plain", on_chunks(list, b""), "fail", "OC-04: expected [DONE] at the end of the stream"),
    ("no finish reason", "plain", on_chunks(lambda chunks: chunks[:-1]), "fail", "OC-14: expected a finish reason"),
    ("events after [DONE]", "plain", on_chunks(list, DONE + event(envelope())), "fail", "OC-05: "),
    ("no blank line at the end", "plain", on_chunks(list, b"data: [DONE]"), "fail", "SSE-26: "),
    ("no JSON in an event", "plain", on_chunks(list, b"data: {oops\n\n" + DONE), "fail", "OC-02: "),
    ("another content type", "plain", lambda _, whole: whole.replace(b"text/event-stream", b"text/plain"), "fail", "OC-01: "),
    ("one answer, no stream", "plain", always(answer(b'{"choices": []}')), "fail", "OC-01: "),
    ("no body at all", "plain", always(b"HTTP/1.1 204 No Content\r\n\r\n"), "fail", "OC-01: "),
    ("[DONE] alone", "plain", on_chunks(lambda _: []), "fail", "OC-40: expected 1 choices, found 0"),
    ("usage unasked", "plain", on_chunks(lambda chunks: [{**c, "usage": USAGE} for c in chunks]), "fail", "OC-28: "),
    ("no Cache-Control", "plain", lambda _, whole: whole.replace(b"Cache-Control: no-cache\r\n", b""), "warn", "SSE-42: "),
    ("an error in the stream", "plain", on_chunks(lambda chunks: [chunks[0], {"error": {"message": "Overloaded", "type": "server_error", "code": None, "param": None}}]), "harness_error", "an error in the stream: Overloaded"),
    ("an event cut inside", "plain", lambda _, whole: CHUNKED + chunk(b'data: {"id":') + LAST, "fail", "OC-04: "),
    ("no zero chunk", "plain", lambda _, whole: whole.removesuffix(LAST), "fail", "SSE-48: expected the zero chunk"),
    ("cut inside a chunk", "plain", lambda _, whole: whole[:-30], "fail", "SSE-48: "),
    ("a bad chunk size", "plain", lambda _, whole: whole[:-5] + b"zz\r\n", "fail", "expected a chunk size"),
    ("a Content-Length too large", "plain", always(STREAM + b"Content-Length: 999\r\n\r\n" + TEXT), "fail", "SSE-48: expected 999 bytes of body"),
    ("a Content-Length too small", "plain", always(STREAM + b"Content-Length: 7\r\n\r\n" + TEXT), "fail", "SSE-43b: expected 7 bytes of body, found 10 more"),
    ("an encoding that nobody asked for", "plain", always(STREAM + b"Content-Encoding: zstd\r\n\r\n"), "harness_error", "expected a Content-Encoding of gzip"),
    ("no HTTP", "plain", always(b"SSH-2.0-OpenSSH_9.2\r\n"), "fail", "the answer is no HTTP"),
    ("a head that breaks off", "plain", always(b"HTTP/1.1 200 OK\r\nContent-T"), "fail", "the answer is no HTTP"),
    ("a bad header line", "plain", always(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "fail", "expected a header field"),
    ("a redirect", "plain", always(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/v2\r\nContent-Length: 0\r\n\r\n"), "harness_error", "redirected with status 307 to http://127.0.0.1:9/v2: no redirect is followed"),
    ("another address", "plain", always(error(b"404 Not Found", "No such page")), "harness_error", "refused with status 404: No such page; is the address right"),
    ("a model that is not there", "plain", always(answer(b"<h1>Not found</h1>", status=b"404 Not Found", kind=b"text/html")), "harness_error", "SSE-47: expected an error of status 404 as application/json"),
    ("a field that it does not know", "plain", always(error(b"400 Bad Request")), "harness_error", "--token-field"),
    ("a stream only for its Accept", "sdk-accept", always(error(b"406 Not Acceptable")), "fail", "SSE-46: expected a stream as to a plain request, found status 406"),
    ("no stream for this Accept", "sdk-accept", always(answer(b"{}")), "fail", "SSE-46: expected a stream as to a plain request, found content type application/json"),
    ("usage missing", "usage", on_chunks(lambda chunks: chunks[:-1]), "fail", "OC-27: expected a last chunk with choices [] and usage"),
    ("usage null missing", "usage", on_chunks(without_usage_null), "fail", "nothing here fails under the profile vllm"),
    ("usage that does not add up", "usage", on_chunks(lambda chunks: [*chunks[:-1], envelope(usage={**USAGE, "total_tokens": 9})]), "fail", "OC-29: "),
    ("no stream_options", "usage", always(error(b"400 Bad Request", "stream_options is not supported")), "skip", "stream_options is not supported"),
    ("refused as a page", "usage", always(HTML), "fail", "SSE-47: expected an error of status 400 as application/json, found text/html"),
    ("refused in the stream", "usage", on_chunks(lambda _: [{"error": {"message": "no usage", "type": "x", "code": None, "param": None}}]), "skip", "no usage"),
    ("usage though declined", "no-usage", on_chunks(lambda chunks: [*chunks, envelope(usage=USAGE)]), "fail", "OC-28: "),
    ("one choice of two", "two-choices", on_chunks(lambda chunks: [c for c in chunks if c["choices"][0]["index"] == 0]), "fail", "OC-40: expected 2 choices, found 1"),
    ("a third choice", "two-choices", on_chunks(lambda chunks: [*chunks, envelope(entry({"role": "assistant"}, 2)), envelope(entry({}, 2, "stop"))]), "fail", "OC-17: "),
    ("the second choice first", "two-choices", on_chunks(lambda chunks: [chunks[1], chunks[0], *chunks[2:]]), "warn", "OC-18: "),
    ("no second choice", "two-choices", always(error(b"400 Bad Request", "n must be 1")), "skip", "refused with status 400: n must be 1"),
    ("not implemented", "two-choices", always(error(b"501 Not Implemented")), "skip", "refused with status 501"),
    ("more tokens than asked for", "one-token", on_chunks(lambda chunks: [*chunks[:-1], envelope(usage=USAGE)]), "fail", "OC-39: expected 1 completion_tokens at most, found 3"),
    ("no tool call", "required-tool", on_chunks(with_text_for_tools), "fail", "OC-37b: expected a tool call"),
    ("cut short before a call", "required-tool", on_chunks(cut_short), "skip", "finish reason length): see --tokens"),
    ("no tools", "required-tool", always(error(b"404 Not Found", "no endpoint has tools")), "skip", "no endpoint has tools"),
    ("another tool", "named-tool", lambda _, whole: whole.replace(b"get_weather", b"get_wetland"), "fail", "OC-37c: "),
    ("the named tool is not called", "named-tool", on_chunks(with_text_for_tools), "fail", "OC-37c: expected a call of the tool that was named, found none"),
    ("tool index missing", "named-tool", lambda _, whole: whole.replace(b'"index": 0, "id"', b'"ondex": 0, "id"'), "fail", "OC-19: "),
    ("cut short before the call", "named-tool", on_chunks(cut_short), "skip", "no tool call came"),
    ("200 for broken JSON", "broken-json", always(stream_of([envelope(entry({}))])), "fail", "SSE-47: expected a status of 400 or above, found 200"),
    ("200 with an error", "broken-json", always(answer(b'{"error": {"message": "bad JSON"}}')), "fail", "SSE-47: expected a status of 400 or above, found 200"),
    ("an HTML page", "broken-json", always(HTML), "fail", "SSE-47: expected an error of status 400 as application/json, found text/html"),
    ("an error cut off", "broken-json", always(error(b"400 Bad Request")[:-4]), "fail", "SSE-48: "),
    ("an error that is no JSON", "broken-json", always(answer(b"bad", status=b"400 Bad Request")), "fail", "SSE-47: "),
    ("the server's fault", "broken-json", always(error(b"500 Internal Server Error")), "pass", "answered with status 500, which asks clients to try again"),
    ("busy", "broken-json", always(error(b"503 Service Unavailable", "later")), "harness_error", "status 503, which says nothing of the request: later"),
    ("answers without messages", "no-messages", always(stream_of([envelope(entry({}))])), "warn", "a body without messages"),
    ("an error in the stream instead", "no-messages", always(stream_of([{"error": {"message": "no messages"}}])), "fail", "SSE-47: "),
    ("a wrong key in a page", "wrong-key", always(answer(b"no", status=b"401 Unauthorized", kind=b"text/plain")), "fail", "SSE-47: "),
    ("a wrong key as a bad request", "wrong-key", always(error(b"400 Bad Request")), "pass", "where 401 is documented"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "probe", "change", "verdict", "says"), ROWS, ids=[f"{r[1]}: {r[0]}" for r in ROWS])
async def test_what_is_broken_is_told(name: str, probe: str, change: Change, verdict: str, says: str) -> None:
    async def behave(stream: trio.SocketStream, request: Request) -> None:
        whole = stream_of(chunks_for(request.body)) if request.body and "messages" in request.body else b""
        await stream.send_all(change(request, whole))

    results, _ = await probed(behave, probe, key=KEY if probe == "wrong-key" else None)
    result = results[probe]
    assert says in told(result)
    assert result.verdict == verdict
    assert bool(result.reproduce) == (verdict not in {"pass", "skip"})


@pytest.mark.parametrize("row", [row for row in ROWS if row[3] == "warn"], ids=lambda row: row[0])
async def test_a_warning_fails_when_that_is_asked_for(row: tuple[str, str, Change, str, str]) -> None:
    async def behave(stream: trio.SocketStream, request: Request) -> None:
        await stream.send_all(row[2](request, stream_of(chunks_for({"messages": [], **request.body}))))

    results, _ = await probed(behave, row[1], strict=True)
    assert results[row[1]].verdict == "fail"


async def test_a_profile_allows_what_it_documents() -> None:
    results, _ = await probed(well_behaved(change=on_chunks(without_usage_null)), "usage", profile="vllm")
    assert results["usage"].verdict == "pass"


async def test_a_finding_names_its_rule_event_and_bytes_and_the_excerpt_holds_them() -> None:
    results, _ = await probed(well_behaved(change=on_chunks(lambda c: [*c, envelope(usage=USAGE)])), "no-usage")
    (finding,) = results["no-usage"].findings
    assert (finding.rule, finding.level, finding.basis, finding.event) == ("OC-28", "MUST", "DOC", 5)
    assert finding.start is not None
    assert results["no-usage"].sent_from <= finding.start < (finding.end or 0) <= results["no-usage"].sent_total


async def test_the_excerpt_shows_the_end_where_the_end_is_missing() -> None:
    long = on_chunks(lambda chunks: [*chunks[:-1], *[envelope(entry({"content": "x" * 500}))] * 20, chunks[-1]], b"")
    results, _ = await probed(well_behaved(change=long), "plain")
    assert results["plain"].sent_from + 4096 == results["plain"].sent_total
    assert b'"stop"' in base64.b64decode(results["plain"].sent or "")


# --- Endings and bounds


def reset(stream: trio.SocketStream) -> None:
    """The next close is a RST."""
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def sending(*pieces: bytes, then: Callable[[trio.SocketStream], Awaitable[None]] | None = None) -> Behaviour:
    async def behave(stream: trio.SocketStream, _request: Request) -> None:
        for piece in pieces:
            await stream.send_all(piece)
        if then is not None:
            await then(stream)

    return behave


async def silence(stream: trio.SocketStream) -> None:
    await stream.receive_some()


async def flood(stream: trio.SocketStream) -> None:
    while True:
        await stream.send_all(chunk(event(envelope(entry({"content": "more "})))))


async def header_flood(stream: trio.SocketStream) -> None:
    while True:
        await stream.send_all(b"X-Padding: " + b"x" * 1000 + b"\r\n")


async def drip(stream: trio.SocketStream) -> None:
    while True:
        await stream.send_all(chunk(b":"))
        await trio.sleep(0.02)


async def resetting(stream: trio.SocketStream) -> None:
    await trio.sleep(0.05)  # what was sent is to be read before
    reset(stream)


BEGUN = CHUNKED + chunk(event(envelope(entry({"role": "assistant", "content": "Hi"}))))
BOMB = gzip.compress(b": " + b"x" * (1 << 22) + b"\n")
GZIPPED = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")

ENDINGS: list[tuple[str, Behaviour, str, str]] = [
    ("RST in mid-stream", sending(BEGUN, then=resetting), "fail", "OC-04: "),
    ("FIN in mid-stream", sending(BEGUN), "fail", "SSE-48: expected the zero chunk"),
    ("silence in mid-stream", sending(BEGUN, then=silence), "harness_error", "did not end within 0.5 s"),
    ("silence after a breach", sending(BEGUN, chunk(b"data: oops\n\n"), then=silence), "fail", "OC-02: "),
    ("held open behind [DONE]", sending(stream_of(chunks_for({"max_completion_tokens": 9})).removesuffix(LAST), then=silence), "fail", "SSE-48: "),
    ("slow drip", sending(CHUNKED, then=drip), "harness_error", "did not end within 0.5 s"),
    ("endless stream", sending(CHUNKED, then=flood), "fail", "did not end within 65536 bytes, and 48 tokens at most"),
    ("endless head", sending(b"HTTP/1.1 200 OK\r\n", then=header_flood), "harness_error", "the head of the answer is longer than 65536 bytes"),
    ("head that never ends", sending(b"HTTP/1.1 200 OK\r\n", then=silence), "harness_error", "the head of the answer did not end within 0.5 s"),
    ("gzip bomb", sending(GZIPPED, chunk(BOMB), then=silence), "fail", "did not end within 65536 bytes"),
    ("bad gzip", sending(GZIPPED, chunk(b"not gzip at all"), LAST), "fail", "expected gzip as Content-Encoding says"),
    ("not a byte", sending(then=silence), "harness_error", "took the request and sent nothing within 0.5 s"),
    ("closed without a byte", sending(), "harness_error", "closed the connection without a byte"),
    ("reset without a byte", sending(then=resetting), "harness_error", "reset the connection without a byte"),
]  # fmt: skip


IN_TIME = frozenset(name for name, _, _, says in ENDINGS if "within 0.5 s" in says) | {
    "silence after a breach",
    "held open behind [DONE]",
}
"""Endings that only the time limit shows."""


@pytest.mark.parametrize(("name", "behaviour", "verdict", "says"), ENDINGS, ids=[row[0] for row in ENDINGS])
async def test_how_an_answer_ended_is_told_rightly(name: str, behaviour: Behaviour, verdict: str, says: str) -> None:
    with trio.fail_after(10):
        results, _ = await probed(behaviour, "plain", timeout_s=0.5 if name in IN_TIME else 5, max_bytes=1 << 16)
    assert says in told(results["plain"])
    assert results["plain"].verdict == verdict


async def test_an_answer_that_was_not_read_to_its_end_is_not_blamed_for_its_end() -> None:
    results, _ = await probed(sending(BEGUN, chunk(b"data: oops\n\n"), then=silence), "plain", timeout_s=0.5)
    assert {finding.rule for finding in results["plain"].findings} == {"OC-02"}


async def test_the_timeline_ends_with_how_the_answer_ended() -> None:
    results, _ = await probed(sending(BEGUN, then=resetting), "plain")
    assert [(mark.lane, mark.kind, mark.text) for mark in results["plain"].timeline][-1] == (
        "server", "end", "the server reset",
    )  # fmt: skip


# --- Trying again


def busy(*statuses: bytes, more: bytes = b"") -> Behaviour:
    """Answers with these statuses first, then as it should."""
    left = list(statuses)

    async def behave(stream: trio.SocketStream, request: Request) -> None:
        if left:
            await stream.send_all(error(left.pop(0), "Slow down.", more))
        else:
            await well_behaved()(stream, request)

    return behave


@pytest.mark.parametrize(
    ("behaviour", "verdict", "waits", "says"),
    [
        (busy(b"429 Too Many Requests", more=b"Retry-After: 7\r\n"), "pass", [7.0], "tried again after status 429 and 7 s"),
        (busy(b"503 Service Unavailable"), "pass", [1.0], "tried again after status 503 and 1 s"),
        (busy(b"500 Internal Server Error", b"502 Bad Gateway"), "pass", [1.0, 2.0], "tried again after status 502 and 2 s"),
        (busy(*[b"503 Service Unavailable"] * 9), "harness_error", [1.0, 2.0], "refused with status 503: Slow down."),
        (busy(b"429 Too Many Requests", more=b"Retry-After: 3600\r\n"), "harness_error", [], "it asks to wait for 3600 s"),
    ],
    ids=["Retry-After", "503 once", "500, then 502", "503 for ever", "Retry-After too long"],
)  # fmt: skip
async def test_what_passes_is_tried_again(behaviour: Behaviour, verdict: str, waits: list[float], says: str) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await trio.lowlevel.checkpoint()

    results, served = await probed(behaviour, "plain", sleep=sleep)
    assert says in told(results["plain"])
    assert (results["plain"].verdict, slept) == (verdict, waits)
    assert len(served.requests) == len(waits) + 1


@pytest.mark.parametrize("status", [b"400 Bad Request", b"500 Internal Server Error", b"501 Not Implemented"])
async def test_a_refusal_that_is_wanted_is_not_tried_again(status: bytes) -> None:
    results, served = await probed(busy(*[status] * 3), "broken-json")
    assert results["broken-json"].verdict == "pass"
    assert len(served.requests) == 1


async def test_no_more_requests_are_sent_than_allowed() -> None:
    results, served = await probed(busy(*[b"503 Service Unavailable"] * 9), "two-choices", "plain", max_requests=4)
    assert len(served.requests) == 3
    results, served = await probed(well_behaved(), max_requests=3)
    assert len(served.requests) == 3
    assert [result.verdict for result in results.values()] == ["pass"] * 3 + ["harness_error"] * 7 + [
        "skip",
        "harness_error",
    ]
    assert "the limit of 3 requests is reached" in told(results["early-abort"])


async def test_nothing_more_is_sent_when_the_plain_request_gets_no_answer() -> None:
    results, served = await probed(sending())
    assert list(results) == ["plain"]
    assert len(served.requests) == 1


async def test_an_endpoint_that_falls_silent_is_not_waited_for_again_and_again() -> None:
    count = 0

    async def behave(stream: trio.SocketStream, request: Request) -> None:
        nonlocal count
        count += 1
        await (well_behaved() if count <= 2 else sending())(stream, request)

    results, _ = await probed(behave)
    assert [result.verdict for result in results.values()] == ["pass", "pass", "harness_error", "harness_error"]


# --- Leaving early


@pytest.mark.parametrize(
    ("after", "verdict", "says"),
    [
        (well_behaved(), "pass", "left after"),
        (sending(), "fail", "after a client had left, a plain request failed: "),
        (sending(BEGUN), "fail", "after a client had left, the answer to a plain request did not end as it should: fin"),
        (sending(error(b"503 Service Unavailable")), "harness_error", "a plain request got status 503"),
    ],
    ids=["well", "gone", "cut", "busy"],
)  # fmt: skip
async def test_an_endpoint_survives_a_client_that_leaves(after: Behaviour, verdict: str, says: str) -> None:
    left = False

    async def behave(stream: trio.SocketStream, request: Request) -> None:
        nonlocal left
        await (well_behaved() if is_long(request) or not left else after)(stream, request)
        left = left or is_long(request)

    results, served = await probed(behave, "early-abort")
    assert says in told(results["early-abort"])
    assert results["early-abort"].verdict == verdict
    assert is_long(served.requests[0])
    assert not is_long(served.requests[-1])


async def test_an_answer_that_is_over_at_once_proves_nothing_about_leaving() -> None:
    whole = CHUNKED + chunk(DONE) + LAST
    results, served = await probed(sending(whole), "early-abort")
    assert results["early-abort"].verdict == "skip"
    assert len(served.requests) == 1


# --- The key


def echo(how: Callable[[bytes], bytes]) -> Behaviour:
    async def behave(stream: trio.SocketStream, request: Request) -> None:
        await stream.send_all(how(request.key.encode()))

    return behave


def in_pieces(key: bytes) -> bytes:
    return CHUNKED + chunk(b"data: invalid key " + key[:9]) + chunk(key[9:] + b"\n\n") + LAST


@pytest.mark.parametrize(
    "how",
    [
        lambda key: error(b"401 Unauthorized", f"Incorrect API key: {key.decode()}"),
        lambda key: error(b"400 Bad Request", f"Incorrect API key: {key.decode()}"),
        lambda key: CHUNKED + chunk(b"data: " + key + b"\n\n") + LAST,
        lambda key: CHUNKED + chunk(event(envelope(entry({"role": key.decode()})))) + LAST,
        lambda key: b"HTTP/1.1 302 Found\r\nLocation: /login?key=" + key + b"\r\nContent-Length: 0\r\n\r\n",
        lambda key: b"HTTP/1.1 200 OK\r\n" + key + b"\r\n\r\n",
        lambda key: key,
        lambda key: CHUNKED + chunk(b"data: {" + key.replace(b"/", b"\\/") + b"}\n\n") + LAST,
        lambda key: STREAM.replace(b"text/event-stream", b"text/" + key) + b"\r\n",
        in_pieces,
    ],
    ids=["401", "400", "data", "JSON", "Location", "header", "status line", "escaped", "content type", "pieces"],
)
@pytest.mark.parametrize("probe", ["plain", "sdk-accept", "broken-json", "early-abort"])
async def test_a_key_that_is_echoed_is_in_no_result(how: Callable[[bytes], bytes], probe: str) -> None:
    results, served = await probed(echo(how), probe, key=KEY)
    assert served.requests[0].key == KEY
    result = results[probe]
    everything = json.dumps(attrs.asdict(result), ensure_ascii=False)
    everything += base64.b64decode(result.sent or "").decode("latin-1")
    for part in (KEY, KEY[:9], KEY[9:], KEY.replace("/", "\\/")):
        assert part not in everything
    assert "proj-4f" not in repr(Endpoint(url="http://h/v1", key=KEY))
