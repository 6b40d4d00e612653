"""Gzip as the reference client decodes it: as it comes, and never more than was asked for at once."""

from __future__ import annotations

import gzip
import zlib

import pytest

from streamproof.subjects.reference.coding import PIECE, decoded
from streamproof.subjects.reference.error import ClientError

BODY = b"data: one\n\ndata: two\n\n" * 40


def flushed(*parts: bytes) -> list[bytes]:
    """Each part as it goes out when the server flushes after it."""
    coder = zlib.compressobj(wbits=31)
    return [*(coder.compress(part) + coder.flush(zlib.Z_SYNC_FLUSH) for part in parts), coder.flush()]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_pieces_of_any_size_decode_to_the_body(size: int) -> None:
    coded = gzip.compress(BODY)
    pieces = [coded[at : at + size] for at in range(0, len(coded), size)]
    assert b"".join(decoded(pieces)) == BODY


def test_what_was_flushed_comes_out_before_the_rest_has_come() -> None:
    pieces = flushed(b"one", b"two")
    out = decoded(iter(pieces))
    assert [next(out), next(out)] == [b"one", b"two"]


def test_members_follow_each_other() -> None:
    assert b"".join(decoded([gzip.compress(b"one") + gzip.compress(b"two")])) == b"onetwo"


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 40 * PIECE])
def test_a_small_body_that_decodes_to_a_large_one_comes_in_bounded_pieces(size: int) -> None:
    made = list(decoded([gzip.compress(bytes(size))]))
    assert (sum(map(len, made)), max(map(len, made)) <= PIECE) == (size, True)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param([b"data: plain\n\n"], "content_encoding", id="plain bytes"),
        pytest.param([gzip.compress(BODY)[:-9]], "truncated", id="cut inside the data"),
        pytest.param([gzip.compress(BODY)[:-3]], "truncated", id="cut inside the checksum"),
        pytest.param([gzip.compress(BODY)[:-8] + bytes(8)], "content_encoding", id="a wrong checksum"),
    ],
)
def test_what_is_not_whole_gzip_is_refused(body: list[bytes], kind: str) -> None:
    with pytest.raises(ClientError) as caught:
        list(decoded(body))
    assert caught.value.type == kind


def test_no_body_is_no_coding() -> None:
    assert list(decoded([])) == []
