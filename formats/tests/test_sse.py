from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamproof_formats.note import Note
from streamproof_formats.sse import (
    END_OF_STREAM,
    NEED_DATA,
    Decoder,
    Event,
    LimitError,
    encode,
    encode_comment,
    encode_lines,
)


def decode(pieces: list[bytes], **limits: int) -> tuple[list[Event], list[Note]]:
    decoder = Decoder(**limits)
    events: list[Event] = []
    notes: list[Note] = []
    for piece in [*pieces, b""]:
        decoder.receive_data(piece)
        while isinstance(event := decoder.next_event(), Event):
            events.append(event)
        notes += decoder.take_notes()
        assert event is (NEED_DATA if piece else END_OF_STREAM)
    return events, notes


SPANS = [
    ("lines in LF", b"data: a\n\nid: 1\ndata: b\n\n", [(0, 9), (9, 24)]),
    ("lines in CRLF", b"data: a\r\n\r\ndata: b\r\n\r\n", [(0, 11), (11, 22)]),
    ("lines in CR", b"data: a\r\rdata: b\r\r", [(0, 9), (9, 18)]),
    ("a byte order mark before", b"\xef\xbb\xbfdata: a\n\n", [(3, 12)]),
    ("comments before and within", b": c\n\n: d\ndata: a\n: e\n\n", [(5, 22)]),
    ("blank lines between", b"data: a\n\n\n\ndata: b\n\n", [(0, 9), (11, 20)]),
    ("code points of several bytes", "data: 你好\n\n".encode(), [(0, 14)]),
    ("a blank line alone in CRLF", b"data: a\n\r\ndata: b\n\n", [(0, 9), (10, 19)]),
]


@pytest.mark.parametrize(("case", "body", "spans"), SPANS)
def test_spans_are_byte_offsets_from_the_first_line_to_the_blank_line(case, body, spans):
    assert [(event.start, event.end) for event in decode([body])[0]] == spans


def test_a_cr_at_the_end_of_a_feed_dispatches_at_once_where_lines_end_in_cr():
    decoder = Decoder()
    decoder.receive_data(b"data: a\r\r")
    assert decoder.next_event() == Event("message", "a", "", 0, 9)
    decoder.receive_data(b"\n")
    assert decoder.next_event() is NEED_DATA
    decoder.receive_data(b"data: b\n\n")
    assert decoder.next_event() == Event("message", "b", "", 10, 19)


NOTES = [
    ("a clean stream", b"data: {}\n\ndata: [DONE]\n\n", []),
    ("a byte order mark", b"\xef\xbb\xbfdata: a\n\n", [("bom", 0, 3, None, 1, "")]),
    ("fields", b"event: x\nid: 1\nretry: 5\nfoo: y\ndata: a\n\n", [
        ("event-field", 0, 8, 0, 1, "x"), ("id-field", 9, 14, 0, 1, "1"), ("retry-field", 15, 23, 0, 1, "5"),
        ("unknown-field", 24, 30, 0, 1, "foo: y")]),
    ("a field twice", b"id: 1\nid: 2\ndata: a\n\n", [("id-field", 0, 5, 0, 2, "1")]),
    ("a comment", b"data: a\n\n: c\n\n", [("comment", 9, 12, None, 1, "")]),
    ("a comment in an event", b"data: a\n: c\n\n", [("comment", 8, 11, 0, 1, "")]),
    ("no data", b"event: x\nretry: 1\n\n", [
        ("event-field", 0, 8, None, 1, "x"), ("no-data", 0, 19, None, 1, "event, retry"),
        ("retry-field", 9, 17, None, 1, "1")]),
    ("an unknown field alone", b"foo\n\n", [("unknown-field", 0, 3, None, 1, "foo")]),
    ("two data lines", b"data: a\ndata: b\ndata: c\n\n", [("data-lines", 8, 23, 0, 3, "")]),
    ("no space", b"data: a\n\ndata:b\n\n", [("no-space", 9, 15, 1, 1, "")]),
    ("no colon", b"data\n\n", [("no-space", 0, 4, 0, 1, "")]),
    ("CR", b"data: a\n\ndata: b\r\r", [("cr", 16, 17, 1, 1, "")]),
    ("CRLF", b"data: a\n\ndata: b\r\n\r\n", [("crlf", 16, 18, 1, 1, "")]),
    ("a blank line in CRLF", b"data: a\n\r\n", [("crlf", 8, 10, 0, 1, "")]),
    ("both", b": c\r\ndata: a\r\r", [("comment", 0, 3, 0, 1, ""), ("crlf", 3, 5, 0, 1, ""), ("cr", 12, 13, 0, 1, "")]),
    ("malformed data", b"data: a\xff\xfe\n\n", [("malformed-utf8", 7, 8, 0, 1, "ff")]),
    ("malformed comment", b": \xe2\x80\n\n", [
        ("comment", 0, 4, None, 1, ""), ("malformed-utf8", 2, 4, None, 1, "e2 80")]),
    ("a separator", "data: é\u2028\n\n".encode(), [("raw-separator", 8, 11, 0, 1, "\u2028")]),
    ("a separator in a comment", ": \u2028\n\n".encode(), [("comment", 0, 5, None, 1, "")]),
    ("other characters", "data: \u2027\u202a\u0084\u0086\n\n".encode(), []),
    ("an open event", b"data: a\n\ndata: b\nid: 1\n", [
        ("unclosed", 9, 23, None, 1, "b"), ("id-field", 17, 22, None, 1, "1")]),
    ("an open line", b"data: a\n\ndata: [DO", [("unclosed", 9, 18, None, 1, "[DO")]),
    ("an open comment", b"data: a\n\n: pi", []),
    ("an open comment behind data", b"data: a\n: pi", [("unclosed", 0, 12, None, 1, "a")]),
    ("cut inside a code point", b"data: \xe2\x80", [("unclosed", 0, 8, None, 1, "\ufffd")]),
    ("open and malformed", b"data: \xff\xe2\x80", [
        ("unclosed", 0, 9, None, 1, "\ufffd\ufffd"), ("malformed-utf8", 6, 7, None, 1, "ff")]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "body", "expected"), NOTES)
def test_notes_tell_of_the_framing_under_every_split(case, body, expected, each_split):
    for pieces in each_split(body):
        notes = decode(pieces)[1]
        assert [(n.kind, n.start, n.end, n.event, n.count, n.text) for n in notes] == expected, pieces


def whatwg_utf8(data: bytes) -> str:
    """The decoder of the Encoding standard, section 8.1.1, written down state by state."""
    out, needed, seen, lower, upper, code = [], 0, 0, 0x80, 0xBF, 0
    place = 0
    while place < len(data):
        byte = data[place]
        if needed == 0:
            if byte <= 0x7F:
                out.append(chr(byte))
            elif 0xC2 <= byte <= 0xDF:
                needed, code = 1, byte & 0x1F
            elif 0xE0 <= byte <= 0xEF:
                lower, upper = (0xA0 if byte == 0xE0 else 0x80), (0x9F if byte == 0xED else 0xBF)
                needed, code = 2, byte & 0xF
            elif 0xF0 <= byte <= 0xF4:
                lower, upper = (0x90 if byte == 0xF0 else 0x80), (0x8F if byte == 0xF4 else 0xBF)
                needed, code = 3, byte & 0x7
            else:
                out.append("\ufffd")
            place += 1
        elif not lower <= byte <= upper:
            needed, seen, lower, upper, code = 0, 0, 0x80, 0xBF, 0
            out.append("\ufffd")
        else:
            lower, upper = 0x80, 0xBF
            code, seen = (code << 6) | (byte & 0x3F), seen + 1
            if seen == needed:
                out.append(chr(code))
                needed, seen, code = 0, 0, 0
            place += 1
    if needed:
        out.append("\ufffd")
    return "".join(out)


def whatwg_events(data: bytes) -> list[tuple[str, str, str]]:
    """The standard read literally: decode all, split into lines, interpret each."""
    text = whatwg_utf8(data).removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    events, kind, buffer, last = [], "", "", ""
    for line in text.split("\n")[:-1]:
        if not line:
            if buffer:
                events.append((kind or "message", buffer[:-1], last))
            kind = buffer = ""
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            buffer += value + "\n"
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last = value
    return events


PIECES = st.sampled_from(
    [b"data", b"data: ", b"event:", b"id: ", b"retry: ", b":", b" ", b"\n", b"\n\n", b"\r", b"\r\n", b"\r\n\r\n", b"{}",
     b"x", b"\0", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\xe2", b"\x80", b"\xff", b"\xed\xa0\x80", b"1",
     b"data: {}\n\n", b"event: x\ndata: {}\n\n", b"event: \xc3\xa9\ndata: {}\n\n", b"event: \ndata: \xc2\x85\n\n",
     b"data:{}\n\n", b"data: {}\r\n\r\n", b"data:\r\n\r\n", b"event: x\r\ndata: {}\r\n\r\n"]
)  # fmt: skip
BODIES = st.lists(PIECES | st.binary(max_size=3), max_size=24).map(b"".join)


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[a:b] for a, b in pairwise(edges) if a < b]


@given(BODIES, st.lists(st.integers(0, 200), max_size=5))
def test_events_are_those_of_the_standard_and_do_not_depend_on_splits(body, places):
    whole = decode([body] if body else [])
    assert [(event.type, event.data, event.id) for event in whole[0]] == whatwg_events(body)
    assert decode(cut(body, places)) == whole
    assert decode([body[place : place + 1] for place in range(len(body))]) == whole


@given(BODIES)
def test_each_span_holds_its_event_and_spans_do_not_overlap(body):
    events, _ = decode([body] if body else [])
    before = 0
    for event in events:
        assert before <= event.start < event.end <= len(body)
        before = event.end
        again = decode([b"\n", body[event.start : event.end]])[0]
        assert [(one.type, one.data) for one in again] == [(event.type, event.data)]


LIMITS = [
    ("a long line in one piece", [b"data: " + b"x" * 100 + b"\n\n"]),
    ("a long line in pieces", [b"data: ", b"x" * 50, b"x" * 50, b"\n\n"]),
    ("a line without end", [b"data: ", b"x" * 100]),
    ("a long comment", [b":" + b"x" * 100 + b"\n"]),
    ("many short lines", [b"data: x\n" * 60]),
    ("many empty lines", [b"data\n" * 100]),
]


@pytest.mark.parametrize(("case", "pieces"), LIMITS)
def test_what_passes_the_limits_ends_in_an_error_that_stays(case, pieces):
    decoder = Decoder(max_line=80, max_event=64)
    decoder.receive_data(b"data: before\n\n")
    assert isinstance(decoder.next_event(), Event)
    for piece in pieces:
        decoder.receive_data(piece)
    for _ in range(2):
        with pytest.raises(LimitError, match=r"at byte 14 of the body is longer than the (80|64) bytes allowed"):
            decoder.next_event()


def test_nothing_follows_the_end_of_the_input():
    decoder = Decoder()
    decoder.receive_data(b"")
    decoder.receive_data(b"")
    assert decoder.next_event() is END_OF_STREAM
    with pytest.raises(ValueError, match="end of the input"):
        decoder.receive_data(b"x")


def looked_at(pieces: list[bytes]) -> int:
    """Bytes that the decoder searched for line ends, counted."""
    decoder = Decoder()
    searched = 0
    find = decoder._find

    def counting(byte: int, start: int) -> int:
        nonlocal searched
        place = find(byte, start)
        searched += place - start
        return place

    decoder._find = counting
    for piece in pieces:
        decoder.receive_data(piece)
        while isinstance(decoder.next_event(), Event):
            pass
    return searched


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: ", *[b"x" * 64] * 2000, b"\n\n"],
        [b"data: x\r\r" * 15000 + b"\n\n"],
        [b"data: x\n\n" * 15000],
        [b"event: x\ndata: x\n\n" * 9000],
        [b": c\n" * 30000],
        [b"data: x\n" * 15000],
    ],
)
def test_each_byte_is_searched_once_for_each_kind_of_line_end(pieces):
    assert looked_at(pieces) <= 2 * sum(map(len, pieces))


@pytest.mark.parametrize(
    "pieces",
    [
        [b"event: x\ndata: ", *[b"x" * 64] * 2000, b"\n\n"],
        [b"event: x\ndata: " + b"x" * 9000 + b"\ndata: x\n\n"],
        [b"event: x\ndata: x\ndata: x\n\n" * 5000],
    ],
)
def test_a_line_below_a_name_is_searched_once_more_at_most(pieces):
    assert looked_at(pieces) <= 3 * sum(map(len, pieces))


ENCODED = [
    ("data alone", encode("x"), b"data: x\n\n"),
    ("all fields", encode("x", event="e", id="1", retry=5), b"event: e\nid: 1\nretry: 5\ndata: x\n\n"),
    ("several lines", encode("a\nb\r\nc\rd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
    ("given lines", encode(["a", "b"], eol="crlf"), b"data: a\r\ndata: b\r\n\r\n"),
    ("CR and no space", encode("x", eol="cr", space=False), b"data:x\r\r"),
    ("lines before", encode("x", before=[": c", "foo"]), b": c\nfoo\ndata: x\n\n"),
    ("no data", encode(None, event="e"), b"event: e\n\n"),
    ("no blank line", encode("x", unclosed=1), b"data: x\n"),
    ("no line end", encode("x", eol="crlf", unclosed=2), b"data: x"),
    ("a comment", encode_comment("a\nb"), b": a\n: b\n\n"),
    ("an empty comment", encode_comment(eol="cr"), b":\r\r"),
    ("a block as given", encode_lines(["data:x", " id: 1"]), b"data:x\n id: 1\n\n"),
    ("a lone surrogate", encode("\ud83d"), b"data: \xed\xa0\xbd\n\n"),
]


@pytest.mark.parametrize(("case", "found", "expected"), ENCODED)
def test_encoding_writes_what_is_legal_and_what_is_not(case, found, expected):
    assert found == expected


def test_more_line_ends_than_an_event_has_cannot_be_left_off():
    with pytest.raises(ValueError, match="expected 0, 1 or 2 line ends"):
        encode("x", unclosed=3)


LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8)


@given(
    data=st.lists(LINE, min_size=1, max_size=3),
    event=LINE,
    event_id=LINE,
    eol=st.sampled_from(["lf", "crlf", "cr"]),
    comment=LINE,
)
def test_what_is_encoded_decodes_to_itself(data, event, event_id, eol, comment):
    body = encode_comment(comment, eol=eol) + encode(data, event=event, id=event_id, eol=eol, before=[f":{comment}"])
    events, notes = decode([body])
    assert [(one.type, one.data, one.id) for one in events] == [(event or "message", "\n".join(data), event_id)]
    assert "unclosed" not in {note.kind for note in notes}


@pytest.mark.parametrize(
    "body",
    [
        b"event: x\ndata: {}\n\n",
        b"event: \ndata: {}\n\n",
        b"event:  x \ndata:  \n\n",
        b"event: x\ndata: {}\n\r\n",
        b"event: x\ndata: {}\r\n\n",
        b"event: x\r\ndata: {}\n\n",
        b"event: x\ndata: a\rdata: b\n\n",
        b"event: x\ndata: a\ndata: b\n\n",
        b"event: x\ndata: \xff\n\n",
        b"event: \xff\ndata: a\n\n",
        b"event: x\ndata: \xe2\x80\xa8\n\n",
        b"event: " + b"x" * 300 + b"\ndata: a\n\n",
        b"id: 7\nevent: a\ndata: 1\n\nevent: b\ndata: 2\n\n",
        b"event: x\ndata: {}\n",
        b"event: x\ndata: {}",
    ],
)
def test_a_block_of_name_and_data_is_the_same_whole_and_line_by_line(body):
    lines = body.splitlines(keepends=True)
    assert decode([body * 2]) == decode(lines * 2)


@pytest.mark.parametrize("size", range(50, 70))
def test_limits_hold_for_a_block_of_name_and_data(size):
    def told(pieces):
        decoder = Decoder(max_line=62, max_event=60)
        try:
            for piece in pieces:
                decoder.receive_data(piece)
                while isinstance(event := decoder.next_event(), Event):
                    return event
        except LimitError as error:
            return str(error)

    body = b"event: x\ndata: " + b"x" * size + b"\n\n"
    assert told([body]) == told([body[:20], body[20:]])
    assert (told([body]) is None) is False
