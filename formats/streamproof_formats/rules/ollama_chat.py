"""The rules of ollama-chat: `/api/chat` of Ollama, streamed as JSON lines."""

from __future__ import annotations

from typing import Final

from streamproof_formats.rule import Rule, Source
from streamproof_formats.rules.documents import OLLAMA_PYTHON
from streamproof_formats.rules.table import rule

_READ: Final = "2026-11-18"


def _docs(section: str, page: str) -> Source:
    return Source(
        document="Ollama documentation", section=section, url=f"https://docs.ollama.com/api/{page}", read=_READ
    )


_STREAMING: Final = _docs("API, Streaming", "streaming")
_ERRORS: Final = _docs("API, Errors", "errors")
_CHAT: Final = _docs("API, Generate a chat message", "chat")
_SERVER: Final = Source(
    document="Ollama @fb30760",
    section="api/types.go and server/routes.go",
    url="https://github.com/ollama/ollama",
    read=_READ,
)
_SDK: Final = OLLAMA_PYTHON.at("ollama/_types.py, ollama/_client.py")

RULES: Final[tuple[Rule, ...]] = (
    rule("OM-01", "MUST", "DOC", _STREAMING,
         "A generated stream has status 200 and the content type application/x-ndjson, and keeps the rules of JSON "
         "lines; what answers a request to load or unload a model is no such stream."),
    rule("OM-02", "MUST", "DOC", _STREAMING, "Each line is a chunk object, or the error object."),
    rule("OM-03", "MUST", "DOC", _CHAT,
         "Without an error, done is false on every line but the last, and true on the last."),
    rule("OM-04", "SHOULD", "INF", _SERVER, "Every line names the same model."),
    rule("OM-05", "SHOULD", "INF", _SERVER, "created_at is a time as RFC 3339 has it, and never goes back."),
    rule("OM-06", "MUST", "DOC", _STREAMING,
         "The text is the pieces of message.content joined in order, and the thinking those of message.thinking.",
         binds="client"),
    rule("OM-07", "SHOULD", "EX", _CHAT, "The content of the last line is empty."),
    rule("OM-07b", "MAY", "SRC", _SERVER,
         "The last line has content, thinking or tool calls."),
    rule("OM-08", "SHOULD", "SRC", _SERVER, "The last line has a done_reason."),
    rule("OM-09", "SHOULD", "DOC", _CHAT, "The last line has the durations and the token counts."),
    rule("OM-09b", "SHOULD", "INF", _SERVER,
         "Only the last line has them, and the total duration is no less than that of loading, reading and writing "
         "together."),
    rule("OM-10", "MUST", "TYPE CLIENT", _SDK, "The arguments of a tool call are an object, never a string."),
    rule("OM-10b", "SHOULD", "SRC", _SERVER, "A tool call comes whole, in one line."),
    rule("OM-11", "SHOULD", "SRC", _SERVER, "The indexes of the tool calls are 0, 1, and so on over the stream."),
    rule("OM-12", "SHOULD", "SRC", _SERVER,
         "After tool calls the done_reason is stop or length: tools have none of their own."),
    rule("OM-13", "SHOULD", "INF", _SERVER, "All thinking comes before the content."),
    rule("OM-14", "MUST", "CLIENT", _SDK, "Every chunk has a message, an object with a role that is a string."),
    rule("OM-14b", "SHOULD", "TYPE", _CHAT, "The role is assistant."),
    rule("OM-15", "MUST", "DOC", _ERRORS,
         "An error after the first line is a line with a string under error; the status stays 200."),
    rule("OM-15b", "SHOULD", "SRC", _SERVER, "It is the last line: none with done follows."),
    rule("OM-16", "MUST", "DOC", _ERRORS,
         "An error before the first line is an HTTP error status with a JSON object that has a string under error."),
    rule("OM-17", "SHOULD", "INF", _STREAMING,
         "A body that ends with neither done nor an error is taken for cut off.", binds="client"),
    rule("OM-18", "MUST", "DOC", _CHAT,
         "A request without messages, which loads or unloads a model, is answered by a single object that is done."),
    rule("OM-18b", "MAY", "SRC", _SERVER,
         "That object comes as application/json, and no LF follows it."),
    rule("OM-19", "SHOULD", "SRC", _SERVER,
         "Tool calls, content and thinking on the last line are read like any other.", binds="client"),
)  # fmt: skip
