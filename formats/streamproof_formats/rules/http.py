"""The rules of the HTTP answer that carries a stream of server-sent events."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Basis, Level, Rule, Source

_READ: Final = "2026-11-18"
_HTML: Final = "https://html.spec.whatwg.org/multipage"
_PROCESSING: Final = Source(
    document="WHATWG HTML",
    section="9.2.3 Processing model",
    url=f"{_HTML}/server-sent-events.html#sse-processing-model",
    read=_READ,
)
_MIME: Final = Source(
    document="WHATWG HTML",
    section="17.7 text/event-stream",
    url=f"{_HTML}/iana.html#text/event-stream",
    read=_READ,
)


def _rfc(number: int, section: str, title: str) -> Source:
    return Source(
        document=f"RFC {number}",
        section=f"{section} {title}",
        url=f"https://www.rfc-editor.org/rfc/rfc{number}#section-{section}",
        read=_READ,
    )


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        id="SSE-40",
        level=Level.MUST,
        basis=Basis.DOC,
        support=(Basis.CLIENT,),
        text="A stream is answered with status 200 and the content type text/event-stream, parameters aside.",
        source=_PROCESSING,
    ),
    Rule(
        id="SSE-41",
        level=Level.MAY,
        basis=Basis.DOC,
        text="The content type has a charset parameter.",
        source=_MIME,
    ),
    Rule(
        id="SSE-41b",
        level=Level.MUST,
        basis=Basis.DOC,
        support=(Basis.CLIENT,),
        text="A charset parameter says utf-8.",
        source=_MIME,
    ),
    Rule(
        id="SSE-42",
        level=Level.SHOULD,
        basis=Basis.INF,
        text="Cache-Control is no-cache, no-store or no-transform, so that nothing on the way keeps or alters the "
        "stream.",
        source=_PROCESSING,
    ),
    Rule(
        id="SSE-43",
        level=Level.SHOULD,
        negated=True,
        basis=Basis.INF,
        text="A stream announces its Content-Length: its length is not known before it ends.",
        source=_rfc(9112, "6.3", "Message Body Length"),
    ),
    Rule(
        id="SSE-43b",
        level=Level.MUST,
        basis=Basis.DOC,
        text="An announced Content-Length is the length of the body.",
        source=_rfc(9110, "8.6", "Content-Length"),
    ),
    Rule(
        id="SSE-44",
        level=Level.MUST,
        negated=True,
        basis=Basis.DOC,
        text="Content-Length stands beside Transfer-Encoding; or Transfer-Encoding or Connection stands in an HTTP/2 "
        "answer.",
        source=_rfc(9112, "6.2", "Content-Length"),
    ),
    Rule(
        id="SSE-45",
        level=Level.SHOULD,
        basis=Basis.INF,
        text="A stream behind a buffering proxy says X-Accel-Buffering: no, and no content encoding holds it back.",
        source=Source(
            document="nginx documentation",
            section="ngx_http_proxy_module, proxy_buffering",
            url="https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering",
            read=_READ,
        ),
        unshowable="the bytes of one answer do not tell whether a proxy stands before the server or holds bytes back",
    ),
    Rule(
        id="SSE-46",
        level=Level.MUST,
        basis=Basis.CLIENT,
        text="The body or the path of the request asks for a stream, never its Accept header: official SDKs send "
        "application/json or */* there.",
        source=Source(
            document="anthropic-sdk-python 2.10, google-genai 3.3, cohere-python 7.3, ollama-python 0.6.3, measured",
            section="headers of streaming requests",
            url="https://github.com/anthropics/anthropic-sdk-python",
            read=_READ,
        ),
        unshowable="two answers to requests that differ in the Accept header show it, one answer does not",
    ),
    Rule(
        id="SSE-47",
        level=Level.MUST,
        basis=Basis.DOC,
        text="An error known before the first byte is a JSON answer with a status of 400 or above.",
        source=Source(
            document="OpenRouter documentation",
            section="API Reference, Streaming, Handling Errors During Streaming",
            url="https://openrouter.ai/docs/api-reference/streaming",
            read=_READ,
        ),
    ),
    Rule(
        id="SSE-48",
        level=Level.MUST,
        basis=Basis.DOC,
        text="A chunked body ends in its zero chunk and a body with a Content-Length reaches it; else it is cut off, "
        "however whole its last event looks.",
        source=_rfc(9112, "8", "Handling Incomplete Messages"),
    ),
    Rule(
        id="SSE-48b",
        level=Level.SHOULD,
        basis=Basis.INF,
        binds="client",
        text="Where closing the connection is the end of the body, only the dialect's terminator tells a whole stream "
        "from a cut one.",
        source=_rfc(9112, "8", "Handling Incomplete Messages"),
    ),
    Rule(
        id="SSE-49",
        level=Level.MAY,
        basis=Basis.DOC,
        text="A 204 stops an EventSource from connecting again; no dialect of language models uses reconnection, "
        "Last-Event-ID or `retry`.",
        source=_PROCESSING,
        unshowable="it is about the next request of a browser's EventSource, which no client of these dialects makes",
    ),
    Rule(
        id="SSE-50",
        level=Level.MUST,
        negated=True,
        basis=Basis.DOC,
        text="The answer to an HTTP/1.0 request has a Transfer-Encoding.",
        source=_rfc(9112, "6.1", "Transfer-Encoding"),
    ),
)
