"""Compressed bodies as a raw client unpacks them, read by read: flushed or not, named rightly or not, whole or cut."""

from __future__ import annotations

import zlib
from importlib.util import find_spec

import attrs
import pytest

from streamproof_mock.server import serving
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads

from .stranger import hear

A, B, DONE = b"data: a\n\n", b"data: b\n\n", b"data: [DONE]\n\n"
STEPS = r'{raw: "data: a\n\n"}, cut, {raw: "data: b\n\n"}, cut'
needs_brotli = pytest.mark.skipif(find_spec("brotli") is None, reason="brotli is an extra")
CODINGS = ["gzip", pytest.param("br", marks=needs_brotli)]


class Gzip:
    def __init__(self):
        self.coder = zlib.decompressobj(wbits=31)
        self.unpack = self.coder.decompress

    def is_whole(self):
        return self.coder.eof


class Brotli:
    def __init__(self):
        import brotli  # noqa: PLC0415  an extra

        self.coder = brotli.Decompressor()
        self.unpack = self.coder.process

    def is_whole(self):
        return self.coder.is_finished()


@attrs.frozen
class Unpacked:
    """What each read of the body brought once unpacked, whether the format's end came, and the end of the connection."""

    reads: list[bytes]
    is_whole: bool
    end: str


async def heard(says):
    (case,) = cases(loads(f"dialect: openai-chat\nstream: {{framing: close, {says}}}\n", path="e.yaml", id="e"))
    async with serving() as server:
        session = server.play(compile_case(case))
        found = await hear(session.origin, headers="Accept-Encoding: gzip, br\r\n")
        assert await session.settled(1)
    [exchange] = session.exchanges
    assert (exchange.fault, exchange.complete) == (None, True)
    assert exchange.boundaries_asked == exchange.boundaries_kept
    head, _, first = found.reads[0].partition(b"\r\n\r\n")
    return head, [read for read in (first, *found.reads[1:]) if read], found.end


def unpacked(coding, reads, end):
    coder = {"gzip": Gzip, "br": Brotli}[coding]()
    return Unpacked([coder.unpack(read) for read in reads], coder.is_whole(), end)


TABLE = {
    "flushed at each event, each can be read as it comes": (
        f"flush: each, steps: [{STEPS}, done]", ([A, B, DONE], True, "FIN"),
    ),
    "not flushed, all of it comes with the last byte": (f"flush: never, steps: [{STEPS}, done]", ([A + B + DONE], True, "FIN")),
    "the connection breaks after two events": (f"steps: [{STEPS}], end: reset", ([A, B], False, "RST")),
    "the connection ends after two events, without the format's end": (f"steps: [{STEPS}], end: fin", ([A, B], False, "FIN")),
    "silence after two events": (f"steps: [{STEPS}], end: stall", ([A, B], False, "silence")),
}  # fmt: skip


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("name", TABLE)
async def test_a_compressed_body_unpacks_to_what_was_said(name, coding):
    says, (reads, is_whole, end) = TABLE[name]
    head, packed, how = await heard(f"encoding: {coding}, {says}")

    assert f"\r\ncontent-encoding: {coding}".encode() in head
    found = unpacked(coding, packed, how)
    if "flush: never" in says:
        found = attrs.evolve(found, reads=[b"".join(found.reads)])
        assert unpacked(coding, packed[:-1], how).reads == [b""] * (len(packed) - 1)
    assert found == Unpacked(reads, is_whole, end)


async def test_without_its_last_eight_bytes_gzip_has_no_checksum_and_http_sees_nothing_wrong():
    _, packed, end = await heard(f"encoding: gzip, steps: [{STEPS}, {{done: null, keep: -8}}]")
    assert unpacked("gzip", packed, end) == Unpacked([A, B, DONE], False, "FIN")


async def test_gzip_that_is_cut_within_an_event_gives_what_came_before():
    _, packed, end = await heard(f"encoding: gzip, steps: [{STEPS}, {{done: null, keep: 2}}], end: fin")
    found = unpacked("gzip", packed, end)
    assert found.reads[:2] == [A, B]
    assert len(packed[2]) == 2
    assert (found.is_whole, found.end) == (False, "FIN")


async def test_a_checksum_can_be_wrong():
    zeros = "'0000000000000000'"
    _, packed, _ = await heard(f"encoding: gzip, flush: each, steps: [{STEPS}, {{done: null, keep: -8}}]")
    (case,) = cases(
        loads(
            "dialect: openai-chat\nstream: {framing: close, headers: {content-encoding: gzip}, "
            f"steps: [{{hex: '{b''.join(packed).hex()}'}}, {{hex: {zeros}}}]}}\n",
            path="e.yaml",
            id="e",
        )
    )
    body = compile_case(case).answers[0].body()
    with pytest.raises(zlib.error, match="incorrect data check"):
        Gzip().unpack(body)


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_a_coding_that_is_named_and_not_done_is_plain(coding):
    head, reads, _ = await heard(f"headers: {{content-encoding: {coding}}}, steps: [{STEPS}, done]")
    assert f"content-encoding: {coding}".encode() in head
    assert reads == [A, B, DONE]


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_coding_that_is_done_and_not_named_is_packed_all_the_same(coding):
    head, packed, end = await heard(f"encoding: {coding}, headers: {{content-encoding: null}}, steps: [{STEPS}, done]")
    assert b"content-encoding" not in head
    assert unpacked(coding, packed, end) == Unpacked([A, B, DONE], True, "FIN")


@pytest.mark.skipif(find_spec("brotli") is None, reason="brotli is an extra")
async def test_a_coding_can_be_named_that_is_another():
    head, packed, end = await heard(f"encoding: br, headers: {{content-encoding: gzip}}, steps: [{STEPS}, done]")
    assert b"content-encoding: gzip" in head
    assert unpacked("br", packed, end).is_whole
    with pytest.raises(zlib.error, match="incorrect header"):
        unpacked("gzip", packed, end)
