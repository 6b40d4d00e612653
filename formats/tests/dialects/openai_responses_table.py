"""Streams of openai-responses: for every rule one that breaks it and one that keeps it, with all that they break."""

from __future__ import annotations

from typing import Any

from streamproof_formats.response import ResponseHead
from streamproof_formats.rules import openai_responses

from .responses_streams import (
    CALL,
    CALLED,
    CREATED,
    DONE,
    KEEPALIVE,
    QUEUED,
    REASONED,
    RUNNING,
    SAID,
    START,
    SUMMED,
    TEXT,
    Event,
    added,
    all_arguments,
    arguments,
    asked,
    before,
    call,
    called,
    changed,
    completed,
    delta,
    done,
    event,
    failed,
    hosted,
    incomplete,
    life,
    message,
    part_added,
    part_done,
    reasoning,
    reasoning_part,
    refusal_part,
    response,
    said,
    spoken,
    summary,
    text_part,
    usage,
    whole,
    without,
    written,
)
from .table import Path, Row, Table

HTML = ResponseHead(status=200, headers=(("content-type", "text/html"),))
OPEN = {"profile": "open-responses"}
FLAT = {"type": "error", "code": "server_error", "message": "m", "param": None}
NESTED = {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "m", "param": None}}
TOOL = {"type": "function", "name": "f"}


def row(broken: str, name: str, *events: Event, first: int = 0, named: bool = True, **options: Any) -> Row:
    return sorted(broken.split()), name, written(*events, first=first, named=named), options


def opened(broken: str, name: str, *events: Event, **options: Any) -> Row:
    """A row of a stream of Open Responses, its terminator written."""
    return row(broken, name, *events, DONE, **OPEN, **options)


def nameless(events: list[Event], place: int) -> list[Event]:
    """The events, the one at a place without its event field."""
    head, tail = written(*events[: place + 1]), written(*events[place + 1 :], first=place + 1)
    return [head[: head.rindex(b"event:")] + head[head.rindex(b"data:") :], tail]


def refused(part: Any, *pieces: str, text: str) -> list[Event]:
    """A refusal, of which the part as added may be given."""
    return [
        *START,
        added(message(status="in_progress")),
        part_added(part),
        *(delta(piece, kind="refusal") for piece in pieces),
        whole(text, kind="refusal"),
        part_done(refusal_part(text)),
        done(message(refusal_part(text))),
        completed(message(refusal_part(text))),
    ]


def raw(name: str, **options: Any) -> list[Event]:
    """Raw reasoning in events of this name, in brackets."""
    item = reasoning(content=[reasoning_part("So")])
    return [
        *START,
        added(reasoning(status="in_progress")),
        part_added(reasoning_part()),
        delta("So", kind=name),
        whole("So", kind=name),
        part_done(reasoning_part("So")),
        done(item),
        completed(item),
    ]


def searching(*stages: str, kind: str = "web_search_call") -> list[Event]:
    """A hosted call with these events."""
    item = hosted(kind)
    events = [event(f"{kind}.{stage}") for stage in stages]
    return [*START, added(hosted(kind, "in_progress")), *events, done(item), completed(item)]


def annotated(*places: Any, content_index: Any = 0) -> list[Event]:
    """A text to which annotations are added, under these numbers."""
    note = {"type": "file_path", "file_id": "f", "index": 0}
    events = [
        event("output_text.annotation.added", content_index=content_index, annotation_index=place, annotation=note)
        for place in places
    ]
    return before(TEXT, 5, *events)


TAKEN_UP: list[Event] = [delta(" there"), whole("Hi there"), *TEXT[6:]]
CUT = message(text_part("Hi"), status="incomplete")

BREAKING: list[Row] = [
    # OR-01 .. OR-04: names and numbers
    row("OR-01b", "no event field", *nameless(TEXT, 4)),
    row("OR-01b", "no event field anywhere", *TEXT, named=False),
    row("OR-01b", "no event field on the last", *nameless(TEXT, 8)),
    opened("OR-01", "no event field", *nameless(TEXT, 4)),
    opened("OR-02 SSE-27", "an id", *TEXT[:4], b"id: 7\n" + written(TEXT[4], first=4), written(*TEXT[5:], first=5)),
    row("OR-03", "no number", *changed(TEXT, 4, {**delta(), "sequence_number": ...})),
    row("OR-03", "a text as number", *changed(TEXT, 4, {**delta(), "sequence_number": "4"})),
    row("OR-03", "a fraction as number", *changed(TEXT, 4, {**delta(), "sequence_number": 4.5})),
    row("OR-03", "no number anywhere", *({**item, "sequence_number": ...} for item in TEXT if isinstance(item, dict))),
    row("OR-03", "no JSON", *before(TEXT, 4, '{"type":')),
    row("OR-03", "empty data", *before(TEXT, 4, "")),
    row("OR-03", "an array", *before(TEXT, 4, "[1]")),
    row("OR-03", "a terminator with more", *before(TEXT, 4, "[DONE]x")),
    opened("OR-03b", "a number again", *changed(TEXT, 4, {**delta(), "sequence_number": 3})),
    row("OR-03c", "a number again", *changed(TEXT, 4, {**delta(), "sequence_number": 3})),
    row("OR-03c", "numbers that start again", *changed(TEXT, 4, {**delta(), "sequence_number": 0})),
    row("OR-04", "numbers from 1", *TEXT, first=1),
    row("OR-04", "a gap", *changed(TEXT, 4, {**delta(), "sequence_number": 9})),
    # OR-05 .. OR-07: the life of a response
    row("OR-05", "no response.created", *TEXT[1:]),
    row("OR-05", "a keepalive first", KEEPALIVE, *TEXT),
    row("OR-05", "an error first", NESTED, failed()),
    row("OR-05 OR-06", "output at once", *TEXT[2:]),
    row("OR-05b", "response.created twice", CREATED, *TEXT),
    row("OR-06", "no response.in_progress", *changed(TEXT, 1)),
    row("OR-06", "queued after in_progress", *before(TEXT, 2, QUEUED)),
    row("OR-06", "completed at once", CREATED, completed()),
    opened("OR-07", "no terminal event", *TEXT[:-1]),
    opened("OR-07 OR-28", "an error as the end", *START, NESTED),
    row("OR-07b OR-07c", "no terminal event", *TEXT[:-1]),
    row("OR-07b OR-07c", "a terminator in place of it", *TEXT[:-1], DONE),
    row("OR-07b OR-07c", "nothing at all"),
    row("OR-07b OR-07c", "a cut", *TEXT[:5], end="reset"),
    row("OR-07b OR-07c", "silence", *TEXT[:5], end="timeout"),
    row("OR-07d", "two terminal events", *TEXT, completed(SAID)),
    row("OR-07d", "a delta after the end", *TEXT, delta()),
    row("OR-07d", "a delta after the terminator", *TEXT, DONE, delta()),
    row("OR-07d", "no JSON after the end", *TEXT, "x"),
    opened("OR-08", "completed in progress", *changed(TEXT, 8, completed(SAID, status="in_progress"))),
    row("OR-08b", "completed in progress", *changed(TEXT, 8, completed(SAID, status="in_progress"))),
    row("OR-08b", "created completed", life("created", status="completed"), *TEXT[1:]),
    row("OR-08b", "in progress and queued", *changed(TEXT, 1, life("in_progress", status="queued"))),
    row("OR-08b", "no status", *changed(TEXT, 8, completed(SAID, status=...))),
    row("OR-09", "another id", *changed(TEXT, 8, completed(SAID, id="resp_2"))),
    row("OR-09b", "another time", *changed(TEXT, 8, completed(SAID, created_at=2))),
    row("OR-09b", "another model", *changed(TEXT, 8, completed(SAID, model="other"))),
    # OR-10 .. OR-12: items
    opened("OR-10 OR-13", "a delta of no item", *START, *TEXT[4:]),
    row("OR-10b OR-13b", "a delta of no item", *START, *TEXT[4:]),
    row("OR-10b", "done and never added", *START, done(SAID), completed(SAID)),
    row("OR-10b", "added twice", *before(TEXT, 3, TEXT[2])),
    row("OR-10b", "done twice", *before(TEXT, 8, TEXT[7])),
    row("OR-10b", "never done", *changed(TEXT, 7)),
    row("OR-10b", "another id when done",
        *changed(changed(TEXT, 7, done({**SAID, "id": "i9"})), 8, completed({**SAID, "id": "i9"}))),
    row("OR-10b", "done without an output_index", *changed(TEXT, 7, without(done(SAID), "output_index"))),
    row("OR-11", "an output_index from 1", *START, *spoken("Hi", number=1),
        completed(message(text_part("Hi"), number=1))),
    row("OR-11", "a gap between items", *START, *spoken("Hi"), *spoken("x", number=2),
        completed(SAID, message(text_part("x"), number=2))),
    row("OR-11", "an output_index of a thousand million", *START, *spoken("Hi", number=10**9),
        completed(message(text_part("Hi"), number=10**9))),
    row("OR-12", "a message without a role", *changed(TEXT, 2, added(message(status="in_progress", role=...)))),
    row("OR-12", "a message without content", *changed(TEXT, 2, added(message(status="in_progress", content=...)))),
    row("OR-12", "content that is null", *changed(TEXT, 2, added(message(status="in_progress", content=None)))),
    row("OR-12", "a function call without a name", *changed(CALL, 2, added(call(status="in_progress", name=...)))),
    row("OR-12", "arguments that are null", *changed(CALL, 2, added(call(None, "in_progress")))),
    row("OR-12", "an item that is a text", *changed(TEXT, 2, added("x"))),
    row("OR-12b", "added as completed", *changed(TEXT, 2, added(message()))),
    row("OR-12b", "a message without a status", *changed(TEXT, 2, added(message(status=...)))),
    row("OR-12c", "no call_id", *changed(CALL, 2, added(call(status="in_progress", call_id=...)))),
    row("OR-12c", "an empty call_id", *changed(CALL, 2, added(call(status="in_progress", call_id="")))),
    row("OR-12c", "another call_id when done", *changed(changed(CALL, 5, done(call("{}", call_id="b"))), 6,
        completed(call("{}", call_id="b")))),
    # OR-13 .. OR-17: parts
    opened("OR-13", "no part added", *changed(TEXT, 3)),
    opened("OR-13", "no done of the text", *changed(TEXT, 5)),
    opened("OR-13", "no end of the part", *changed(TEXT, 6)),
    row("OR-13b", "no part added", *changed(TEXT, 3)),
    row("OR-13b", "a text into a refusal", *START, added(message(status="in_progress")), part_added(refusal_part()),
        delta(), whole("", kind="refusal"), part_done(refusal_part()), done(message(refusal_part())),
        completed(message(refusal_part()))),
    row("OR-13c", "no done of the text", *changed(TEXT, 5)),
    row("OR-13c", "no end of the part", *changed(TEXT, 6)),
    row("OR-13c", "neither", *changed(changed(TEXT, 5), 5)),
    row("OR-13c OR-16 OR-16", "a delta after their done", *before(TEXT, 6, delta())),
    row("OR-13c", "the done of the text twice", *before(TEXT, 6, TEXT[5])),
    row("OR-13c", "the end of the part twice", *before(TEXT, 7, TEXT[6])),
    row("OR-14 OR-16", "a content_index from 1", *START, added(message(status="in_progress")),
        *said("Hi", place=1), *TEXT[7:]),
    row("OR-14 OR-13c OR-16", "a delta of another part", *before(TEXT, 5, delta("x", 1))),
    row("OR-14 OR-16", "a delta after the part", *before(TEXT, 7, delta("x"))),
    row("OR-14", "no content_index", *changed(TEXT, 4, without(delta(), "content_index"))),
    row("OR-14", "no output_index", *changed(TEXT, 4, without(delta(), "output_index"))),
    row("OR-14", "an output_index of another item", *changed(TEXT, 4, {**delta(), "output_index": 7})),
    row("OR-15", "another item_id", *changed(TEXT, 4, {**delta(), "item_id": "x"})),
    row("OR-15", "no item_id", *changed(TEXT, 4, without(delta(), "item_id"))),
    row("OR-15 OR-15 OR-15", "an item_id that rotates", *TEXT[:4], *({**item, "item_id": f"x{number}"}
        for number, item in enumerate(TEXT[4:7]) if isinstance(item, dict)), *TEXT[7:]),
    row("OR-16", "another text when done", *changed(TEXT, 5, whole("Ho"))),
    row("OR-16", "another text in the part", *changed(TEXT, 6, part_done(text_part("Ho")))),
    row("OR-16", "another text in the item", *changed(changed(TEXT, 7, done(message(text_part("Ho")))), 8,
        completed(message(text_part("Ho"))))),
    row("OR-16", "no part in the item", *changed(changed(TEXT, 7, done(message())), 8, completed(message()))),
    row("OR-16", "other arguments when done", *changed(CALL, 4, all_arguments("{ }"))),
    row("OR-16", "other arguments in the item", *changed(changed(CALL, 5, done(call("{ }"))), 6,
        completed(call("{ }")))),
    row("OR-16 OR-16 OR-16", "no deltas", *changed(TEXT, 4)),
    row("OR-17", "a part that is added with text", *START, added(message(status="in_progress")),
        part_added(text_part("Hi")), *TEXT[5:]),
    row("OR-17", "a summary that is added with text", *START, REASONED[0],
        summary("part.added", part={"type": "summary_text", "text": "So"}), *REASONED[3:], completed(reasoning("So"))),
    # OR-18 .. OR-22: calls and reasoning
    row("OR-18", "no done of the arguments", *changed(CALL, 4)),
    row("OR-18", "the done of the arguments twice", *before(CALL, 5, CALL[4])),
    row("OR-18 OR-13c", "a part in a call", *before(CALL, 3, part_added(text_part()))),
    row("OR-18b", "arguments of a message", *before(TEXT, 7, arguments("{}"))),
    row("OR-20", "arguments that are no JSON", *START, *called('{"a"'), completed(call('{"a"'))),
    row("OR-20", "no arguments", *START, *called(""), completed(call(""))),
    row("OR-21", "no part of the summary", *START, REASONED[0], *REASONED[2:], completed(reasoning("So"))),
    row("OR-21", "no end of the part of the summary", *START, *changed(REASONED, 4), completed(reasoning("So"))),
    row("OR-21", "a summary_index from 1", *START, REASONED[0],
        *({**item, "summary_index": 1} for item in SUMMED if isinstance(item, dict)),
        done(reasoning("", "So")), completed(reasoning("", "So"))),
    row("OR-21b", "no summary_index", *START, *changed(REASONED, 2, without(summary("text.delta", delta="So"),
        "summary_index")), completed(reasoning("So"))),
    row("OR-22 OR-22", "reasoning as Open Responses has it", *raw("reasoning")),
    opened("OR-22 OR-22", "reasoning as OpenAI has it", *raw("reasoning_text")),
    # OR-23 .. OR-29: the end
    opened("OR-23", "a delta after the item", *before(TEXT, 8, delta("x"))),
    row("OR-23b", "a delta after the item", *before(TEXT, 8, delta("x"))),
    row("OR-24", "an empty output", *changed(TEXT, 8, completed())),
    row("OR-24", "another item in the output", *changed(TEXT, 8, completed(message(text_part("Ho"))))),
    opened("OR-25", "completed with an incomplete item", *changed(TEXT, 7, done(CUT))[:8], completed(CUT)),
    row("OR-25b", "completed with an incomplete item", *changed(TEXT, 7, done(CUT))[:8], completed(CUT)),
    row("OR-25b", "an item after an incomplete one", *changed(TEXT, 7, done(CUT))[:8], *spoken("x", number=1),
        incomplete(CUT, message(text_part("x"), number=1))),
    row("OR-26", "no reason", *START, incomplete(reason=None)),
    row("OR-26", "no details", *START, incomplete(incomplete_details=None)),
    row("OR-26b", "a reason of its own", *START, incomplete(reason="max_tokens")),
    row("OR-27", "a failure without an error", *START, failed(error=None)),
    row("OR-27 OR-34b", "a failure without a code", *START, failed(error={"message": "m"})),
    opened("OR-07 OR-28", "an error and a completion", *START, NESTED, completed()),
    row("OR-28b", "an error and no failure", *START, NESTED),
    row("OR-29", "no usage", *changed(TEXT, 8, completed(SAID, usage=None))),
    row("OR-29", "a total that does not add up", *changed(TEXT, 8, completed(SAID, usage=usage(total=4)))),
    # OR-30 .. OR-36: hosted calls, extensions, the terminator
    row("OR-30", "searching before in_progress", *searching("searching", "completed")),
    row("OR-30", "completed at once", *searching("completed")),
    row("OR-30", "never completed", *searching("in_progress", "searching")),
    row("OR-30", "searching after completed", *searching("in_progress", "completed", "searching")),
    row("OR-30", "in_progress twice", *searching("in_progress", "in_progress", "completed")),
    row("OR-30", "events of another kind of call", *before(TEXT, 3, event("web_search_call.in_progress"))),
    row("OR-31", "an annotation_index from 1", *annotated(1)),
    row("OR-31", "an annotation_index that is negative", *annotated(-1)),
    row("OR-31", "no annotation_index", *annotated(None)),
    row("OR-31", "an annotation of another part", *annotated(0, content_index=1)),
    row("OR-31", "an annotation after the part", *before(TEXT, 7, annotated(0)[5])),
    row("OR-32", "two items at once", *TEXT[:7], *spoken("x", number=1), *TEXT[7:8],
        completed(SAID, message(text_part("x"), number=1))),
    opened("OR-33", "an extension without a number", *before(TEXT, 4, {"type": "acme:x", "sequence_number": ...})),
    row("OR-34b", "an unknown type", *before(TEXT, 4, {"type": "response.x"})),
    row("OR-34b", "an extension", *before(TEXT, 4, {"type": "acme:x"})),
    row("OR-34b", "no type in the data", *TEXT[:4], b"event: response.output_text.delta\n"
        + written({**delta(), "type": ...}, first=4), written(*TEXT[5:], first=5)),
    row("OR-34b OR-16 OR-16 OR-16", "a number as delta", *changed(TEXT, 4, delta(5))),
    row("OR-34b", "no text when done", *changed(TEXT, 5, without(whole(), "text"))),
    row("OR-34b", "a part of no type", *changed(TEXT, 6, part_done({"text": "Hi", "annotations": []}))),
    row("OR-35", "no logprobs", *changed(TEXT, 4, without(delta(), "logprobs"))),
    row("OR-35", "logprobs that are null", *changed(TEXT, 5, whole(logprobs=None))),
    row("OR-36", "no terminator", *TEXT, **OPEN),
    row("OR-07d OR-36", "an event after the terminator", *TEXT, DONE, "x", **OPEN),
    # OR-38 .. OR-47
    row("OR-38 OR-38b", "an error without a message", *START, without(FLAT, "message"), failed()),
    row("OR-38", "an error without a type of its own", *START, {"type": "error", "error": {"message": "m"}}, failed()),
    row("OR-38", "an error that is a text", *START, {"type": "error", "error": "bad"}, failed()),
    row("OR-38", "an error as chat completions have it", *START, b'data: {"error":{"message":"m"},'
        b'"sequence_number":2}\n\n', written(failed(), first=3)),
    row("OR-38b", "a flat error", *START, FLAT, failed()),
    row("OR-01b OR-38b", "an error without its event field", *nameless([*START, NESTED, failed()], 2)),
    row("OR-40", "a time of completion in progress", life("created", completed_at=1), *TEXT[1:]),
    row("OR-41", "numbers from before", *TAKEN_UP, first=4, request=asked(starting_after=4)),
    row("OR-42", "an output without the items so far", *before(TEXT, 4, RUNNING)),
    opened("OR-43", "an item without a status", *changed(CALL, 2, added(call(status=...)))),
    opened("OR-43 OR-43", "an item without an id", *START, added(call(id=..., status="in_progress")),
        *({**item, "item_id": "x"} for item in CALL[3:5] if isinstance(item, dict)), done(call("{}", id=...)),
        completed(call("{}", id=...))),
    opened("OR-43b OR-43b", "a type without a slug", *searching("in_progress", "completed")),
    row("OR-43c SSE-40", "another content type", *TEXT, DONE, head=HTML, **OPEN),
    row("OR-44", "obfuscation all the same", *changed(TEXT, 4, delta(obfuscation="x")),
        request=asked(stream_options={"include_obfuscation": False})),
    row("OR-45", "a refusal into a text", *before(TEXT, 5, delta("No", kind="refusal"))),
    row("OR-45b", "a refusal that is added with text", *refused(refusal_part("No"), text="No")),
    opened("OR-46", "a call although none", *CALL, request=asked(tool_choice="none")),
    opened("OR-46", "no call although required", *TEXT, request=asked(tool_choice="required")),
    opened("OR-46", "another tool", *CALL, request=asked(tool_choice={"type": "function", "name": "g"})),
    *[
        row("OR-47", f"no {key} in the response", *changed(TEXT, 1, life("in_progress", **{key: ...})))
        for key in ("id", "object", "created_at", "model", "output", "parallel_tool_calls", "tool_choice", "tools")
    ],
    row("OR-47", "no response", *changed(TEXT, 1, {"type": "response.in_progress"})),
    row("OR-47", "tools that are null", *changed(TEXT, 1, life("in_progress", tools=None))),
    row("OR-47b", "no metadata", *changed(TEXT, 1, life("in_progress", metadata=...))),
    row("OR-08b OR-34b", "a status of its own", *changed(TEXT, 1, life("in_progress", status="busy"))),
]  # fmt: skip

LATER = response("in_progress", [message(status="in_progress")])

KEEPING: list[Row] = [
    row("OR-01b OR-03 OR-03c OR-04 OR-05 OR-05b OR-06 OR-07b OR-07c OR-07d OR-08b OR-09 OR-09b OR-10b OR-11 OR-12 "
        "OR-12b OR-13b OR-13c OR-14 OR-15 OR-16 OR-17 OR-23b OR-24 OR-29 OR-32 OR-34b OR-35 OR-47 OR-47b",
        "a text", *TEXT),
    row("OR-36b", "a text and a terminator", *TEXT, DONE),
    opened("OR-01 OR-02 OR-03b OR-07 OR-08 OR-10 OR-13 OR-23 OR-36 OR-43 OR-43b OR-43c", "an open text", *TEXT),
    row("OR-18 OR-21 OR-36b", "reasoning and a call", *START, *REASONED, *called('{"city":', '"Oslo"}', number=1),
        completed(reasoning("So"), call('{"city":"Oslo"}', number=1)), DONE),
    row("OR-16", "a text in pieces", *START, *spoken("Hi", " there"), completed(message(text_part("Hi there")))),
    row("OR-06", "queued", CREATED, life("queued"), *TEXT[1:]),
    row("OR-08b", "created as queued", life("created", status="queued"), QUEUED, *TEXT[1:]),
    row("OR-12c OR-18 OR-18b OR-19 OR-20", "a call", *CALL),
    row("OR-19", "a call whose done has no name", *changed(CALL, 4, without(all_arguments("{}"), "name"))),
    row("OR-10b", "a call without an id",
        *START, added(call(id=..., status="in_progress")), *CALL[3:5], done(call("{}", id=...)),
        completed(call("{}", id=...))),
    row("OR-21 OR-21b", "a summary", *START, *REASONED, completed(reasoning("So"))),
    row("OR-12b", "reasoning without a status", *START, added(without(reasoning(), "status")), *REASONED[1:],
        completed(reasoning("So"))),
    row("OR-22", "raw reasoning", *raw("reasoning_text")),
    opened("OR-22", "raw reasoning", *raw("reasoning")),
    row("OR-25b OR-26 OR-26b", "cut short", *changed(TEXT, 7, done(CUT))[:8], incomplete(CUT)),
    opened("OR-25", "cut short", *changed(TEXT, 7, done(CUT))[:8], incomplete(CUT)),
    row("OR-27 OR-28b OR-38 OR-38b", "an error and a failure", *START, NESTED, failed()),
    opened("OR-28", "an error and a failure", *START, NESTED, failed()),
    row("OR-27", "a failure", *START, failed()),
    row("OR-10b", "a failure amid an item", *TEXT[:5], failed()),
    row("OR-30", "a search", *searching("in_progress", "searching", "completed")),
    row("OR-30", "a search that nothing tells of", *searching()),
    row("OR-30", "tools that cannot be listed", *searching("in_progress", "failed", kind="mcp_list_tools")),
    row("OR-31", "annotations", *annotated(0, 1, 0)),
    opened("OR-33 OR-34b", "an extension", *before(TEXT, 4, {"type": "acme:x", "more": 1})),
    opened("OR-43b", "an item of an extension", *START, added(hosted("acme:tool", "in_progress")),
        done(hosted("acme:tool")), completed(hosted("acme:tool"))),
    row("OR-37", "keepalives", *before(before(TEXT, 4, KEEPALIVE), 1, KEEPALIVE)),
    row("OR-39", "a compaction", *START, added(hosted("compaction", "in_progress")), event("compaction.compacting"),
        done(hosted("compaction")), completed(hosted("compaction"))),
    row("OR-40", "a time of completion", *changed(TEXT, 8, completed(SAID, completed_at=2))),
    row("OR-41", "taken up again", *TAKEN_UP, first=5, request=asked(starting_after=4)),
    row("OR-41", "taken up again from the beginning", *TEXT[1:], first=1, request=asked(starting_after=0)),
    row("OR-42", "in_progress again, with the items so far",
        *before(TEXT, 4, {"type": "response.in_progress", "response": LATER})),
    row("OR-44", "obfuscation", *changed(TEXT, 4, delta(obfuscation="x")), request=asked()),
    row("OR-45 OR-45b", "a refusal", *refused(refusal_part(), "N", "o", text="No")),
    opened("OR-46", "a call that is required", *CALL, request=asked(tool_choice="required", tools=[TOOL])),
    opened("OR-46", "a call that is named", *CALL, request=asked(tool_choice={"type": "function", "name": "f"})),
    row("OR-32", "two calls, one after the other", *START, *called("{}"), *called("{}", number=1),
        completed(CALLED, call("{}", number=1))),
    row("OR-14", "two parts", *TEXT[:7], *said("x", place=1), done(message(text_part("Hi"), text_part("x"))),
        completed(message(text_part("Hi"), text_part("x")))),
]  # fmt: skip

EXAMPLES = {"text": written(*TEXT, DONE), "error": written(*START, NESTED, failed())}
"""Streams that break nothing under `strict`, the request unknown."""


def _bare(events: list[Event]) -> list[Event]:
    """The events as llama.cpp has them: no numbers, no places, little of the response."""
    kept: list[Event] = []
    for one in events:
        assert isinstance(one, dict)
        bare = {"sequence_number": ..., **without(one, "output_index", "content_index", "logprobs")}
        if "response" in bare:
            bare["response"] = {
                key: value
                for key, value in bare["response"].items()
                if key in ("id", "object", "status") or one["type"].endswith("completed")
            }
        kept.append(bare)
    return kept


DEVIATING = {"llama-cpp": written(*_bare([*START, *changed(called("{}"), 2), completed(CALLED)]))}
"""By profile, streams that break rules under `strict` and none under it."""

PATHS: list[Path] = [
    (),
    ("type",),
    ("sequence_number",),
    ("response",),
    ("item",),
    ("part",),
    ("delta",),
    ("error",),
    ("error", "message"),
    ("error", "code"),
]

TABLE = Table(
    rules=openai_responses.RULES,
    counts={"MUST": (36, 20, 6, 10), "SHOULD": (34, 2, 3, 3), "MAY": (4, 0, 2, 1)},
    breaking=BREAKING,
    keeping=KEEPING,
    examples=EXAMPLES,
    deviating=DEVIATING,
    paths=PATHS,
)
