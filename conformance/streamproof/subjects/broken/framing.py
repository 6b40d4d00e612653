"""Faults in telling events apart."""

from __future__ import annotations

import re
from typing import Any, Final

from streamproof.subjects.broken.fault import Fault, around, together, value
from streamproof.subjects.reference import events
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.events import Event, EventDecoder
from streamproof.subjects.reference.lines import LineDecoder
from streamproof.subjects.reference.stream import ChatStream


def _forgets_the_rest(original: Any, decoder: Any, data: bytes) -> list[Event]:
    found: list[Event] = original(decoder, data)
    rest = decoder._line if isinstance(decoder, EventDecoder) else decoder._pieces
    rest.clear()
    return found


def _first_of_a_read(original: Any, decoder: Any, data: bytes) -> list[Event]:
    return list(original(decoder, data)[:1])


def _forgets_the_cr(original: Any, decoder: EventDecoder, data: bytes) -> list[Event]:
    decoder._after_cr = False
    found: list[Event] = original(decoder, data)
    return found


def _keeps_the_mark(_original: Any, decoder: EventDecoder, data: bytes) -> bytes:
    decoder._started = True
    return data


def _no_marks(original: Any, decoder: EventDecoder, line: bytes) -> None:
    original(decoder, line.removeprefix(b"\xef\xbb\xbf"))


def _needs_a_space(original: Any, decoder: EventDecoder, line: bytes) -> None:
    if b": " in line[:7]:
        original(decoder, line)


def _comment_is_data(original: Any, decoder: EventDecoder, line: bytes) -> None:
    original(decoder, b"data" + line if line.startswith(b":") else line)


def _comment_drops_the_event(original: Any, decoder: EventDecoder, line: bytes) -> None:
    original(decoder, line)
    if line.startswith(b":"):
        decoder._data.clear()


def _keeps_the_last_line(original: Any, decoder: EventDecoder, line: bytes) -> None:
    if line.startswith(b"data"):
        decoder._data.clear()
    original(decoder, line)


def _other_names_end_it(original: Any, decoder: EventDecoder, line: bytes) -> None:
    if line.partition(b":")[0] not in {b"", b"data", b"event", b"id", b"retry"}:
        raise ClientError("bad_field", "a field of an unknown name")
    original(decoder, line)


def _line_by_line(original: Any, decoder: EventDecoder, data: bytes) -> list[Event]:
    return list(original(decoder, data.replace(b"\ndata", b"\n\ndata")))


def _empty_is_an_event(original: Any, decoder: EventDecoder) -> Event | None:
    found: Event | None = original(decoder)
    return found or Event("message", "\x00", "")


def _takes_the_unfinished(original: Any, decoder: EventDecoder) -> list[Event]:
    original(decoder)
    left = decoder._dispatch()
    return [left] if left else []


def _name_stays(original: Any, decoder: EventDecoder) -> Event | None:
    kind = decoder._type
    found: Event | None = original(decoder)
    decoder._type = kind
    return found


def _drops_long_lines(original: Any, decoder: EventDecoder, line: bytes) -> None:
    if len(line) <= 1 << 16:
        original(decoder, line)


_LONG: Final = 1 << 20


def _rereads_all(original: Any, decoder: EventDecoder, data: bytes) -> list[Event]:
    seen: bytearray = vars(decoder).setdefault("seen", bytearray())
    before = max(_LONG, len(seen))
    seen += data
    # Searching all that has come for each piece of it is what makes a client slow on long bodies.  It begins late, so
    # that it shows beside what else a busy machine does.
    for _ in range(before >> 12, len(seen) >> 12):
        seen.count(b"\xff\xfe")
    return list(original(decoder, data))


def _no_empty_data(original: Any, stream: ChatStream, event: Event) -> Any:
    if not event.data:
        raise ClientError("malformed_event", "an event without data")
    yield from original(stream, event)


_UNICODE_ENDS: Final = re.compile(rb"\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9]")


def _feeds(wrapper: Any) -> Any:
    return together(around(EventDecoder, "feed", wrapper), around(LineDecoder, "feed", wrapper))


FRAMING: Final = (
    Fault("read-is-a-line", "takes what one read brings for whole lines", _feeds(_forgets_the_rest), is_timed=True),
    Fault("one-event-a-read", "hands out the first event of each read", _feeds(_first_of_a_read), is_timed=True),
    Fault("lone-cr-is-text", "does not end a line at CR alone", value(events, "LINE_END", re.compile(rb"\r?\n"))),
    Fault("only-lf", "ends lines at LF alone and keeps the CR", value(events, "LINE_END", re.compile(rb"\n"))),
    Fault(
        "crlf-cut-in-two",
        "takes CR and LF of two reads for two line ends",
        around(EventDecoder, "feed", _forgets_the_cr),
    ),
    Fault(
        "keeps-the-bom", "does not take a byte order mark off", around(EventDecoder, "_without_bom", _keeps_the_mark)
    ),
    Fault(
        "bom-of-each-line",
        "takes a byte order mark off every line",
        around(EventDecoder, "_field", _no_marks),
    ),
    Fault(
        "needs-a-space",
        "reads a field only where a space follows the colon",
        around(EventDecoder, "_field", _needs_a_space),
    ),
    Fault("comment-is-data", "reads comments as data", around(EventDecoder, "_field", _comment_is_data)),
    Fault(
        "comment-drops-event",
        "forgets the data before a comment",
        around(EventDecoder, "_field", _comment_drops_the_event),
    ),
    Fault(
        "last-data-line",
        "keeps the last data line of an event only",
        around(EventDecoder, "_field", _keeps_the_last_line),
    ),
    Fault(
        "unknown-field-is-fatal",
        "refuses fields that it does not know",
        around(EventDecoder, "_field", _other_names_end_it),
    ),
    Fault("line-is-an-event", "takes each data line for an event", around(EventDecoder, "feed", _line_by_line)),
    Fault(
        "block-without-data",
        "makes an event of a block that has no data",
        around(EventDecoder, "_dispatch", _empty_is_an_event),
    ),
    Fault("empty-data-is-fatal", "refuses an event whose data is empty", around(ChatStream, "_take", _no_empty_data)),
    Fault(
        "unfinished-is-an-event",
        "hands out an event that the end of the body cut off",
        around(EventDecoder, "end", _takes_the_unfinished),
    ),
    Fault("name-stays", "keeps the name of an event for the next one", around(EventDecoder, "_dispatch", _name_stays)),
    Fault("64-kb-lines", "drops lines of more than 64 KiB", around(EventDecoder, "_field", _drops_long_lines)),
    Fault("64-kb-events", "refuses events of more than 64 KiB", value(events, "EVENT_LIMIT", 1 << 16)),
    Fault("unicode-line-ends", "ends lines wherever Unicode does", value(events, "LINE_END", _UNICODE_ENDS)),
    Fault(
        "next-line-ends-lines",
        "ends lines at U+0085, too",
        value(events, "LINE_END", re.compile(rb"\r\n|[\n\r]|\xc2\x85")),
    ),
    Fault(
        "quadratic",
        "searches the whole body anew with each read once it is beyond a megabyte",
        around(EventDecoder, "feed", _rereads_all),
        played=("framing/line-*", "**/*long*", "**/*cost*", "**/*many*"),
        meets_waiting=True,
    ),
)
