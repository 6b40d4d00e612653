"""What may follow what in the dialects whose machines need no table for it, for readers.

Tests walk each of these tables beside its machine.
"""

from __future__ import annotations

from typing import Final

from streamproof_formats.dialects.chunk_stream import CHUNK, DONE, END, ERROR
from streamproof_formats.states import StateTable, arrows, joined

_REASON: Final = "the finish reason"

COMPLETIONS_CHOICE: Final = StateTable(
    of="each choice",
    start="open",
    transitions=joined(
        arrows("open", "open", "a piece of text"),
        arrows("open", "finished", _REASON),
        arrows("open", "cut", END, rules="OL-05"),
        arrows("finished", "finished", "a piece of text", _REASON, rules="OL-05b OL-06"),
    ),
)

MISTRAL_CHOICE: Final = StateTable(
    of="each choice",
    start="fresh",
    transitions=joined(
        arrows("fresh", "open", "the role and an empty content"),
        arrows("fresh", "open", "a piece of text", rules="MI-05"),
        arrows("fresh", "finished", _REASON, rules="MI-05"),
        arrows("open", "open", "the role and an empty content", "a piece of text"),
        arrows("open", "finished", _REASON),
        arrows("finished", "finished", "the role and an empty content", "a piece of text", _REASON, rules="MI-06b"),
    ),
)

WORKERS_AI: Final = StateTable(
    of="the stream",
    start="streaming",
    transitions=joined(
        arrows("streaming", "streaming", CHUNK),
        arrows("streaming", "done", DONE),
        arrows("streaming", "cut", END, rules="WA-03"),
        arrows("done", "done", CHUNK, DONE, rules="WA-03b"),
    ),
)

_LINE: Final = "a line"
_LAST: Final = "the line with done"
OLLAMA_CHAT: Final = StateTable(
    of="the stream",
    start="new",
    transitions=joined(
        arrows("new", "streaming", _LINE),
        arrows("new", "done", _LAST),
        arrows("new", "failed", ERROR, rules="OM-16"),
        arrows("new", "cut", END, rules="OM-03"),
        arrows("streaming", "streaming", _LINE),
        arrows("streaming", "done", _LAST),
        arrows("streaming", "failed", ERROR),
        arrows("streaming", "cut", END, rules="OM-03"),
        arrows("done", "done", _LINE, _LAST, ERROR, rules="OM-03"),
        arrows("failed", "failed", _LINE, _LAST, ERROR, rules="OM-15b"),
    ),
    meanings={"new": "an error has a status of its own as long as no line has come"},
)

_PARTS: Final = "parts"
GEMINI: Final = (
    StateTable(
        of="the stream",
        start="new",
        transitions=joined(
            arrows("new", "answering", "candidates"),
            arrows("new", "blocked", "a blockReason"),
            arrows("new", "failed", ERROR),
            arrows("new", "cut", END, rules="GM-08"),
            arrows("answering", "answering", "candidates"),
            arrows("answering", "blocked", "a blockReason", rules="GM-07"),
            arrows("answering", "failed", ERROR),
            arrows("answering", "ended", END),
            arrows("blocked", "ended", END),
            arrows("blocked", "failed", ERROR),
            arrows("blocked", "blocked", "candidates", "a blockReason", rules="GM-07"),
        ),
        meanings={"answering": "nothing marks the end: the body ends once each candidate has its finishReason"},
    ),
    StateTable(
        of="each candidate",
        start="open",
        transitions=joined(
            arrows("open", "open", _PARTS),
            arrows("open", "finished", "the finishReason"),
            arrows("open", "cut", END, rules="GM-08"),
            arrows("finished", "finished", _PARTS, rules="GM-09"),
            arrows("finished", "finished", "the finishReason", rules="GM-08b"),
        ),
    ),
)
