"""The decoder of JSON lines: bytes in, events and notes out, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest

from streamproof_formats.ndjson import Decoder, encode
from streamproof_formats.sse import END_OF_STREAM, NEED_DATA, Event, LimitError


def read(body, *places):
    """Data and span of the events, then kind, span, event, count and text of the notes."""
    decoder = Decoder()
    events, notes = [], []
    cuts = [0, *places, len(body)]
    for start, end in pairwise(cuts):
        if body[start:end]:
            decoder.receive_data(body[start:end])
        while isinstance(event := decoder.next_event(), Event):
            events.append((event.data, event.start, event.end))
        assert event is NEED_DATA
    decoder.receive_data(b"")
    while isinstance(event := decoder.next_event(), Event):
        events.append((event.data, event.start, event.end))
    assert event is END_OF_STREAM
    notes += [(n.kind, n.start, n.end, n.event, n.count, n.text) for n in decoder.take_notes()]
    return events, notes


CASES = {
    "nothing": (b"", [], []),
    "two lines": (b'{"a":1}\n{}\n', [('{"a":1}', 0, 8), ("{}", 8, 11)], []),
    "a whole line without its end": (b"{}\n{}", [("{}", 0, 3), ("{}", 3, 5)], [("no-line-end", 3, 5, None, 2, "")]),
    "one object, as an answer": (b'{"a":[]}', [('{"a":[]}', 0, 8)], [("no-line-end", 0, 8, None, 1, "")]),
    "the beginning of a line": (b'{}\n{"a', [("{}", 0, 3)], [("unclosed", 3, 6, None, 1, '{"a')]),
    "a number is not an answer": (b"{}\n12", [("{}", 0, 3)], [("unclosed", 3, 5, None, 1, "12")]),
    "CRLF": (b"{}\r\n[]\r\n", [("{}", 0, 4), ("[]", 4, 8)], [("crlf", 2, 4, None, 1, "")]),
    "a lone CR ends no line": (b"{}\r{}\n", [("{}\r{}", 0, 6)], []),
    "blank lines": (b"\n{}\n \n\r\n{}\n", [("{}", 1, 4), ("{}", 8, 11)], [
        ("blank-line", 0, 1, None, 1, ""), ("crlf", 6, 8, None, 1, ""), ("blank-line", 4, 8, None, 2, "")]),
    "a blank line at the end": (b"{}\n\n", [("{}", 0, 3)], [("blank-line", 3, 4, None, 1, "")]),
    "a byte order mark": (b"\xef\xbb\xbf{}\n", [("{}", 3, 6)], [("bom", 0, 3, None, 1, "")]),
    "half a byte order mark": (b"\xef\xbb", [], [("unclosed", 0, 2, None, 1, "\ufffd")]),
    "malformed UTF-8": (b'{"\xff"}\n', [('{"\ufffd"}', 0, 6)], [("malformed-utf8", 2, 3, 0, 1, "ff")]),
    "raw separators": ('{}\n{"a":"\u2028\x85"}\n'.encode(), [("{}", 0, 3), ('{"a":"\u2028\x85"}', 3, 17)],
        [("raw-separator", 9, 12, 1, 2, "\u2028")]),
    "text in several scripts": ('{"你":"é"}\n'.encode(), [('{"你":"é"}', 0, 13)], []),
    "no JSON at all": (b"hello\n: comment\n", [("hello", 0, 6), (": comment", 6, 16)], []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_lines_are_read_however_they_are_cut(name):
    body, events, notes = CASES[name]
    assert read(body) == (events, notes)
    assert read(body, *range(1, len(body))) == (events, notes)
    for place in range(1, len(body)):
        assert read(body, place) == (events, notes), place


def test_a_line_past_the_limit_ends_the_reading():
    for limits in ({"max_line": 4}, {"max_event": 4}):
        decoder = Decoder(**limits)
        decoder.receive_data(b"{}\n" + b"x" * 5)
        assert isinstance(decoder.next_event(), Event)
        for _ in range(2):
            with pytest.raises(LimitError, match="the line at byte 3 of the body is longer than the 4 bytes allowed"):
                decoder.next_event()


def test_nothing_can_follow_the_end():
    decoder = Decoder()
    decoder.receive_data(b"")
    with pytest.raises(ValueError, match="no more data"):
        decoder.receive_data(b"x")


def test_lines_are_written():
    assert encode("{}") == b"{}\n"
    assert encode("{}", eol="crlf") == b"{}\r\n"
    assert encode("{}", unclosed=1) == b"{}"
    assert encode("\ud83d") == b"\xed\xa0\xbd\n"
    with pytest.raises(ValueError, match="0 or 1 line ends"):
        encode("{}", unclosed=2)
