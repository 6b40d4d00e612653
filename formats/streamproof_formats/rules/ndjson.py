"""The rules of streams of JSON lines, as Ollama sends them."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Basis, Level, Rule, Source

_READ: Final = "2026-11-18"
_STREAMING: Final = Source(
    document="Ollama documentation", section="API, Streaming", url="https://docs.ollama.com/api/streaming", read=_READ
)
_CLIENT: Final = Source(
    document="ollama-python 0.6.3, measured",
    section="ollama/_client.py, line reader",
    url="https://github.com/ollama/ollama-python",
    read=_READ,
)
_SERVER: Final = Source(
    document="Ollama @fb30760", section="server/routes.go", url="https://github.com/ollama/ollama", read=_READ
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        id="ND-01",
        level=Level.MUST,
        basis=Basis.DOC,
        text="The body is UTF-8, one JSON object to a line, LF between the lines.",
        source=_STREAMING,
    ),
    Rule(
        id="ND-01b",
        level=Level.SHOULD,
        basis=Basis.SRC,
        text="The last line of a stream ends in LF too; an answer that is one object has none.",
        source=_SERVER,
    ),
    Rule(
        id="ND-02",
        level=Level.MUST,
        negated=True,
        basis=Basis.CLIENT,
        text="The body has a blank line, be it the last, or a byte order mark.",
        source=_CLIENT,
    ),
    Rule(
        id="ND-03",
        level=Level.MAY,
        basis=Basis.CLIENT,
        text="Lines end in CRLF.",
        source=_CLIENT,
    ),
    Rule(
        id="ND-04",
        level=Level.MUST,
        basis=Basis.CLIENT,
        text="U+0085, U+2028 and U+2029 are escaped: the official client splits a line there.",
        source=_CLIENT,
    ),
    Rule(
        id="ND-05",
        level=Level.MUST,
        basis=Basis.DOC,
        text="The content type of a generated stream is application/x-ndjson.",
        source=_STREAMING,
    ),
    Rule(
        id="ND-05b",
        level=Level.MAY,
        basis=Basis.SRC,
        text="The answers to load, unload and debug requests are application/json, also where streaming is on.",
        source=_SERVER,
    ),
    Rule(
        id="ND-06",
        level=Level.SHOULD,
        basis=Basis.INF,
        binds="client",
        text="A last line without LF counts if it parses, and shows a cut if it does not.",
        source=_STREAMING,
    ),
)
