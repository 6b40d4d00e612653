"""The reference client's own decoder: WHATWG rules, under every cut."""

from __future__ import annotations

import pytest

from streamproof.subjects.reference import events as decoding
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.events import EventDecoder

TABLE = {
    "an event": (b"data: a\n\n", [("message", "a", "")]),
    "no space after the colon": (b"data:a\n\n", [("message", "a", "")]),
    "only one space is taken away": (b"data:  a \n\n", [("message", " a ", "")]),
    "a tab is kept": (b"data:\ta\n\n", [("message", "\ta", "")]),
    "lines join with a line feed": (b"data: a\ndata\ndata: b\n\n", [("message", "a\n\nb", "")]),
    "a field without colon has an empty value": (b"data\n\n", [("message", "", "")]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [("message", "a", ""), ("message", "b", "")]),
    "CR alone, at the end too": (b"data: a\r\rdata: b\r\r", [("message", "a", ""), ("message", "b", "")]),
    "mixed line ends": (
        b"data: a\n\r\ndata: b\r\n\rdata: c\r\n\n",
        [("message", "a", ""), ("message", "b", ""), ("message", "c", "")],
    ),
    "CRLF inside an event is one end": (b"data: a\r\ndata: b\r\n\r\n", [("message", "a\nb", "")]),
    "a byte order mark at the start is dropped": (b"\xef\xbb\xbfdata: a\n\n", [("message", "a", "")]),
    "a second one is not": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", []),
    "nor one further on": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("message", "a", "")]),
    "a start that is no byte order mark after all": (b"\xef\xbb\n\ndata: a\n\n", [("message", "a", "")]),
    "characters of all lengths": ("data: é你😀\n\n".encode(), [("message", "é你😀", "")]),
    "bytes that are not UTF-8 are replaced": (b"data: a\xff\xe2\x9cb\n\n", [("message", "a\ufffd\ufffdb", "")]),
    "a sequence cut by a line end": (b"data: a\xe2\x9c\ndata: b\n\n", [("message", "a\ufffd\nb", "")]),
    "other separators are data": (
        "data: a\x0b\x0c\x1c\x85\u2028\u2029\0b\n\n".encode(),
        [("message", "a\x0b\x0c\x1c\x85\u2028\u2029\0b", "")],
    ),
    "comments say nothing": (b": c\ndata: a\n:\n: data: x\n\n: c\n\n", [("message", "a", "")]),
    "unknown fields, other cases, leading spaces": (b"foo: 1\nData: x\n data: y\ndata: a\n\n", [("message", "a", "")]),
    "a name, which does not leak": (b"event: e\ndata: a\n\ndata: b\n\n", [("e", "a", ""), ("message", "b", "")]),
    "a name without data does not leak either": (b"event: e\n\ndata: a\n\n", [("message", "a", "")]),
    "an empty name is the default": (b"event: e\nevent\ndata: a\n\n", [("message", "a", "")]),
    "an id stays": (
        b"id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        [("message", "a", "7"), ("message", "b", "7"), ("message", "c", "")],
    ),
    "an id with NUL is ignored": (b"id: 7\nid: 8\0\ndata: a\n\n", [("message", "a", "7")]),
    "blocks without data are nothing": (b"retry: 10\n\nid: 7\n\nevent: e\n\n\n\n", []),
    "what is not ended is dropped": (b"data: a\n\ndata: b\n", [("message", "a", "")]),
    "a whole line too": (b"data: a\n\ndata: b", [("message", "a", "")]),
}


@pytest.mark.parametrize("name", TABLE)
def test_events_do_not_depend_on_the_cut(name: str) -> None:
    data, expected = TABLE[name]
    cuts = [[data], [data[i : i + 1] for i in range(len(data))]]
    cuts += [[data[:i], data[i:]] for i in range(len(data) + 1)]
    cuts += [[data[:i], data[i:j], b"", data[j:]] for i in range(0, len(data), 3) for j in range(i, len(data), 2)]
    for pieces in cuts:
        decoder = EventDecoder()
        found = [tuple(event) for piece in pieces for event in decoder.feed(piece)]
        assert found == expected, pieces


def test_an_event_comes_with_the_byte_that_ends_it() -> None:
    decoder = EventDecoder()
    data = b"data: a\r\n\r\ndata: b\n\n"
    came = [i for i in range(len(data)) if decoder.feed(data[i : i + 1])]
    assert came == [data.index(b"\r\n\r\n") + 2, len(data) - 1]


@pytest.mark.parametrize(
    ("data", "left"),
    [
        (b"data: a\n\n", None),
        (b"data: a\n\n: c", None),
        (b"data: a\n\nevent: x\n", None),
        (b"data: [DONE]", "[DONE]"),
        (b"data: [DONE]\r\n", "[DONE]"),
        (b'data: {"a":\ndata: 1', '{"a":\n1'),
    ],
)
def test_what_the_end_cuts_off_is_known(data: bytes, left: str | None) -> None:
    decoder = EventDecoder()
    list(decoder.feed(data))
    assert decoder.end() == []
    assert decoder.unfinished() == left


def test_a_line_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "EVENT_LIMIT", 1000)
    decoder = EventDecoder()
    for _ in range(100):
        # Comments and whole events are no burden, however many.
        assert not decoder.feed(b": " + b"c" * 50 + b"\n")
        assert decoder.feed(b"data: " + b"x" * 400 + b"\n\n")
    decoder.feed(b"data: " + b"x" * 600 + b"\n")
    with pytest.raises(ClientError, match="larger than 1000 bytes"):
        decoder.feed(b"data: " + b"x" * 600)
