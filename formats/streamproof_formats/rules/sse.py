"""The rules of server-sent events as a byte format: decoding, lines, fields, dispatch."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Basis, Level, Rule, Source

_READ: Final = "2026-11-18"
_HTML: Final = "https://html.spec.whatwg.org/multipage/server-sent-events.html"
_PARSING: Final = Source(
    document="WHATWG HTML", section="9.2.5 Parsing an event stream", url=f"{_HTML}#parsing-an-event-stream", read=_READ
)
_INTERPRETING: Final = Source(
    document="WHATWG HTML",
    section="9.2.6 Interpreting an event stream",
    url=f"{_HTML}#event-stream-interpretation",
    read=_READ,
)
_AUTHORING: Final = Source(
    document="WHATWG HTML", section="9.2.7 Authoring notes", url=f"{_HTML}#authoring-notes", read=_READ
)


def _client(document: str, section: str, repository: str) -> Source:
    return Source(document=document, section=section, url=f"https://github.com/{repository}", read=_READ)


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        id="SSE-01",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="The body is read as UTF-8, whatever charset the content type names.",
        source=_PARSING,
    ),
    Rule(
        id="SSE-02",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="Bytes that are not UTF-8 turn into U+FFFD, and decoding goes on behind them.",
        source=_PARSING,
    ),
    Rule(
        id="SSE-02b",
        level=Level.MUST,
        negated=True,
        basis=Basis.DOC,
        support=(Basis.CLIENT,),
        text="A stream holds bytes that are not UTF-8; a code point torn apart by the border of two events is that, "
        "a code point torn apart by the border of two network reads is not.",
        source=_PARSING,
    ),
    Rule(
        id="SSE-03",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="One byte order mark at the very start is dropped, in however many pieces it comes; a later one is data.",
        source=_PARSING,
    ),
    Rule(
        id="SSE-04",
        level=Level.SHOULD,
        negated=True,
        basis=Basis.CLIENT,
        text="A stream starts with a byte order mark: the grammar allows it, several official SDKs lose the first "
        "event or fail.",
        source=_client(
            "anthropic-sdk-python 2.10 and google-genai 3.3, measured",
            "stream decoder",
            "anthropics/anthropic-sdk-python",
        ),
    ),
    Rule(
        id="SSE-05",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="CRLF, a lone LF and a lone CR each end a line, mixed as they may be; a CR and an LF that arrive apart "
        "are one end.",
        source=_PARSING,
    ),
    Rule(
        id="SSE-06",
        level=Level.SHOULD,
        basis=Basis.SRC,
        text="Lines end in LF alone. CRLF is the next best; a lone CR is lost on decoders that split at LF.",
        source=_client("cloudflare/ai @917c024", "packages/gateway-core", "cloudflare/ai"),
    ),
    Rule(
        id="SSE-07",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="Nothing else ends a line: U+000B, U+000C, U+0085, U+2028, U+2029 and NUL are data.",
        source=_PARSING,
    ),
    Rule(
        id="SSE-08",
        level=Level.SHOULD,
        basis=Basis.CLIENT,
        text="U+0085, U+2028 and U+2029 are escaped in JSON payloads: clients that read lines as Python text does "
        "split an event there.",
        source=_client("google-genai 3.3 and ollama-python 0.6.3, measured", "line reader", "googleapis/python-genai"),
    ),
    Rule(
        id="SSE-09",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="The borders of chunks and reads mean nothing: the same bytes give the same events, however they are cut.",
        source=_PARSING,
    ),
    Rule(
        id="SSE-10",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A line that starts with a colon is a comment: it is ignored, dispatches nothing and does not end the "
        "event around it.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-11",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="Any other line with a colon is a field: the name stands before the first colon, all behind it is value.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-12",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="One space at the start of a value is removed, and only one, and nothing but a space.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-13",
        level=Level.SHOULD,
        basis=Basis.CLIENT,
        support=(Basis.EX,),
        text="Data lines start with `data: `, one space behind the colon: clients that look for that prefix know no "
        "other.",
        source=_client("google-genai 3.3, measured", "stream decoder", "googleapis/python-genai"),
    ),
    Rule(
        id="SSE-14",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A line without a colon is a field of that name with an empty value.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-15",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="Field names are compared as they stand: upper case and leading space make another name.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-16",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A field of an unknown name is passed over without an error.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-17",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A `data` field adds its value and one LF to the data of the event.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-18",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="An `event` field sets the type of the event; the last one counts, and an empty one means `message`.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-19",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="An `id` field sets the last event ID, an empty one clears it, and one that holds NUL is ignored.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-20",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A `retry` field of nothing but ASCII digits sets the reconnection time in milliseconds; any other is "
        "ignored.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-20b",
        level=Level.SHOULD,
        basis=Basis.INF,
        binds="decoder",
        text="A `retry` field without a value is ignored.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-21",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A blank line dispatches the event; before that, and also where nothing is dispatched, the last event ID "
        "takes effect.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-21b",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A blank line empties the data and the type, so that nothing leaks into the next event.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-21c",
        level=Level.SHOULD,
        basis=Basis.INF,
        binds="decoder",
        text="Decoders outside browsers dispatch as browsers do.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-22",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="A block without a `data` field dispatches nothing, and its type does not reach the next event.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-23",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="Several `data` values are joined by LF, one LF at the end is dropped; one empty `data` field makes an "
        "event with empty data.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-24",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="An event without a type is a `message`; after dispatch the data and the type are gone and the ID stays.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-25",
        level=Level.MUST,
        basis=Basis.DOC,
        binds="decoder",
        text="What no blank line has closed when the input ends is discarded, whole lines of it too.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-26",
        level=Level.MUST,
        basis=Basis.DOC,
        support=(Basis.CLIENT, Basis.INF),
        text="Every event, the terminator too, is closed by a blank line; `data` lines without one between them are "
        "one event.",
        source=_INTERPRETING,
    ),
    Rule(
        id="SSE-27",
        level=Level.SHOULD,
        negated=True,
        basis=Basis.DOC,
        profile="open-responses",
        text="An event carries an `id` field.",
        source=Source(
            document="Open Responses specification",
            section="Streaming",
            url="https://www.openresponses.org/specification",
            read=_READ,
        ),
    ),
    Rule(
        id="SSE-27b",
        level=Level.SHOULD,
        negated=True,
        basis=Basis.INF,
        text="An event carries an `id` field: it stays set, and one official decoder then takes every later blank line "
        "for an event.",
        source=_client("openai-python 2.54", "src/openai/_streaming.py, SSEDecoder", "openai/openai-python"),
    ),
    Rule(
        id="SSE-28",
        level=Level.SHOULD,
        negated=True,
        basis=Basis.CLIENT,
        support=(Basis.INF,),
        text="A block has `event` or `retry` fields and no data.",
        source=_client("google-genai 3.3, measured", "stream decoder", "googleapis/python-genai"),
    ),
    Rule(
        id="SSE-29",
        level=Level.MAY,
        basis=Basis.DOC,
        text="Comments keep a silent connection open, about every 15 seconds.",
        source=_AUTHORING,
    ),
    Rule(
        id="SSE-30",
        level=Level.SHOULD,
        basis=Basis.EX,
        support=(Basis.SRC,),
        text="A JSON payload stands on one `data` line: clients that read line by line take each for an event.",
        source=_client("cloudflare/ai @917c024", "packages/gateway-core", "cloudflare/ai"),
    ),
)
