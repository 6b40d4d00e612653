from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from streamproof_bench.answers import END, WrongAnswer, dechunked, exact, same_text
from streamproof_bench.material import Material, request, sized

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def material(tmp_path: Path) -> Material:
    return Material.drawn(7, tmp_path)


def raw(*pieces: bytes) -> bytes:
    return HEAD + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def test_a_body_is_taken_out_of_its_chunks() -> None:
    assert dechunked(raw(b"a\r\nb", b"0", b"c" * 300)) == b"a\r\nb0" + b"c" * 300


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
        HEAD + b"zz\r\n",
        HEAD + b"3\r\nabcd\r\n0\r\n\r\n",
        HEAD,
    ],
)
def test_what_is_no_good_answer_is_said(answer: bytes) -> None:
    with pytest.raises(WrongAnswer):
        dechunked(answer)


def test_the_same_body_passes_however_it_is_cut(material: Material) -> None:
    check = exact(material.unpaced)
    check(raw(*material.unpaced.pieces))
    check(raw(material.unpaced.body))
    check(raw(*material.unpaced.pieces))
    with pytest.raises(WrongAnswer, match="SHA-256"):
        check(raw(*material.unpaced.pieces[:-1]))


def test_a_server_of_its_own_events_is_held_to_count_and_text(material: Material) -> None:
    stream = material.unpaced
    other = [piece.replace(b'"created":', b'"made":') for piece in stream.pieces]
    same_text(stream)(raw(*other))
    with pytest.raises(WrongAnswer, match="events"):
        same_text(stream)(raw(*other[1:]))
    with pytest.raises(WrongAnswer, match="text"):
        same_text(stream)(raw(*[piece.replace(stream.texts[3].encode(), b" other") for piece in other]))


def test_the_end_stands_nowhere_but_at_the_end(material: Material) -> None:
    assert raw(*material.unpaced.pieces).count(END) == 1


def test_the_drawn_text_is_what_the_stream_says(material: Material, tmp_path: Path) -> None:
    stream = material.unpaced
    chunks = [json.loads(piece[len(b"data: ") :]) for piece in stream.pieces[:-1]]
    assert len(stream.pieces) == 100
    assert "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks) == stream.text
    assert Material.drawn(7, tmp_path / "same").unpaced.body == stream.body
    assert Material.drawn(8, tmp_path / "other").unpaced.body != stream.body


def test_all_streams_are_written_whole_for_the_others(material: Material) -> None:
    plain = json.loads(material.plain.read_text("utf-8"))
    for stream in (material.unpaced, material.paced, material.held):
        assert "".join(plain[stream.name]["pieces"]).encode() == stream.body
        assert plain[stream.name]["gap_s"] == stream.gap_s


def test_a_request_announces_its_length(material: Material) -> None:
    head, _, body = request("/joined/unpaced", material.unpaced).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["stream"] is True


def test_a_stream_can_be_given_its_size(tmp_path: Path) -> None:
    assert len(sized(random.Random(7), "sweep", 2048, tmp_path).body) == 2048
    with pytest.raises(ValueError, match="expected a size"):
        sized(random.Random(7), "sweep", 10, tmp_path)
